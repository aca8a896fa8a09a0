"""The time that conversions take, learned from those that came to their end. Pure.

What a conversion takes grows with its size, above a part that each has. Both are fitted by least squares
to the latest conversions into the same format. The size is the length of the sound that is converted, once a
worker has looked; before that it is the bytes of the video.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from events.media import Media
from events.options import Format, Options

_LATEST = 100
"""Conversions into a format that are remembered."""
_ALIKE = 0.01
"""Sizes that differ by less than this, of their mean, are one size."""
_LEAST = 0.001


class Size(Struct, frozen=True, kw_only=True):
    """The size of a conversion. `seconds` of sound: None while no worker has looked at the video."""

    format: Format
    bytes: int
    seconds: float | None = None


class Fit(NamedTuple):
    """The seconds that each conversion takes, and those for each unit of its size."""

    each: float
    unit: float

    def at(self, size: float) -> float:
        """Return the seconds for this size."""
        return self.each + self.unit * size


class Durations:
    """The times that the latest conversions took."""

    def __init__(self) -> None:
        self._known: dict[Format, deque[tuple[Size, float]]] = {}
        self._fitted: dict[tuple[Format | None, bool], Fit | None] = {}

    def learn(self, size: Size, seconds: float) -> None:
        """Note what a conversion took."""
        self._known.setdefault(size.format, deque(maxlen=_LATEST)).append((size, seconds))
        self._fitted.clear()

    def expected(self, size: Size) -> float | None:
        """Return the seconds to expect; None where nothing is known.

        Of a format that nobody has asked for yet, what all others took is the best guess.
        """
        for format_ in (size.format, None):
            if size.seconds is not None and (fit := self._fit(format_, by_bytes=False)):
                return fit.at(size.seconds)
            if fit := self._fit(format_, by_bytes=True):
                return fit.at(size.bytes)
        return None

    def _fit(self, format_: Format | None, *, by_bytes: bool) -> Fit | None:
        key = format_, by_bytes
        if key not in self._fitted:
            chosen = [self._known.get(format_, ())] if format_ else self._known.values()
            points = [
                (float(size.bytes if by_bytes else size.seconds or 0.0), took)
                for known in chosen
                for size, took in known
                if by_bytes or size.seconds is not None
            ]
            self._fitted[key] = fitted(points) if points else None
        return self._fitted[key]


def fitted(points: Sequence[tuple[float, float]]) -> Fit:
    """Return the line through (size, seconds) with the least squares; neither part of it is negative.

    An error of a second is less to a long conversion than to a short one, so sizes weigh it.
    """
    middle = max(sum(x for x, _ in points) / len(points), _LEAST)
    sizes = [x / middle for x, _ in points]
    took = [y for _, y in points]
    weights = [1 / (size + 1) ** 2 for size in sizes]

    def mean(values: Iterable[float]) -> float:
        return sum(w * value for w, value in zip(weights, values, strict=True)) / sum(weights)

    size, seconds = mean(sizes), mean(took)
    spread = mean((x - size) ** 2 for x in sizes)
    if spread < _ALIKE**2:
        # All of one size: half of the time may be what each takes.
        return Fit(seconds / 2, seconds / 2 / middle)
    slope = mean((x - size) * (y - seconds) for x, y in zip(sizes, took, strict=True)) / spread
    if slope <= 0:
        return Fit(seconds, 0.0)
    if seconds < slope * size:
        slope = mean(x * y for x, y in zip(sizes, took, strict=True)) / mean(x * x for x in sizes)
        return Fit(0.0, slope / middle)
    return Fit(seconds - slope * size, slope / middle)


def length(media: Media, options: Options) -> float | None:
    """Return the seconds of sound that will be converted; None where the file does not state it."""
    whole = media.duration_seconds
    if not whole:
        return None
    return max(0.0, min(options.end or whole, whole) - options.start)
