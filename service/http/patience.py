"""Patience with a client, whichever way the bytes go: only the time spent on waiting for it counts."""

from msgspec import Struct


class Patience(Struct, frozen=True, kw_only=True):
    """Limits for slow clients: seconds of silence, and bytes a second over each window of seconds."""

    idle: float = 30.0
    window: float = 60.0
    min_rate: float = 1024.0

    @property
    def lease(self) -> float:
        """Seconds after which a writer that gives a sign with its client's bytes is given up for dead.

        It gives one at most each quarter of that, and may then wait for the client as long as `idle` allows.
        """
        return max(60.0, 2 * self.idle)


class Pace:
    """The pace of one client. Pure: time comes in as an argument."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._waited, self._moved = 0.0, 0

    def is_too_slow(self, seconds: float, count: int) -> bool:
        """Take in that so many bytes were waited for so long. True: over a whole window it was too slow."""
        self._waited, self._moved = self._waited + seconds, self._moved + count
        if self._waited < self._patience.window:
            return False
        slow = self._moved < self._waited * self._patience.min_rate
        self._waited, self._moved = 0.0, 0
        return slow
