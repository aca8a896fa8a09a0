"""The words that a result carries: tags and marks, and how ffmpeg is given them. Pure.

ffmpeg copies no text of the source. It reads ours as one more input, in its own format `ffmetadata`: a
command line would hold neither a thousand chapters nor a long description. The words of an MP3 are written
behind it, see `containers.id3_tag`.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from events.media import Chapter, Tag
from events.options import Format
from workers.converter.ffmpeg.marks import clock

_COMMENTING = (Format.OPUS, Format.OGG, Format.FLAC)
"""Formats whose tags are Vorbis comments, and chapters are tags (https://wiki.xiph.org/Chapter_Extension)."""
_SPECIAL = re.compile(r"([=;#\\\n])")
_TICKS = 1_000_000
SCRIPT = 4
"""The descriptor from which ffmpeg reads them; without any, that of what comes behind them."""


class Words(Struct, frozen=True):
    """Tags, and chapters at the times of the result."""

    tags: tuple[Tag, ...] = ()
    marks: tuple[Chapter, ...] = ()


def script(format_: Format, words: Words) -> str:
    """Return what ffmpeg reads; empty: there is nothing to write, or ffmpeg does not write it."""
    if format_ is Format.MP3:
        return ""
    told = list(_lines(format_, words))
    return "\n".join([";FFMETADATA1", *told, ""]) if told else ""


def mapping(format_: Format, words: Words) -> tuple[str, ...]:
    """Return the arguments that take all words from input 1, or none at all."""
    if not script(format_, words):
        return ("-map_metadata", "-1", "-map_chapters", "-1")
    chapters = "1" if format_ is Format.M4A and words.marks else "-1"
    return ("-map_metadata:g", "1:g", "-map_metadata:s", "-1", "-map_chapters", chapters)


def _lines(format_: Format, words: Words) -> Iterator[str]:
    for tag in words.tags:
        yield f"{tag.name}={_escaped(tag.text)}"
    if format_ in _COMMENTING:
        for at, mark in enumerate(words.marks):
            yield f"CHAPTER{at:03}={clock(mark.start)}"
            yield f"CHAPTER{at:03}NAME={_escaped(mark.title)}"
    elif format_ is Format.M4A:
        for mark in _from_the_beginning(words.marks):
            times = f"START={round(mark.start * _TICKS)}\nEND={round(mark.end * _TICKS)}"
            yield f"[CHAPTER]\nTIMEBASE=1/{_TICKS}\n{times}\ntitle={_escaped(mark.title)}"


def _from_the_beginning(marks: tuple[Chapter, ...]) -> Iterator[Chapter]:
    """Yield the marks after one without a title where the first is later: players begin with it at 0."""
    if marks and marks[0].start > 0:
        yield Chapter(start=0.0, end=marks[0].start)
    yield from marks


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
