"""The jobs that are not over, of all accounts. Pure.

They are those that the stored views know, and what the log has since then. The furthest that a job has come
counts, in whatever order its events are read.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from events.envelope import Recorded
from events.options import Options
from events.projections.job_view import SETTLED, JobView, State, Video
from events.types import (
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobUploaded,
)
from gateway.line.durations import Size, length

_OVER = 10_000
"""Jobs that are remembered as over: an event of theirs may come late."""
_LAST_RUN = 2**31
_WAITS, _BEGAN, _FAILED = 0, 1, 2
"""The steps of an attempt."""


class Open(Struct, frozen=True, kw_only=True):
    """A job that is not over. Times are in seconds since 1970."""

    job_id: str
    account: str
    reached: tuple[int, int, int]
    """Its run, the attempt, and the step of that."""
    offset: int
    bulk: bool
    options: Options
    size: Size
    ready: float
    """When it came into its queue, or will be there for another attempt."""
    began: float | None = None
    """When a worker began; None while it waits."""


class Change(NamedTuple):
    """A job before an event and after it; None: it is not open."""

    before: Open | None
    after: Open | None


class OpenJobs:
    """All jobs that are not over."""

    def __init__(self) -> None:
        self._jobs: dict[str, Open] = {}
        self._of_account: dict[str, dict[str, None]] = {}
        self._over: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Open]:
        return iter(self._jobs.values())

    def get(self, job_id: str) -> Open | None:
        """Return the job if it is open."""
        return self._jobs.get(job_id)

    def of_account(self, account: str) -> int:
        """Return how many the account has."""
        return len(self._of_account.get(account, ()))

    def ids_of(self, account: str) -> list[str]:
        """Return those of the account, in the order in which they came here."""
        return list(self._of_account.get(account, ()))

    def restore(self, view: JobView) -> None:
        """Take in a job as the stored views know it, unless the log is ahead of them."""
        job = self._jobs.get(view.job_id)
        if view.video is None or view.state in SETTLED or self._over.get(view.job_id, 0) >= view.run:
            return
        restored = _restored(view, view.video)
        if job is None or job.reached < restored.reached:
            self._put(restored)

    def take(self, recorded: Recorded) -> Change | None:
        """Take in an event. Returns what it has changed; None for nothing."""
        event = recorded.event
        payload, time = event.payload(), event.time.timestamp()
        job = self._jobs.get(event.subject)
        match payload:
            case JobUploaded() | JobRequeued():
                run = payload.run if isinstance(payload, JobRequeued) else 1
                reached = run, 1, _WAITS
                if self._over.get(event.subject, 0) >= run or (job and job.reached >= reached):
                    return None
                joined = Open(
                    job_id=event.subject,
                    account=event.account,
                    reached=reached,
                    offset=recorded.offset,
                    bulk=payload.bulk,
                    options=payload.options,
                    size=Size(format=payload.options.format, bytes=payload.bytes),
                    ready=time,
                )
                return self._put(joined)
            case JobStarted() if job and job.reached <= (reached := (payload.run, payload.attempt, _BEGAN)):
                # Told again, another worker has begun the attempt anew: the one before died.
                began = max(time, job.began or time)
                return self._put(replace(job, reached=reached, began=began))
            case JobProbed() if job and job.reached[0] == payload.run:
                return self._put(
                    replace(job, size=replace(job.size, seconds=length(payload.media, job.options)))
                )
            case JobRetrying() if job and job.reached < (reached := (payload.run, payload.attempt, _FAILED)):
                ready = time + payload.delay_seconds
                return self._put(replace(job, reached=reached, ready=ready, began=None))
            case JobConverted() | JobFailed() | JobCancelled():
                return self._end(event.subject, payload.run)
            case JobDeleted():
                return self._end(event.subject, _LAST_RUN)
            case _:
                return None

    def _put(self, job: Open) -> Change:
        before = self._jobs.get(job.job_id)
        if before is not None and before.account != job.account:
            self._leave(before)
        self._of_account.setdefault(job.account, {})[job.job_id] = None
        self._jobs[job.job_id] = job
        return Change(before, job)

    def _end(self, job_id: str, run: int) -> Change | None:
        """Take a job out, unless another run has begun."""
        job = self._jobs.get(job_id)
        if job is not None and job.reached[0] > run:
            return None
        self._over[job_id] = max(run, self._over.pop(job_id, 0))
        if len(self._over) > _OVER:
            self._over.popitem(last=False)
        if job is None:
            return None
        del self._jobs[job_id]
        self._leave(job)
        return Change(job, None)

    def _leave(self, job: Open) -> None:
        ids = self._of_account[job.account]
        del ids[job.job_id]
        if not ids:
            del self._of_account[job.account]


def began_at(view: JobView) -> float | None:
    """Return when a worker began with the newest attempt of the current run; None where none has."""
    begun = (entry for entry in view.timeline if entry.state is State.CONVERTING and entry.run == view.run)
    return max((entry.time.timestamp() for entry in begun), default=None)


def size_of(view: JobView, video: Video) -> Size:
    """Return the size of a job's conversion."""
    seconds = length(view.probe.media, video.options) if view.probe else None
    return Size(format=video.options.format, bytes=video.bytes, seconds=seconds)


def _restored(view: JobView, video: Video) -> Open:
    step = {State.CONVERTING: _BEGAN, State.RETRYING: _FAILED}.get(view.state, _WAITS)
    asked = (entry for entry in view.timeline if entry.run == view.run and entry.state is State.UPLOADED)
    return Open(
        job_id=view.job_id,
        account=view.account,
        reached=(view.run, max(view.attempt, 1), step),
        offset=video.offset,
        bulk=video.bulk,
        options=video.options,
        size=size_of(view, video),
        ready=min((entry.time for entry in asked), default=view.updated).timestamp(),
        began=began_at(view) if step is _BEGAN else None,
    )
