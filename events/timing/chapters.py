"""Chapters that somebody gives for a recording, instead of its file's own. Pure.

As text they look as people write them below a video, one a line: a time of the video, then a title, if any.

    0:00 Welcome
    12:34.5 Questions
"""

import math
import re

from events.errors import TonearmError
from events.media import Chapter, Media
from events.options import Chapters, Options
from events.texts import one_line
from events.timing.time_map import TimeMap

LONGEST_TITLE = 100
"""Characters that are kept of a title."""
MOST_BYTES = 4096
"""Bytes of them all as text: an event has little room."""
LINE = (
    r"[ \t]*(?:"
    r"(?:(?:([0-9]{1,3}):([0-5]?[0-9])|([0-9]{1,4})):([0-5]?[0-9])|([0-9]{1,6}))([.,][0-9]{1,6})?"
    r"(?:[ \t]+([^\r\n]*))?"
    r")?"
)
"""One chapter, or a blank line: a regular expression as Python and JavaScript know them."""
_LINE = re.compile(LINE)
SHORTEST = 0.001
"""Seconds of a chapter: the precision of all formats."""


class NotChapters(TonearmError):
    """The text is no list of chapters. This error's text names the line, and what would be right."""


def read(text: str) -> tuple[Chapter, ...]:
    """Return the chapters that a text lists, in order; each ends where the next begins, the last never.

    Of several that begin at the same time the last one counts. Raises NotChapters.
    """
    lines = re.split("\r?\n", text)
    begun = dict(each for at, line in enumerate(lines, 1) if (each := _begun(line, at)) is not None)
    starts = sorted(begun)
    return tuple(
        Chapter(start=start, end=end, title=begun[start])
        for start, end in zip(starts, [*starts[1:], math.inf], strict=False)
    )


def as_text(chapters: tuple[Chapter, ...]) -> str:
    """Return the one text for chapters. Their ends are left out."""
    return "\n".join(f"{_clock(each.start)} {each.title}".rstrip() for each in chapters)


def canonical(text: str) -> str:
    """Return the one text for what this text lists. Raises NotChapters."""
    told = as_text(read(text))
    if len(told.encode()) > MOST_BYTES:
        raise NotChapters(f"give {MOST_BYTES} bytes at most, all chapters together")
    return told


def of_source(options: Options, media: Media) -> tuple[Chapter, ...]:
    """Return the chapters of a recording in seconds of the video: those that were given, or the file's.

    The last of those that were given has no end.
    """
    return read(options.marks) if options.marks else media.chapters


def in_audio(options: Options, media: Media, time_map: TimeMap) -> tuple[Chapter, ...]:
    """Return the chapters of one audio at its own times, in order; none if it keeps none.

    One that is not wholly in the audio keeps the part inside.
    """
    if options.chapters is not Chapters.KEEP:
        return ()
    moved = (_moved(each, time_map) for each in of_source(options, media))
    heard = (each for each in moved if each.end - each.start >= SHORTEST)
    return tuple(sorted(heard, key=lambda each: each.start))


def _moved(chapter: Chapter, time_map: TimeMap) -> Chapter:
    start, end = time_map.in_audio(chapter.start), time_map.in_audio(chapter.end)
    if math.isinf(end):  # nobody knows how long the audio is
        end = start + 1.0
    return Chapter(start=round(start, 6), end=round(end, 6), title=chapter.title)


def _begun(line: str, number: int) -> tuple[float, str] | None:
    """Return the second and the title of a line; None for a blank one."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise NotChapters(f"line {number} is no chapter: give a time and a title, such as 12:34 Questions")
    hours, minutes, minutes_alone, seconds, seconds_alone, fraction, title = match.groups()
    whole = seconds or seconds_alone
    if whole is None:
        return None
    start = int(hours or 0) * 3600 + int(minutes or minutes_alone or 0) * 60 + int(whole)
    part = float((fraction or ".0").replace(",", "."))
    return round(start + part, 6), one_line(title or "")[:LONGEST_TITLE].strip()


def _clock(seconds: float) -> str:
    """Return a time as `1:02:03.5`, exactly."""
    minutes, rest = divmod(round(seconds * 1_000_000), 60_000_000)
    second = f"{rest // 1_000_000:02}.{rest % 1_000_000:06}".rstrip("0").rstrip(".")
    return f"{minutes // 60}:{minutes % 60:02}:{second}" if minutes >= 60 else f"{minutes}:{second}"
