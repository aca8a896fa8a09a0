"""The arguments and the result of every measure."""

import os
from collections.abc import Awaitable, Callable

from msgspec import Struct

from bench.table import Row
from events.errors import TonearmError

Say = Callable[[str], None]
"""Prints a line of progress."""


class BenchFailed(TonearmError):
    """The measured thing did not work, so there is no figure."""


class Options(Struct, frozen=True, kw_only=True):
    """The amount of measuring. `scale` multiplies sizes and counts; 1 gives the figures that are quoted."""

    scale: float = 1.0
    repetitions: int = 3
    events: int = 200_000
    """Events in the log that `replay` reads."""

    def scaled(self, amount: int, least: int = 1) -> int:
        """Return an amount at this scale, but no less than `least`."""
        return max(least, round(amount * self.scale))


Measure = Callable[[Options, Say], Awaitable[list[Row]]]
"""Starts what it needs, measures, stops it all, and returns its rows. Raises TonearmError."""


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
