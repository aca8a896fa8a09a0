"""Filters for records. A filter is a predicate; all of them must hold."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from cli.tail.record import Kind, Level, Record

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


def matching(pattern: re.Pattern[str]) -> Filter:
    """Keep lines, and events' bodies, in which the expression is found."""
    return lambda record: pattern.search(record.raw) is not None


def including(patterns: Iterable[re.Pattern[str]]) -> Filter:
    """Keep those in which one of the expressions is found."""
    chosen = tuple(patterns)
    return lambda record: any(pattern.search(record.raw) for pattern in chosen)


def excluding(patterns: Iterable[re.Pattern[str]]) -> Filter:
    """Keep those in which none of the expressions is found."""
    found = including(patterns)
    return lambda record: not found(record)


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
