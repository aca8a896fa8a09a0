"""The line: who is next, when each job will be done, and whose next job has to wait in bulk.

What is expected comes from what jobs of that size took of late (`durations`), played through (`outlook`). It
is given as a range, as wide as expectations were wrong of late (`promises`). Time comes in as an argument.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from events.envelope import Recorded
from events.projections.job_view import JobView, State
from events.types import JobConverted, JobFailed
from events.work.turns import FIRST, RUN
from gateway.line.durations import Durations
from gateway.line.open_jobs import Open, OpenJobs, began_at, size_of
from gateway.line.outlook import Outlook, played
from gateway.line.promises import Experience, Range

_FRESH, _FRESH_FOR_EACH = 0.5, 0.0002
"""Seconds for which what was played through is good enough, and those for each job: to play costs time."""
_SHORTLY, _LATELY, _CAME = 60.0, 600.0, 1_000
"""The seconds for which it is remembered who came, at least and at most, and how many."""
_LIVE = 30.0
"""Seconds of age up to which an event tells of now. Older ones are read when a process begins."""


class Forecast(NamedTuple):
    """The place of a job among those that wait, from 1; 0 while a worker is at it. And what is left."""

    place: int
    left: Range | None


class _Promise(NamedTuple):
    """The expectation of a job when it came into the line."""

    outlook: Outlook
    since: float


class Line:
    """The jobs of all accounts that wait or are under way."""

    def __init__(self, slots: Callable[[], int] = lambda: 0) -> None:
        """`slots` returns how many jobs are worked on at once; 0: nobody is known to work."""
        self._slots = slots
        self._jobs = OpenJobs()
        self._joining: list[tuple[str, str]] = []
        """Accounts and their jobs that are being published."""
        self._durations = Durations()
        self._expected: dict[str, float] = {}
        """The seconds that those under way were expected to need."""
        self._promised: dict[str, _Promise] = {}
        self._work = Experience()
        self._waits: dict[int, Experience] = {}
        self._came: deque[tuple[float, float]] = deque(maxlen=_CAME)
        """When jobs came that wait among the first, and the seconds that each was expected to need."""
        self._outlooks: dict[str, Outlook] = {}
        self._played = 0.0

    def __len__(self) -> int:
        return len(self._jobs)

    @contextmanager
    def joining(self, account: str, job_id: str) -> Iterator[bool]:
        """Count a job of the account that is about to be published, until the log has it.

        Gives True if it has to wait in bulk: if the account has as many jobs as may wait among the first.
        Replicas hear of each other's by the log, so an account that asks several at once gets a few more.
        """
        joining = {job for who, job in self._joining if who == account and self._jobs.get(job) is None}
        self._joining.append((account, job_id))
        try:
            yield self._jobs.of_account(account) + len(joining) >= FIRST
        finally:
            self._joining.remove((account, job_id))

    def begin(self) -> None:
        """Begin anew, without any job. What was learned stays."""
        self._jobs = OpenJobs()
        for about_jobs in (self._outlooks, self._expected, self._promised):
            about_jobs.clear()

    def restore(self, view: JobView) -> None:
        """Take in a job as the stored views know it. One that is over shows how long it took."""
        self._jobs.restore(view)
        end, began = view.end_of(view.run), began_at(view)
        if view.video and end and began is not None and end.state is State.CONVERTED:
            self._durations.learn(size_of(view, view.video), end.time.timestamp() - began)

    def take(self, recorded: Recorded, now: float) -> None:
        """Take in the next event of the log."""
        change = self._jobs.take(recorded)
        if change is None:
            return
        before, after = change
        time = recorded.event.time.timestamp()
        if after is None:
            assert before is not None  # noqa: S101
            self._end(before, recorded.event.payload(), time)
            return
        if after.began is not None:
            expected = self._durations.expected(after.size)
            if expected is not None:
                self._expected[after.job_id] = expected
            # Nothing of the line has to be played through to know this.
            self._outlooks[after.job_id] = Outlook(0, self._expect(after))
            return
        self._outlooks.pop(after.job_id, None)
        if before is None or before.reached[0] < after.reached[0]:
            self._promise(after, now)

    def ids_of(self, account: str) -> list[str]:
        """Return the account's jobs that wait or are under way."""
        return self._jobs.ids_of(account)

    def forecast(self, job_id: str, now: float) -> Forecast | None:
        """Return what is to come of a job; None where it does not wait and nobody works on it."""
        job = self._jobs.get(job_id)
        if job is None:
            return None
        if job_id not in self._outlooks or now - self._played > self._fresh:
            self._play(now)
        place, seconds = self._outlooks[job_id]
        if seconds is None:
            return Forecast(place, None)
        if job.began is not None:
            return Forecast(place, self._work.left(seconds, max(0.0, now - job.began)))
        least, most = self._experience(place).around(seconds)
        return Forecast(place, Range(least, most * self._slower(now) if job.bulk else most))

    def _slower(self, now: float) -> float:
        """Return how many times as long work in bulk may take, as jobs to come will go before it.

        They may ask for as much of the converters' time as those have that came of late.
        """
        while self._came and self._came[0][0] < now - _LATELY:
            self._came.popleft()
        since = max(now - self._came[0][0], _SHORTLY) if self._came else _SHORTLY
        asked = sum(seconds for _, seconds in self._came) / (since * max(self._slots(), 1))
        return 1 / (1 - min(asked, RUN / (RUN + 1)))

    @property
    def _fresh(self) -> float:
        return _FRESH + _FRESH_FOR_EACH * len(self._jobs)

    def _play(self, now: float) -> None:
        self._played, self._outlooks = now, played(self._jobs, self._slots(), self._expect, now)

    def _expect(self, job: Open) -> float | None:
        return self._expected.get(job.job_id) or self._durations.expected(job.size)

    def _promise(self, job: Open, now: float) -> None:
        """Keep in mind what is expected of a job; of many that come at once, of some."""
        if not job.bulk:
            self._came.append((job.ready, self._expect(job) or 0.0))
        if now - job.ready < _LIVE and now - self._played > self._fresh:
            self._play(now)
            outlook = self._outlooks[job.job_id]
            if outlook.seconds is not None:
                self._promised[job.job_id] = _Promise(outlook, job.ready)

    def _end(self, job: Open, end: object, time: float) -> None:
        """Learn from a job that came to its end; one that somebody called off teaches nothing."""
        expected, promise = self._expected.pop(job.job_id, None), self._promised.pop(job.job_id, None)
        self._outlooks.pop(job.job_id, None)
        if not isinstance(end, JobConverted | JobFailed):
            return
        if promise is not None and promise.outlook.seconds is not None:
            self._wait(_group(promise.outlook.place)).note(promise.outlook.seconds, time - promise.since)
        if job.began is not None:
            if expected is not None:
                self._work.note(expected, time - job.began)
            if isinstance(end, JobConverted):
                self._durations.learn(job.size, time - job.began)

    def _experience(self, place: int) -> Experience:
        """Return that of jobs in such a place, or of the nearest that has enough."""
        own = _group(place)
        enough = [group for group, experience in self._waits.items() if experience.is_enough]
        return self._wait(min(enough, key=lambda group: abs(group - own), default=own))

    def _wait(self, group: int) -> Experience:
        return self._waits.setdefault(group, Experience())


def _group(place: int) -> int:
    """Return the group of places whose expectations are alike: 1, 2 to 3, 4 to 7, and so on."""
    return place.bit_length()
