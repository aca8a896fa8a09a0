"""Conditional and range requests (RFC 9110, sections 13 and 14), as one pure decision.

A file of ours never changes under its entity tag, so the tag is strong. One range is answered with 206;
several at once are answered with the whole file, which section 14.2 allows.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import NamedTuple


class Whole(NamedTuple):
    """200: all of it."""


class Part(NamedTuple):
    """206: the bytes from `first` to `last`, both included."""

    first: int
    last: int


class NotModified(NamedTuple):
    """304: the client has it already."""


class PreconditionFailed(NamedTuple):
    """412: the client wants another version than there is."""


class Unsatisfiable(NamedTuple):
    """416: no such range."""


Decision = Whole | Part | NotModified | PreconditionFailed | Unsatisfiable


class Version(NamedTuple):
    """The identity of stored bytes: size, entity tag (with its quotes) and time of making."""

    size: int
    etag: str
    modified: datetime

    @property
    def last_modified(self) -> str:
        """The time as HTTP writes it: whole seconds, GMT."""
        return format_datetime(self.modified.astimezone(UTC).replace(microsecond=0), usegmt=True)


_TAGS = re.compile(r'(?:W/)?"[^"]*"')
_LONGEST = 4096
"""Characters of a list of entity tags that are worth reading; no client of ours has so many copies."""
_RANGE = re.compile(r"([0-9]*)-([0-9]*)")
_MAX_DIGITS = 20
"""More digits than any size has; longer numbers are not worth their conversion."""


def decide(method: str, headers: Mapping[str, str], version: Version) -> Decision:
    """Decide by the headers (lower-case names) of a GET or HEAD, in the order of section 13.2.2."""
    if (match := headers.get("if-match")) is not None:
        if not matches(match, version.etag, strong=True):
            return PreconditionFailed()
    elif (since := _date(headers.get("if-unmodified-since"))) is not None and _seconds(version) > since:
        return PreconditionFailed()
    if (none_match := headers.get("if-none-match")) is not None:
        if matches(none_match, version.etag, strong=False):
            return NotModified()
    elif (since := _date(headers.get("if-modified-since"))) is not None and _seconds(version) <= since:
        return NotModified()
    wanted = headers.get("range")
    if method != "GET" or wanted is None or not _still_same(headers.get("if-range"), version):
        return Whole()
    return select(wanted, version.size)


def select(header: str, size: int) -> Whole | Part | Unsatisfiable:
    """Read a Range header. An unknown unit is ignored, a malformed range is not satisfiable."""
    unit, equals, spec = header.partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return Whole()
    if "," in spec:
        return Whole()
    match = _RANGE.fullmatch(spec.strip())
    if match is None or max(len(match[1]), len(match[2])) > _MAX_DIGITS:
        return Unsatisfiable()
    first, last = match[1], match[2]
    if not first:
        if not last or int(last) == 0 or size == 0:
            return Unsatisfiable()
        return Part(max(size - int(last), 0), size - 1)
    if int(first) >= size or (last and int(last) < int(first)):
        return Unsatisfiable()
    return Part(int(first), min(int(last), size - 1) if last else size - 1)


def matches(header: str, etag: str, *, strong: bool) -> bool:
    """Compare by section 8.8.3.2; our own tag is always strong."""
    if len(header) > _LONGEST:
        return False
    if header.strip() == "*":
        return True
    tags = _TAGS.findall(header)
    return etag in (tags if strong else [tag.removeprefix("W/") for tag in tags])


def _still_same(if_range: str | None, version: Version) -> bool:
    if if_range is None:
        return True
    if '"' in if_range:
        return if_range.strip() == version.etag
    return _date(if_range) == _seconds(version)


def _date(value: str | None) -> datetime | None:
    """Read an HTTP date; one that cannot be read counts as absent (section 13.1.3)."""
    if value is None:
        return None
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _seconds(version: Version) -> datetime:
    return version.modified.replace(microsecond=0)
