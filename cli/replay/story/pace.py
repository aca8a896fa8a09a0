"""The time at which each event of a story is due. Pure: the time now comes in, in seconds of any clock."""

import re
from datetime import UTC, datetime

from msgspec import Struct

from events.wishes import span

_FASTEST, _SLOWEST = 1_000_000.0, 0.01
_LATE = 1.0
"""Seconds. What comes later than that is happening now, or the machine has slept: the clock is set by it."""
_STEP = 2.0


class Pace(Struct, frozen=True):
    """The speed, as a multiple of the real one, and the seconds that a pause lasts at most."""

    speed: float = 1.0
    idle: float = 2.0

    def wait(self, gap: float) -> float:
        """Return the seconds to wait where so many went by."""
        return min(max(0.0, gap) / self.speed, self.idle)

    def at(self, speed: float) -> "Pace":
        """Return the pace with another speed, within what is sensible."""
        return Pace(min(max(speed, _SLOWEST), _FASTEST), self.idle)


class Playback:
    """One playing of a story: the event that comes next, and when. It can be paused and hurried."""

    def __init__(self, pace: Pace, now: float) -> None:
        self.pace = pace
        self._due = now
        self._waited = 0.0
        self._skipped = False
        self._paused: float | None = None
        self._before: datetime | None = None
        self._next: datetime | None = None

    @property
    def paused(self) -> bool:
        """True if nothing comes until it goes on."""
        return self._paused is not None

    def comes(self, time: datetime, now: float) -> None:
        """Let the event of this time be next. Clocks of publishers differ: none is before the one before."""
        self._before = self._next
        self._next = max(time, self._before or time)
        gap = (self._next - self._before).total_seconds() if self._before else 0.0
        self._waited = self.pace.wait(gap)
        self._due += self._waited
        self._skipped = False
        if now - self._due > _LATE:
            self._due = now

    def is_due(self, now: float) -> bool:
        """Return True if the next event is to be shown."""
        return self._skipped or (not self.paused and self.left(now) <= 0)

    def left(self, now: float) -> float:
        """Return the seconds until the next event is due."""
        return max(0.0, self._due - (now if self._paused is None else self._paused))

    def place(self, now: float) -> datetime:
        """Return the time in the story."""
        if self._next is None:
            return datetime.min.replace(tzinfo=UTC)
        if self._before is None or not self._waited:
            return self._next
        share = min(1.0, self.left(now) / self._waited)
        return self._next - (self._next - self._before) * share

    def toggle(self, now: float) -> None:
        """Pause it, or go on."""
        if self._paused is None:
            self._paused = now
        else:
            self._due += now - self._paused
            self._paused = None

    def hurry(self, now: float, *, slower: bool = False) -> None:
        """Double the speed, or halve it, also of the wait under way."""
        changed = self.pace.at(self.pace.speed * (1 / _STEP if slower else _STEP))
        factor = self.pace.speed / changed.speed
        still = self.left(now)
        self._due += still * factor - still
        self._waited *= factor
        self.pace = changed

    def skip(self, now: float) -> None:
        """Let the next event come now, also in a pause."""
        self._due = now if self._paused is None else self._paused
        self._skipped = True


def speed_of(text: str) -> float:
    """Return the speed that `10x`, `0.5x` or `10` means. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,7}(?:\.[0-9]{1,6})?) ?[x×]?", text.strip().lower())
    if match is None or not _SLOWEST <= float(match[1]) <= _FASTEST:
        raise ValueError(f"takes a speed such as 10x or 0.5x, from 0.01x to 1000000x, not {text!r}")
    return float(match[1])


def idle_of(text: str) -> float:
    """Return the seconds that `2s`, `500ms` or `1m` means; `none` is no limit. Raises ValueError."""
    if text.strip().lower() == "none":
        return float("inf")
    seconds = span(text)
    if seconds is None or not 0 <= seconds < float("inf"):
        raise ValueError(f"takes a length of time such as 2s, 500ms or 1m, or none, not {text!r}")
    return seconds
