"""Pauses of a sound, by how loud its windows are: which there are, and how long ones are shortened. Pure.

A meter (see `meter`) gives the peak of each window, in whole decibels below the full scale. Quiet is what is
30 dB below the loud parts of the very recording: a room is never silent, and nobody knows how loud a
recording is before its end. Edges of a pause are edges of windows inside it, so no sound is in it.

What is cut out of a pause is its middle, in whole windows. So the filter that cuts and the map of time agree
to the sample.
"""

import math
from collections.abc import Iterator, Sequence

from msgspec import Struct

from events.timing.pauses import Pause
from events.timing.time_map import Seam

QUIETER = 30
"""Decibels between the loud parts of a recording and its pauses."""
LOUDEST, QUIETEST = 30, 60
"""Decibels below the full scale: what is louder is never a pause, what is quieter always is."""
SILENT = 127
"""Decibels below the full scale that stand for all below."""
LARGEST = 2**18
"""Samples that ffmpeg is to hold at once, whatever rate and length a file claims to have."""
SHORTEST = 1.0
"""Seconds of a pause that is offered."""
MOST = 5000
"""Pauses of one audio that are told: the longest."""
MOST_SEAMS = 3000
"""Pauses that are shortened, the longest: ffmpeg takes an argument of 128 KiB."""
_LOUD = 0.95
"""Share of the windows that are not louder than the loud parts."""


def window_of(sample_rate: int) -> int:
    """Return the samples of a window for pauses that are shortened: a twentieth of a second, about."""
    return min(max(sample_rate // 20, 1024), LARGEST) if sample_rate else 2400


class Hush(Struct, frozen=True, gc=False):
    """A quiet stretch, in windows; `last` is the one behind it."""

    first: int
    last: int


class Envelope(Struct, frozen=True):
    """The loudness of a sound: the peak of each window, in decibels below the full scale.

    `hertz` windows a second.
    """

    levels: bytes
    hertz: float

    def hushes(self, shortest: float) -> list[Hush]:
        """Return the quiet stretches of at least so many seconds, in order."""
        if not self.levels:
            return []
        quiet = self._threshold()
        least = max(shortest * self.hertz, 1.0)
        return [each for each in _runs(self.levels, quiet) if each.last - each.first >= least]

    def pauses(self, length: float, shortest: float = SHORTEST) -> tuple[Pause, ...]:
        """Return the pauses of a sound of so many seconds, in order: the longest, if there are very many."""
        found = _longest(self.hushes(shortest), MOST)
        return tuple(
            Pause(
                round(each.first / self.hertz, 3),
                round(length if each.last == len(self.levels) else min(each.last / self.hertz, length), 3),
            )
            for each in found
        )

    def _threshold(self) -> int:
        loud = sorted(self.levels, reverse=True)[int(len(self.levels) * _LOUD)]
        return min(max(loud + QUIETER, LOUDEST), QUIETEST)


class Shortening(Struct, frozen=True):
    """Windows of so many samples that are left out of a sound; `hertz` windows a second."""

    window: int = 0
    hertz: float = 1.0
    cuts: tuple[Hush, ...] = ()

    @property
    def seconds(self) -> float:
        """All that is left out."""
        return sum(each.last - each.first for each in self.cuts) / self.hertz

    def filters(self) -> list[str]:
        """Return the filters that leave it out; the times of what stays are as before.

        They name the sample rate: ffmpeg would count the windows at that of the result.
        """
        if not self.cuts:
            return []
        rate = round(self.hertz * self.window)
        return [
            f"aformat=sample_rates={rate}",
            f"asetnsamples={self.window}:p=0",
            f"aselect='{_kept(self.cuts)}'",
        ]

    def seams(self, silence_cut: float) -> tuple[Seam, ...]:
        """Return the places in an audio whose beginning lacks so many seconds of silence."""
        found, before = [], 0
        for each in self.cuts:
            at, left_out = each.first - before, each.last - each.first
            found.append(Seam(round(at / self.hertz - silence_cut, 6), round(left_out / self.hertz, 6)))
            before += left_out
        return tuple(found)


def shortening(envelope: Envelope, window: int, longest: float, kept: tuple[float, float]) -> Shortening:
    """Return what to leave out, so that no pause is longer than so many seconds.

    `kept`: the seconds between which the sound is kept (`trim_silence`).
    """
    return Shortening(window, envelope.hertz, _cuts(envelope, longest, *kept))


def _cuts(envelope: Envelope, seconds: float, first: float, last: float) -> tuple[Hush, ...]:
    low, high = math.ceil(first * envelope.hertz), min(last * envelope.hertz, len(envelope.levels))
    hushes = envelope.hushes(seconds)
    inside = [Hush(max(each.first, low), min(each.last, int(high))) for each in hushes]
    kept = math.ceil(seconds * envelope.hertz)
    found = _longest([each for each in inside if each.last - each.first > kept], MOST_SEAMS)
    return tuple(Hush(each.first + (kept + 1) // 2, each.last - kept // 2) for each in found)


def _kept(cut: Sequence[Hush]) -> str:
    """Return the expression for ffmpeg by which window `n` is kept.

    It is a tree, so that it is quick for thousands of cuts.
    """
    return _tree([edge for each in cut for edge in (each.first, each.last)], keeps=True)


def _tree(edges: Sequence[int], *, keeps: bool) -> str:
    """Return the expression that changes at each edge. `keeps`: before the first one."""
    if not edges:
        return str(int(keeps))
    if len(edges) == 1:
        return f"{'lt' if keeps else 'gte'}(n,{edges[0]})"
    at = len(edges) // 2
    behind = keeps ^ (at % 2 == 0)
    return f"if(lt(n,{edges[at]}),{_tree(edges[:at], keeps=keeps)},{_tree(edges[at + 1 :], keeps=behind)})"


def _runs(levels: bytes, quiet: int) -> Iterator[Hush]:
    """Yield the stretches of windows that are as quiet as this, or quieter."""
    first = None
    for at, level in enumerate(levels):
        if level >= quiet:
            first = at if first is None else first
        elif first is not None:
            yield Hush(first, at)
            first = None
    if first is not None:
        yield Hush(first, len(levels))


def _longest(found: list[Hush], most: int) -> list[Hush]:
    """Return the longest of them, in their order."""
    chosen = sorted(found, key=lambda each: each.first - each.last)[:most]
    return sorted(chosen, key=lambda each: each.first)
