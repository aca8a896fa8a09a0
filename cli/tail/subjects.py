"""The subjects of a record: a job, an account. Ids may be shortened, and the last job is `@-1`.

`learn` is given all records first, then `settle` is called: which id is meant, and what belongs to a job, may
be known only later in the log.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from cli.ids import WHOLE, at_the_end, from_the_end, meant
from cli.tail.parser import trace_of
from cli.tail.record import Kind, Record
from cli.tail.sources.events import Events
from events.payload import Aggregate, aggregate_of
from events.types import JobUploaded


class Subject(Protocol):
    """A filter that has to learn."""

    must_learn: bool
    """Without having read ahead it may miss something."""

    def __call__(self, record: Record) -> bool:
        """Return True if the record concerns it, and learn from the record. Raises WrongArgument."""

    def learn(self, record: Record) -> bool:
        """Remember what the record has of it. Return True if the record names it."""

    def settle(self) -> None:
        """Know what is meant. Raises WrongArgument if it may be several, NothingFound if nothing can be."""


class AnyOf:
    """Keeps what concerns one of several (a `Subject`)."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._subjects = subjects
        self.must_learn = any(each.must_learn for each in subjects)

    def __call__(self, record: Record) -> bool:
        """Ask each of them, as each may learn."""
        return max([each(record) for each in self._subjects])

    def learn(self, record: Record) -> bool:
        """Let each of them learn."""
        return max([each.learn(record) for each in self._subjects])

    def settle(self) -> None:
        """Settle each of them."""
        for each in self._subjects:
            each.settle()


def subjects(jobs: Iterable[str], accounts: Iterable[str]) -> tuple[Subject, ...]:
    """Return what records must concern: one of the jobs, and one of the accounts, where any are named."""
    chosen = ([OfJob(each) for each in jobs], [OfAccount(each) for each in accounts])
    return tuple(AnyOf(each) for each in chosen if each)


async def counted_back(log: Events, jobs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the jobs with the ids of those that are `@-1` and so on, as far as the log has them.

    It is read from its end. Logs of services alone have to be read whole for it, see `OfJob`.
    """
    count = max((from_the_end(each) or 0 for each in jobs), default=0)
    if not count:
        return jobs
    last = [record.fields["subject"] async for record in log.history(None, count, _is_upload)]
    places = [from_the_end(each) for each in jobs]
    return tuple(
        last[-place] if place and place <= len(last) else job for job, place in zip(jobs, places, strict=True)
    )


def _is_upload(record: Record) -> bool:
    return record.kind is Kind.EVENT and record.event == JobUploaded.TYPE


class OfAccount:
    """Keeps what concerns the account: its own events, its jobs', and log lines that name it."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.must_learn = len(account_id) < WHOLE
        self._found: set[str] = set()

    def __call__(self, record: Record) -> bool:
        """Return True if the record concerns the account."""
        if self.must_learn:
            self.learn(record)
            self.settle()
        return bool(_named_by(record, _ACCOUNT_KEYS, self.account_id))

    def learn(self, record: Record) -> bool:
        """Remember which accounts may be meant."""
        found = _named_by(record, _ACCOUNT_KEYS, self.account_id)
        self._found |= found
        return bool(found)

    def settle(self) -> None:
        """Know which one is meant."""
        self.account_id = meant(self.account_id, self._found, "account") or self.account_id


class OfJob:
    """Keeps one job's story: what names it, and what shares an event or a trace with that.

    A trace may hold many jobs: what names another job stays out. `learn` reads ahead, so that a request's
    line is kept although the job's name falls only later in its trace.
    """

    must_learn = True

    def __init__(self, job_id: str) -> None:
        """`@-1` is the last job, `@-2` the one before."""
        self._from_the_end = from_the_end(job_id)
        self.job_id = "" if self._from_the_end else job_id
        self._related: dict[str, set[str]] = {}

    def __call__(self, record: Record) -> bool:
        """Return True if the record belongs to the job."""
        if self.learn(record):
            self.settle()  # a job that comes only now may be the one that is meant
            return True
        related = self._related.get(self.job_id, set())
        return not self._names_another(record) and not related.isdisjoint(_ids(record))

    def learn(self, record: Record) -> bool:
        """Remember the events and traces of a record that names the job."""
        named = self._jobs(record) if self._from_the_end else _named_by(record, _JOB_KEYS, self.job_id)
        for job_id in named:
            self._related.setdefault(job_id, set()).update(_ids(record))
        if self._from_the_end and len(self._related) > self._from_the_end:
            del self._related[min(self._related)]  # ids sort by time: only so many may be meant
        return bool(named)

    def settle(self) -> None:
        """Know which job is meant."""
        if self._from_the_end:
            self.job_id = at_the_end(self._from_the_end, sorted(self._related), "job")
            self._from_the_end = None
        self.job_id = meant(self.job_id, self._related, "job") or self.job_id

    def _jobs(self, record: Record) -> set[str]:
        """Return the jobs that the record names for sure."""
        keys = ("subject",) if _is_of_job(record) else ("job_id",) if record.kind is Kind.LINE else ()
        return {each for each in _named_by(record, keys, "") if len(each) == WHOLE}

    def _names_another(self, record: Record) -> bool:
        return _is_of_job(record) or record.fields.get("job_id") is not None


def _is_of_job(record: Record) -> bool:
    return record.kind is Kind.EVENT and aggregate_of(record.event) is Aggregate.JOB


_JOB_KEYS = ("job_id", "subject", "correlation_id")
_ACCOUNT_KEYS = ("account", "account_id", "subject")


def _named_by(record: Record, keys: tuple[str, ...], begin: str) -> set[str]:
    """Return the ids in these fields that begin so."""
    values = (record.fields.get(key) for key in keys)
    return {value for value in values if isinstance(value, str) and value.startswith(begin)}


def _ids(record: Record) -> set[str]:
    values = [
        record.fields.get("event_id"),
        record.fields.get("trace_id"),
        trace_of(record.fields.get("traceparent")),
    ]
    return {value for value in values if isinstance(value, str)}
