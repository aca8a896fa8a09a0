"""Ranges for what is expected, as wide as expectations were wrong before. Pure.

Each expectation is compared with what came, as a ratio. The next range reaches over nine of ten of the latest
ratios. So it holds whatever the expectations lack: a slower disk, a busy machine, videos of another kind.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

_LATEST = 100
_ENOUGH = 15
"""Ratios that say more than the assumption."""

_ASSUMED = (0.2, 5.0)
"""Between these ratios most expectations come true, as long as too few have shown it."""

_AT_LEAST = (0.8, 1.25)
"""No range is narrower: the next job may be like none before."""

_OUTSIDE = 0.05
"""The share of ratios that is left out on each side."""


class Range(NamedTuple):
    """From the least to the most seconds."""

    least: float
    most: float


class Experience:
    """The latest ratios of what came to what was expected."""

    def __init__(self) -> None:
        self._ratios: deque[float] = deque(maxlen=_LATEST)

    @property
    def is_enough(self) -> bool:
        """True if it is worth more than the assumption."""
        return len(self._ratios) >= _ENOUGH

    def note(self, expected: float, came: float) -> None:
        """Compare an expectation with what came."""
        if expected > 0:
            self._ratios.append(max(0.0, came) / expected)

    def around(self, expected: float) -> Range:
        """Return a range for what will come."""
        low, high = _quantiles(sorted(self._ratios)) if self.is_enough else _ASSUMED
        return Range(expected * min(low, _AT_LEAST[0]), expected * max(high, _AT_LEAST[1]))

    def left(self, expected: float, passed: float) -> Range:
        """Return a range for what is left after so many seconds of it have passed.

        Only those that took longer than that count for it. Where none did, it may last as long again.
        """
        so_far = passed / expected if expected > 0 else 0.0
        longer = sorted(ratio for ratio in self._ratios if ratio > so_far)
        whole = self.around(expected)
        if len(longer) >= _ENOUGH:
            low, high = _quantiles(longer)
            whole = Range(expected * min(low, _AT_LEAST[0]), expected * max(high, _AT_LEAST[1]))
        most = whole.most - passed if whole.most > passed else passed
        return Range(max(0.0, whole.least - passed), most)


def _quantiles(ratios: Sequence[float]) -> tuple[float, float]:
    outside = int(len(ratios) * _OUTSIDE)
    return ratios[outside], ratios[-1 - outside]
