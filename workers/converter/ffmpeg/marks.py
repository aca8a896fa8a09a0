"""The chapters of the result, as marks: those inside the cut, at the times at which they are heard. Pure."""

import math

from events.media import Chapter, Media
from events.options import Chapters, Options
from workers.converter.ffmpeg.measurement import Measurement

MOST_MARKS = 1000
"""Marks of one result, the first ones: Vorbis comments number them with three digits."""
_SHORTEST = 0.001
"""Seconds: the precision of all formats."""


def marks_of(
    options: Options, media: Media, measured: Measurement | None = None, length: float = math.inf
) -> tuple[Chapter, ...]:
    """Return the marks of a result that plays so many seconds, in order.

    A chapter that the cut divides keeps the part inside. `measured` knows the silence that is cut off.
    """
    if options.chapters is not Chapters.KEEP:
        return ()
    silent = measured.silent_until if measured and options.trim_silence else 0.0

    def heard(seconds: float) -> float:
        return min(max((seconds - options.start) / options.speed - silent, 0.0), length)

    if options.end is not None:
        length = min(length, heard(options.end))
    if measured:
        end = measured.silent_from if options.trim_silence else None
        length = min(length, (measured.seconds if end is None else end) - silent)
    moved = (
        Chapter(start=round(heard(each.start), 6), end=round(heard(each.end), 6), title=each.title)
        for each in media.chapters
    )
    inside = [each for each in moved if each.end - each.start >= _SHORTEST]
    return tuple(sorted(inside, key=lambda each: each.start)[:MOST_MARKS])


def clock(seconds: float) -> str:
    """Return a time as `00:01:00.000`."""
    minutes, thousandths = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"
