"""What every measure is given and returns."""

import os
from collections.abc import Awaitable, Callable

from msgspec import Struct

from bench.table import Row
from events.errors import TonearmError

Say = Callable[[str], None]
"""Tells a person how far it is: one line."""


class BenchFailed(TonearmError):
    """What was to be measured did not work at all, so there is no figure."""


class Options(Struct, frozen=True, kw_only=True):
    """How much is measured. `scale` multiplies sizes and counts; 1 gives the figures that are quoted."""

    scale: float = 1.0
    repetitions: int = 3
    events: int = 200_000
    """How long the log is that `replay` reads."""

    def scaled(self, amount: int, least: int = 1) -> int:
        """Return an amount at this scale, but no less than `least`."""
        return max(least, round(amount * self.scale))


Measure = Callable[[Options, Say], Awaitable[list[Row]]]
"""Starts what it needs, measures, stops it all, and returns its rows. Raises TonearmError."""


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
