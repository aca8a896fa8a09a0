"""Splits a recording by its chapters into files, with their names. Pure.

Each chapter is a file. Sound outside of all chapters is in no file. A recording without chapters is one file.
A part is converted like a cut with `start` and `end`, so each file has its own fades and its own silence at
the ends. The loudness is the whole recording's, see `album`.
"""

import math
import re
import unicodedata
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from events.media import Chapter, Media
from events.options import SHORTEST, Chapters, Cover, Options
from events.texts import harmless, is_seen
from events.timing.chapters import of_source
from workers.converter.ffmpeg.diagnosis import states_length
from workers.converter.ffmpeg.plan import choose

_LONGEST = 100
"""Characters of a title in a file's name."""
_MOST_BYTES = 200
"""Bytes of these characters: file systems take 255 for a name, with number and ending."""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
"""Characters that some file systems refuse, besides the harmful ones."""


class Part(Struct, frozen=True, kw_only=True):
    """One file of several. Its `name` is safe on any file system; `track` counts from 1, as in `1/12`."""

    name: str
    title: str
    track: str
    options: Options


def parts(options: Options, media: Media) -> tuple[Part, ...]:
    """Return the files in order, at least one. Raises TrackMissing."""
    rate = choose(options, media).sample_rate or 48000
    inside = list(_inside(options, media, rate))
    if not inside:
        inside = [Chapter(start=options.start, end=options.end or 0.0, title=_tag(media, "title") or "Audio")]
    width = max(2, len(str(len(inside))))
    return tuple(
        _part(options, media, chapter, number=f"{at:0{width}}", track=f"{at}/{len(inside)}")
        for at, chapter in enumerate(inside, 1)
    )


def _inside(options: Options, media: Media, rate: int) -> Iterator[Chapter]:
    """Yield the chapters inside `start` and `end`, each cut between two samples.

    So a file begins with the very sample after the last one of the file before. A chapter that begins behind
    the recording's end is left out.
    """
    length = media.duration_seconds if states_length(media) else 0.0
    for at, chapter in enumerate(of_source(options, media), 1):
        start = max(chapter.start, options.start)
        end = chapter.end if options.end is None else min(chapter.end, options.end)
        start, end = round(start * rate) / rate, end if math.isinf(end) else round(end * rate) / rate
        if end - start >= SHORTEST and start < (length or math.inf):
            yield Chapter(start=start, end=end, title=chapter.title or f"Chapter {at}")


def _part(options: Options, media: Media, chapter: Chapter, *, number: str, track: str) -> Part:
    tags = options.tags
    album = next((each for each in (tags.album, tags.title) if each is not None), None)
    if album is None and options.keep_tags:
        album = _tag(media, "album") or _tag(media, "title") or None
    own = replace(
        options,
        start=chapter.start,
        end=None if math.isinf(chapter.end) else chapter.end or None,
        chapters=Chapters.DROP,
        marks="",
        cover=Cover.NONE,
        cover_at=None,
        tags=replace(tags, title=chapter.title, album=album),
    )
    name = f"{number} {safe_name(chapter.title)}.{options.format}"
    return Part(name=name, title=chapter.title, track=track, options=own)


def _tag(media: Media, name: str) -> str:
    return next((tag.text for tag in media.tags if tag.name.lower() == name), "")


def safe_name(title: str) -> str:
    """Return a title as the name of a file on any file system, without number and ending."""
    shown = harmless(unicodedata.normalize("NFC", title), "")
    short = _FORBIDDEN.sub("_", shown)[:_LONGEST].encode()[:_MOST_BYTES].decode(errors="ignore")
    short = short.strip(" .")
    return short if is_seen(short) else "Chapter"
