"""The measurement of a first pass: loudness, true peak, silence at the end. Pure."""

import re

from msgspec import Struct

from workers.converter.ffmpeg.pauses import Shortening

_NUMBER = r"-?\d{1,9}(?:\.\d{1,9})?"
_JSON = re.compile(rf'"(input_i|input_tp)" : "({_NUMBER}|-?inf)"')
_SILENT = re.compile(r"\[silencedetect @|\[Parsed_silencedetect_\d+ @")
_START = re.compile(rf"silence_start: ({_NUMBER})")
_END = re.compile(rf"silence_end: ({_NUMBER})")
_COUNT = re.compile(r"\[Parsed_astats_\d+ @ \w+\] Number of samples: (\d{1,12})$", re.MULTILINE)
_NEARLY = 0.05
"""Seconds between the end of a silence and that of the sound, at most, for a silence at the end."""


class Measurement(Struct, frozen=True, kw_only=True):
    """`seconds` are those of the sound after the cut and the change of speed."""

    seconds: float
    loudness: float | None = None
    """Integrated, in LUFS; None: too quiet, or not measured."""
    true_peak: float | None = None
    """In dBTP."""
    silent_until: float = 0.0
    """The end of the silence at the beginning."""
    silent_from: float | None = None
    """The beginning of the silence that lasts to the end; None: there is none, or it was not measured."""
    shortening: Shortening = Shortening()
    """What is left out of pauses."""


def read(tail: str, seconds: float, silent_until: float = 0.0) -> Measurement:
    """Read the measurement from ffmpeg's last messages, after so many seconds of sound.

    The silence at the beginning was read when it passed: the last messages may not have it any more.

    Each of these lines begins with the filter's name, and a file's own texts are printed before all of them:
    so the last lines count.
    """
    found = dict(_JSON.findall(tail))
    start = end = None
    for line in tail.splitlines():
        if not _SILENT.match(line):
            continue
        if match := _START.search(line):
            start, end = max(float(match[1]), 0.0), None
        elif match := _END.search(line):
            end = float(match[1])
    lasts = start is not None and (end is None or end >= seconds - _NEARLY)
    return Measurement(
        seconds=seconds,
        loudness=_number(found.get("input_i")),
        true_peak=_number(found.get("input_tp")),
        silent_until=silent_until,
        silent_from=start if lasts else None,
    )


def counted(tail: str, sample_rate: int) -> float | None:
    """Return the seconds of sound by the number of its samples; None where nobody counted them."""
    found = _COUNT.findall(tail)
    return int(found[-1]) / sample_rate if found and sample_rate else None


def _number(text: str | None) -> float | None:
    """Return a number; None for the infinity that stands for silence."""
    return None if text is None or "inf" in text else float(text)
