"""All that is known of the system, as it becomes by news. Pure: times come in as arguments."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cli.system.words import tail
from cli.top.answers import AnyJob, Event, Overview, Parked, Point, Work
from cli.top.news import Away, GivenUp, Heard, Listening, Looked, Met, News, Remembered, Told
from cli.top.rate import Rate

_EVENTS, _FAILURES, _NAMES = 1000, 200, 5000
_REASONS = ("message", "reason", "code")
_FAILED = ("failed", "retrying", "disabled")
_WENT_WELL = ("converted", "cancelled", "delivered")


class Failure(Struct, frozen=True):
    """Something that went wrong. `subject` is its job, or what else the event is about."""

    key: str
    time: datetime
    what: str
    subject: str
    reason: str
    is_of_job: bool = True
    passes: bool = False
    """It will be tried again."""
    times: int = 1
    """How often it has come to the same."""


class Task(Struct, frozen=True):
    """A piece of work, and by whom."""

    work: Work
    worker: str
    kind: str

    @property
    def key(self) -> str:
        """The key that no other piece of work has."""
        return f"{self.work.queue}/{self.work.subject}"

    @property
    def is_of_job(self) -> bool:
        """True if there is a job with a story."""
        return self.work.queue not in ("letters", "hooks")


class Model:
    """All that is known."""

    def __init__(self, gateway: str) -> None:
        """`gateway` is its name for people."""
        self.gateway = gateway
        self.overview: Overview | None = None
        self.looked: datetime | None = None
        self.away: Away | None = None
        self.points: Sequence[Point] = ()
        self.events: deque[Event] = deque(maxlen=_EVENTS)
        """Newest last."""
        self.rate = Rate()
        self.given_up: Sequence[Parked] = ()
        self.answered: set[str] = set()
        """Questions with a first answer: `events`, `history`, and the states of jobs."""
        self._failures: dict[str, Failure] = {}
        self._names: dict[str, str] = {}

    def take(self, news: News) -> None:
        """Become what the news makes of it."""
        match news:
            case Looked(at=at, overview=overview):
                self.overview, self.looked, self.away = overview, at, None
                if overview.log.last is not None:
                    self.rate.look(at.timestamp(), overview.log.last)
            case Away():
                self.away = news if self.away is None else Away(self.away.at, news.why)
            case Remembered(history=history):
                self.points = history.points
                self.answered.add("history")
            case Listening():
                self.answered.add("events")
            case Heard(event=event):
                self._hear(event)
            case Met(jobs=jobs, state=state):
                self._meet(jobs)
                self.answered.add(state)
            case Told(job=job):
                self._meet([job])
            case GivenUp(items=items):
                self.given_up = items
            case _:
                pass

    def name(self, subject: str) -> str:
        """Return the file's name of a job, or the end of the id where it is not known."""
        return self._names.get(subject) or tail(subject)

    def is_called(self, subject: str) -> bool:
        """Return True if the file's name of a job is known, or cannot be any more."""
        return subject in self._names or "converting" in self.answered

    def tasks(self) -> list[Task]:
        """Return all that is under way: conversions first, and what began first."""
        found = [
            Task(work, worker.name, worker.kind)
            for worker in (self.overview.workers if self.overview else ())
            for work in worker.working_on
        ]
        order = ("video", "video.bulk", "imports")
        return sorted(
            found,
            key=lambda each: (
                order.index(each.work.queue) if each.work.queue in order else len(order),
                each.work.since,
            ),
        )

    def failures(self) -> list[Failure]:
        """Return the last failures, newest first; equal ones are one, with their number."""
        newest = sorted(self._failures.values(), key=lambda each: each.time, reverse=True)
        alike = Counter(map(_alike, newest))
        return [replace(each, times=alike.pop(_alike(each))) for each in newest if _alike(each) in alike]

    def counts(self) -> Mapping[str, int] | None:
        """Return the jobs by state; None where nobody has counted them."""
        return self.overview.jobs if self.overview else None

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self.rate.hear(event.time.timestamp())
        if name := event.data.get("filename"):
            self._call(event.subject, str(name))
        if (failure := failure_of(event)) is not None:
            self._fail(failure)
        elif event.type.endswith(_WENT_WELL):
            self._forget(_key(event))

    def _meet(self, jobs: Iterable[AnyJob]) -> None:
        for job in jobs:
            self._call(job.job_id, job.filename)
            if job.state == "failed" and job.error is not None:
                time = job.finished_at or job.created or datetime.min.replace(tzinfo=UTC)
                key = f"{job.job_id}/{job.run}"
                self._fail(Failure(key, time, job.error.code, job.job_id, job.error.message))

    def _fail(self, failure: Failure) -> None:
        self._failures[failure.key] = failure
        if len(self._failures) > _FAILURES:
            others = [each for each in self._failures.values() if not each.is_of_job]
            crowd = others if len(others) > _FAILURES // 2 else self._failures.values()
            oldest = min(crowd, key=lambda each: each.time)
            del self._failures[oldest.key]

    def _forget(self, key: str) -> None:
        """Forget a failure that passed."""
        if (known := self._failures.get(key)) is not None and known.passes:
            del self._failures[key]

    def _call(self, job_id: str, name: str) -> None:
        if name:
            self._names[job_id] = name
        if len(self._names) > _NAMES:
            del self._names[next(iter(self._names))]


def failure_of(event: Event) -> Failure | None:
    """Return what went wrong by an event; None: nothing."""
    kind, _, verb = event.type.partition(".")
    if not verb.endswith(_FAILED):
        return None
    key = _key(event)
    what = str(event.data.get("code") or verb.replace("_", " "))
    reason = next((str(event.data[name]) for name in _REASONS if event.data.get(name)), "")
    if reason == what:
        reason = f"it answered {event.data['status']}" if event.data.get("status") else ""
    return Failure(
        key,
        event.time,
        what if kind in ("job", "import") else f"{kind} {what}",
        event.subject,
        reason,
        is_of_job=kind == "job",
        passes=verb == "retrying" or event.data.get("again_in") is not None,
    )


def _alike(failure: Failure) -> tuple[str, str, str]:
    return failure.what, failure.subject, failure.reason


def _key(event: Event) -> str:
    """Return what a later failure has in common with it, in whose place it comes."""
    if event.type.startswith("job."):
        return f"{event.subject}/{event.data.get('run')}"
    return f"{event.subject}/{event.data.get('delivery_id') or event.id}"


def note_of(event: Event) -> str:
    """Return in a few words what an event has beside its type and its subject."""
    data: Mapping[str, Any] = event.data
    for name in (*_REASONS, "worker", "email_domain", "by", "status", "fields"):
        if value := data.get(name):
            return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return ""
