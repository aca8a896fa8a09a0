"""Draws the waveform of an audio as a picture for a page without scripts. Pure.

The peaks are BBC audiowaveform's data, version 2, 8 bits: https://github.com/bbc/audiowaveform.
"""

import struct

_HEAD = 24
_WIDTH, _HEIGHT, _BARS = 640, 80, 160
_SILENCE = 6
"""What is not louder fills no height."""


def groove(peaks: bytes, start: float, end: float) -> str:
    """Return an SVG of the seconds from `start` to `end`; empty where there are no peaks."""
    if len(peaks) <= _HEAD:
        return ""
    version, flags, rate, samples = struct.unpack("<iIii", peaks[:16])
    if version != 2 or flags != 1 or rate <= 0 or samples <= 0:
        return ""
    points = memoryview(peaks)[_HEAD:].cast("b")
    first, last = (min(round(at * rate / samples), len(points) // 2) for at in (start, end))
    bars = [_loudness(points, first, last, bar) for bar in range(_BARS)] if last > first else []
    most = max(_SILENCE, *bars) if bars else 0
    lines = "".join(_line(bar, loud / most) for bar, loud in enumerate(bars))
    return (
        f'<svg class="groove" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{lines}"/></svg>\n'
    )


def _loudness(points: "memoryview[int]", first: int, last: int, bar: int) -> int:
    low = first + (last - first) * bar // _BARS
    high = max(first + (last - first) * (bar + 1) // _BARS, low + 1)
    return max(map(abs, points[2 * low : 2 * high]), default=0)


def _line(bar: int, share: float) -> str:
    half = max(share * (_HEIGHT - 4) / 2, 0.5)
    return f"M{(bar + 0.5) * _WIDTH / _BARS:g} {_HEIGHT / 2 - half:.1f}v{2 * half:.1f}"
