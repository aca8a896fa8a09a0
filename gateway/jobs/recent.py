"""The newest part of the log, in memory. Pure: time comes in as an argument.

Events are held for as long as the stored views may lack them, and for `keep` seconds unless they are
very many, so that most clients that reconnect are served from here.
"""

from collections import deque
from collections.abc import Iterator
from itertools import takewhile

from events.envelope import Recorded

LIMIT = 10_000
"""Events held (some 4 kB each) above which none is kept for its youth, and no more should be added."""


class RecentEvents:
    """The jobs' events after some offset, in the log's order."""

    def __init__(self, after: int, keep: float = 60.0, limit: int = LIMIT) -> None:
        """`after` is the last offset that is not held, -1 for none."""
        self.position = after
        self._floor = after + 1
        self._keep, self._limit = keep, limit
        self._events: deque[tuple[float, Recorded]] = deque()
        self._by_job: dict[str, deque[Recorded]] = {}
        self._by_account: dict[str, set[str]] = {}
        self._ids: dict[str, deque[int]] = {}

    def __len__(self) -> int:
        return len(self._events)

    @property
    def full(self) -> bool:
        """True if it holds more than it should."""
        return len(self._events) > self._limit

    def add(self, recorded: Recorded, now: float) -> None:
        """Take in the log's next event of a job."""
        event = recorded.event
        self.position = recorded.offset
        self._events.append((now, recorded))
        self._by_job.setdefault(event.subject, deque()).append(recorded)
        self._by_account.setdefault(event.account, set()).add(event.subject)
        self._ids.setdefault(event.id, deque()).append(recorded.offset)

    def pass_over(self, offset: int) -> None:
        """Note that the log goes on to `offset` without an event of a job."""
        self.position = max(self.position, offset)

    def prune(self, checkpoint: int, now: float) -> None:
        """Let go of what the stored views hold (up to `checkpoint`) and is old enough.

        When full it lets go of young events, too, until it is half full.
        """
        enough = self._limit // 2 if self.full else len(self._events)
        while self._events:
            since, recorded = self._events[0]
            young = now - since < self._keep and len(self._events) <= enough
            if recorded.offset > checkpoint or young:
                return
            self._events.popleft()
            self._floor = recorded.offset + 1
            self._forget(recorded)

    def waiting(self, checkpoint: int, now: float) -> float:
        """Return the seconds for which the stored views have lacked a held event; 0 if they lack none."""
        lacking = (since for since, recorded in self._events if recorded.offset > checkpoint)
        return now - next(lacking, now)

    def lacking(self, checkpoint: int) -> int:
        """Return the number of held events that the stored views lack."""
        newer = takewhile(lambda held: held[1].offset > checkpoint, reversed(self._events))
        return sum(1 for _ in newer)

    def has(self, event_id: str) -> bool:
        """Return True if this event is held."""
        return event_id in self._ids

    def repeats(self, recorded: Recorded) -> bool:
        """Return True if the same event is held from an earlier place in the log."""
        offsets = self._ids.get(recorded.event.id)
        return offsets is not None and offsets[0] < recorded.offset

    def of_job(self, job_id: str) -> tuple[Recorded, ...]:
        """Return the events held of one job."""
        return tuple(self._by_job.get(job_id, ()))

    def jobs_of(self, account: str | None) -> list[str]:
        """Return the account's jobs that events are held of, newest first; None: all accounts'."""
        jobs = self._by_job if account is None else self._by_account.get(account, ())
        return sorted(jobs, reverse=True)

    def holds(self, first: int) -> bool:
        """Return True if every event from this offset on is held."""
        return first >= self._floor

    def between(self, first: int, last: int) -> Iterator[Recorded]:
        """Yield the events held from offset `first` to `last`, both included."""
        return (recorded for _, recorded in tuple(self._events) if first <= recorded.offset <= last)

    def _forget(self, recorded: Recorded) -> None:
        event = recorded.event
        events = self._by_job[event.subject]
        events.popleft()
        offsets = self._ids[event.id]
        offsets.popleft()
        if not offsets:
            del self._ids[event.id]
        if not events:
            del self._by_job[event.subject]
            jobs = self._by_account[event.account]
            jobs.discard(event.subject)
            if not jobs:
                del self._by_account[event.account]
