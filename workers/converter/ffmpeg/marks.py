"""The chapters of the result, as marks: those inside the cut, at the times at which they are heard. Pure."""

import math

from events.media import Chapter, Media
from events.options import Options
from events.timing import chapters
from events.timing.time_map import TimeMap
from workers.converter.ffmpeg.measurement import Measurement

MOST_MARKS = 1000
"""Marks of one result, the first ones: Vorbis comments number them with three digits."""


def marks_of(
    options: Options, media: Media, measured: Measurement | None = None, length: float = math.inf
) -> tuple[Chapter, ...]:
    """Return the marks of a result that plays so many seconds, in order.

    A chapter that the cut divides keeps the part inside. `measured` knows what is left out.
    """
    return chapters.in_audio(options, media, time_map(options, measured, length))[:MOST_MARKS]


def time_map(options: Options, measured: Measurement | None, length: float = math.inf) -> TimeMap:
    """Return the map of time from the source to a result that plays so many seconds."""
    silent = measured.silent_until if measured and options.trim_silence else 0.0
    seams = measured.shortening.seams(silent) if measured else ()
    if options.end is not None:
        length = min(length, TimeMap(options, seams, silence_cut=silent).in_audio(options.end))
    if measured:
        end = measured.silent_from if options.trim_silence else None
        whole = measured.seconds if end is None else end
        length = min(length, whole - silent - measured.shortening.seconds)
    return TimeMap(options, seams, silence_cut=silent, length=length)


def clock(seconds: float) -> str:
    """Return a time as `00:01:00.000`."""
    minutes, thousandths = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"
