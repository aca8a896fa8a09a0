"""Filters for records. A filter is a predicate; all of them must hold."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

import msgspec

from cli.ids import WHOLE, meant
from cli.tail.parser import trace_of
from cli.tail.record import Kind, Level, Record
from events.payload import Aggregate, aggregate_of

Filter = Callable[[Record], bool]


def every(filters: Iterable[Filter]) -> Filter:
    """Return the filter that holds when all of them do."""
    chosen = tuple(filters)
    return lambda record: all(holds(record) for holds in chosen)


def at_least(level: Level) -> Filter:
    """Keep what is as severe, or has no level: a crash's plain text must not be hidden."""
    return lambda record: record.level is None or record.level >= level


def named(patterns: Iterable[str]) -> Filter:
    """Keep events by type and log lines by name; a pattern may be a glob such as `job.*`."""
    chosen = tuple(patterns)
    return lambda record: record.kind is not Kind.TEXT and any(fnmatchcase(record.event, p) for p in chosen)


def from_services(names: Iterable[str]) -> Filter:
    """Keep what these services wrote; events are `log`'s."""
    chosen = frozenset(names)
    return lambda record: record.source in chosen


def between(since: datetime | None, until: datetime | None) -> Filter:
    """Keep what happened at `since` or later, and before `until`."""
    return lambda record: (since is None or record.time >= since) and (until is None or record.time < until)


def matching(pattern: str) -> Filter:
    """Keep lines, and events' bodies, in which the expression is found. Raises re.error."""
    regex = re.compile(pattern)
    return lambda record: regex.search(record.raw) is not None


def field(condition: str) -> Filter:
    """Read `key=value` or `key~regex`; the key may be dotted, and name `event`, `level` or `service`.

    Values are compared as text: `5`, `true`, `null`. Raises ValueError, re.error.
    """
    match = re.fullmatch(r"([^=~]+)([=~])(.*)", condition, re.DOTALL)
    if match is None:
        raise ValueError(f"{condition!r} is neither key=value nor key~regex")
    key, operator, wanted = match.groups()
    if operator == "=":
        return lambda record: (found := look_up(record, key)) is not _ABSENT and as_text(found) == wanted
    regex = re.compile(wanted)
    return lambda record: (
        (found := look_up(record, key)) is not _ABSENT and regex.search(as_text(found)) is not None
    )


_ABSENT = object()


def look_up(record: Record, key: str) -> Any:
    """Return the field's value; the key as it stands goes before the dotted path."""
    if key == "service":
        return record.source
    if key == "event":
        return record.event
    if key == "level" and record.level is not None:
        return record.level.name.lower()
    return _within(record.fields, key)


def _within(value: Any, key: str) -> Any:
    if not isinstance(value, dict):
        return _ABSENT
    if key in value:
        return value[key]
    head, dot, rest = key.partition(".")
    return _within(value[head], rest) if dot and head in value else _ABSENT


def as_text(value: Any) -> str:
    """Return a field's value as it is written on a line: text bare, everything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class OfAccount:
    """Keeps what concerns the account: its own events, its jobs', and log lines that name it."""

    def __init__(self, account_id: str) -> None:
        """The id may be shortened, if `learn` is called with every record first, and then `settle`."""
        self.account_id = account_id
        self.is_whole = len(account_id) >= WHOLE
        self._found: set[str] = set()

    def __call__(self, record: Record) -> bool:
        """Return True if the record concerns the account. Raises WrongArgument."""
        if not self.is_whole:
            self.learn(record)
            self.settle()
        return bool(_named_by(record, _ACCOUNT_KEYS, self.account_id))

    def learn(self, record: Record) -> None:
        """Remember which accounts may be meant."""
        self._found |= _named_by(record, _ACCOUNT_KEYS, self.account_id)

    def settle(self) -> None:
        """Know which one is meant. Raises WrongArgument if it may be several."""
        self.account_id = meant(self.account_id, self._found, "account") or self.account_id


class OfJob:
    """Keeps one job's story: what names it, and what shares an event or a trace with that.

    A trace may hold many jobs: what names another job stays out. `learn` reads ahead, so that a request's
    line is kept although the job's name falls only later in its trace.
    """

    def __init__(self, job_id: str) -> None:
        """The id may be shortened, see `settle`."""
        self.job_id = job_id
        self._related: dict[str, set[str]] = {}

    def __call__(self, record: Record) -> bool:
        """Return True if the record belongs to the job, and learn from it."""
        if self.learn(record):
            self.settle()  # a job that comes only now may be the one that is meant
            return True
        related = self._related.get(self.job_id, set())
        return not self._names_another(record) and not related.isdisjoint(_ids(record))

    def learn(self, record: Record) -> bool:
        """Remember the events and traces of a record that names the job. Return True if it does."""
        named = _named_by(record, _JOB_KEYS, self.job_id)
        for job_id in named:
            self._related.setdefault(job_id, set()).update(_ids(record))
        return bool(named)

    def settle(self) -> None:
        """Know which job is meant by a shortened id. Raises WrongArgument if it may be several."""
        self.job_id = meant(self.job_id, self._related, "job") or self.job_id

    def _names_another(self, record: Record) -> bool:
        is_job = record.kind is Kind.EVENT and aggregate_of(record.event) is Aggregate.JOB
        return is_job or record.fields.get("job_id") is not None


_JOB_KEYS = ("job_id", "subject", "correlation_id")
_ACCOUNT_KEYS = ("account", "account_id", "subject")


def _named_by(record: Record, keys: tuple[str, ...], begin: str) -> set[str]:
    """Return the ids in these fields that begin so."""
    values = (record.fields.get(key) for key in keys)
    return {value for value in values if isinstance(value, str) and value.startswith(begin)}


def made_at(job_id: str) -> datetime | None:
    """Return when an id was made: UUIDv7 begins with the milliseconds (RFC 9562). None for other ids."""
    try:
        uuid = UUID(job_id)
        return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC) if uuid.version == 7 else None
    except (ValueError, OverflowError, OSError):
        return None


def _ids(record: Record) -> set[str]:
    values = [
        record.fields.get("event_id"),
        record.fields.get("trace_id"),
        trace_of(record.fields.get("traceparent")),
    ]
    return {value for value in values if isinstance(value, str)}
