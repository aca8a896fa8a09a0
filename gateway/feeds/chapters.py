"""The chapters of a job's audio, at the audio's own times, and as podcast clients read them. Pure."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from events.media import Chapter
from events.options import Chapters
from events.projections.job_view import JobView
from events.views.selection import options_of

_SHORTEST = 0.001
"""Seconds: what is shorter has no mark in the audio either."""
MOST = 1000
"""Marks of one audio, as the converter makes them."""


class JsonChapter(Struct, frozen=True, rename="camel"):
    """One chapter, in seconds."""

    start_time: Annotated[float, Meta(ge=0)]
    end_time: Annotated[float, Meta(ge=0)]
    title: str


class JsonChapters(Struct, frozen=True):
    """A file of chapters: https://podcasting2.org/docs/podcast-namespace/tags/chapters."""

    version: str
    chapters: list[JsonChapter]


def chapters_of(view: JobView) -> tuple[Chapter, ...]:
    """Return the chapters that the audio has, in order; each has a title.

    None where their times are not known: silence was cut off, and nobody has said how much.
    """
    options, audio = options_of(view), view.result
    if audio is None or view.probe is None or options.chapters is not Chapters.KEEP:
        return ()
    if options.trim_silence and audio.silence_cut is None:
        return ()
    cut = audio.silence_cut or 0.0

    def heard(seconds: float) -> float:
        inside = (seconds - options.start) / options.speed - cut
        return round(min(max(inside, 0.0), audio.duration_seconds), 3)

    moved = [(heard(each.start), heard(each.end), each.title) for each in view.probe.media.chapters]
    inside = sorted((each for each in moved if each[1] - each[0] >= _SHORTEST), key=lambda each: each[0])
    return tuple(
        Chapter(start=start, end=end, title=title or f"Chapter {number}")
        for number, (start, end, title) in enumerate(inside[:MOST], 1)
    )


def as_json(chapters: Sequence[Chapter]) -> bytes:
    """Return the file of chapters."""
    listed = [JsonChapter(each.start, each.end, each.title) for each in chapters]
    return msgspec.json.encode(JsonChapters("1.2.0", listed))
