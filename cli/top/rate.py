"""Events a second, from looks at the log's end: pure.

Offsets have holes now and then, so it is at most so many.
"""

import math

KEPT = 900
"""Seconds."""
_RECENT = 5
"""Seconds that the rate of now is taken over."""


class Rate:
    """The number of events in each of the last seconds. Times are in seconds since 1970."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._looked: tuple[float, int] | None = None
        self._began = math.inf
        self.since = math.inf
        """Before that nothing is known."""

    def look(self, at: float, last: int) -> None:
        """Take note of the log's last offset. What came since the look before is spread over that time."""
        if self._looked is None:
            self._began = at
            self.since = min(self.since, at)
        elif (before := self._looked[0]) < at and (count := last - self._looked[1]) > 0:
            seconds = range(int(before) + 1, max(int(before) + 1, int(at)) + 1)
            for second in seconds:
                self._add(second, count / len(seconds))
        self._looked = at, last
        for second in [second for second in self._seconds if second < at - KEPT]:
            del self._seconds[second]

    def hear(self, at: float) -> None:
        """Take note of an event from before the first look."""
        if at < self._began:
            self.since = min(self.since, at)
            self._add(int(at), 1)

    def now(self, at: float) -> float | None:
        """Return the rate of now; None while it is not known."""
        if self._looked is None or self.since > at - 1:
            return None
        seconds = min(_RECENT, at - self.since)
        whole = range(int(at) - math.floor(seconds) + 1, int(at) + 1)
        return sum(self._seconds.get(second, 0.0) for second in whole) / max(1, len(whole))

    def series(self, at: float, count: int) -> list[float | None]:
        """Return the last so many seconds; None where nothing is known."""
        end = int(at)
        return [
            self._seconds.get(second, 0.0) if second + 1 > self.since else None
            for second in range(end - count + 1, end + 1)
        ]

    def _add(self, second: int, count: float) -> None:
        self._seconds[second] = self._seconds.get(second, 0.0) + count
