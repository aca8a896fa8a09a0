"""The chapters of a job's audio, at the audio's own times, and as podcast clients read them."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from events.media import Chapter, Media
from events.projections.job_view import JobView
from events.timing import chapters
from events.views.selection import options_of
from gateway.handover.pauses import time_map_of
from gateway.storage import Bucket

MOST = 1000
"""Marks of one audio, as the converter makes them."""
_UNTOLD = Media(container="")


class JsonChapter(Struct, frozen=True, rename="camel"):
    """One chapter, in seconds."""

    start_time: Annotated[float, Meta(ge=0)]
    end_time: Annotated[float, Meta(ge=0)]
    title: str


class JsonChapters(Struct, frozen=True):
    """A file of chapters: https://podcasting2.org/docs/podcast-namespace/tags/chapters."""

    version: str
    chapters: list[JsonChapter]


async def chapters_of(bucket: Bucket, view: JobView) -> tuple[Chapter, ...]:
    """Return the chapters that the audio has, in order; each has a title. Raises Unavailable.

    None where their times are not known: silence was cut off, and nobody knows how much.
    """
    options, media = options_of(view), view.probe.media if view.probe else _UNTOLD
    if not chapters.of_source(options, media):
        return ()
    time_map = await time_map_of(bucket, view)
    if time_map is None:
        return ()
    heard = chapters.in_audio(options, media, time_map)[:MOST]
    return tuple(
        each if each.title else replace(each, title=f"Chapter {number}")
        for number, each in enumerate(heard, 1)
    )


def as_json(listed: Sequence[Chapter]) -> bytes:
    """Return the file of chapters."""
    written = [JsonChapter(round(each.start, 3), round(each.end, 3), each.title) for each in listed]
    return msgspec.json.encode(JsonChapters("1.2.0", written))
