"""Counts of each minute, from the log: jobs made and ended, failures by code, work of conversions. Pure.

A fact counts once, whatever is in the log twice: the first end of a run, as everywhere. What was counted is
remembered for the latest facts only, which is enough: repetitions come within seconds.
"""

from collections import Counter
from typing import Self

from msgspec import Struct, field

from events.envelope import Recorded
from events.types import JobCancelled, JobConverted, JobFailed, JobUploaded

MINUTE, HOUR = 60, 3600
_REMEMBERED = 50_000
_LONGEST = 1e9
"""Seconds: no event may spoil a sum by a number."""


class Counts(Struct, omit_defaults=True):
    """The jobs made and the runs ended in some time.

    `audio_seconds` is the audio of the conversions, `work_seconds` the time that they took: their quotient
    is the real-time factor.
    """

    made: int = 0
    converted: int = 0
    failed: int = 0
    cancelled: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    audio_seconds: float = 0.0
    work_seconds: float = 0.0

    def add(self, other: Self) -> None:
        """Add those of other time."""
        self.made += other.made
        self.converted += other.converted
        self.failed += other.failed
        self.cancelled += other.cancelled
        self.failures = dict(Counter(self.failures) + Counter(other.failures))
        self.audio_seconds += other.audio_seconds
        self.work_seconds += other.work_seconds

    @property
    def realtime_factor(self) -> float | None:
        """Seconds of audio made by seconds of work; None without a conversion."""
        return self.audio_seconds / self.work_seconds if self.work_seconds else None


class Hour(Struct):
    """The counts of an hour by minute, from 0 to 59, of the events up to offset `seen`."""

    seen: int = -1
    minutes: dict[int, Counts] = field(default_factory=dict)

    def take(self, offset: int, minute: int, counts: Counts) -> bool:
        """Add the counts of an event; False if it was counted already."""
        if offset <= self.seen:
            return False
        self.seen = offset
        self.minutes.setdefault(minute, Counts()).add(counts)
        return True


class Facts:
    """Tells what an event counts for, and what was counted before."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def counts_of(self, recorded: Recorded) -> Counts | None:
        """Return what the event adds to its minute; None: nothing. Raises InvalidEvent."""
        event = recorded.event
        match event.payload():
            case JobUploaded():
                return self._once(event.id, Counts(made=1))
            case JobConverted(run=run, duration_seconds=audio, seconds_spent=work):
                counts = Counts(converted=1, audio_seconds=_sane(audio), work_seconds=_sane(work))
                return self._once(f"{event.subject}/{run}", counts)
            case JobFailed(run=run, code=code):
                return self._once(f"{event.subject}/{run}", Counts(failed=1, failures={code.value: 1}))
            case JobCancelled(run=run):
                return self._once(f"{event.subject}/{run}", Counts(cancelled=1))
        return None

    def _once(self, fact: str, counts: Counts) -> Counts | None:
        if fact in self._told:
            return None
        self._told[fact] = None
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return counts


def _sane(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST)
