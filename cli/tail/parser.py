"""From a line of a log, or an event of the stream, to a record. Pure; nothing here ever raises.

A log line is what `service.logs` writes, or another logger's JSON or logfmt, see `spellings`. It may stand
behind what `kubectl logs --prefix --timestamps` or `docker compose logs` put before it. Anything else is
text and passes through: with its own time when it begins with one (as the broker's log does), otherwise
with the time of the line before.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from cli.tail.logfmt import pairs
from cli.tail.record import Kind, Level, Record
from cli.tail.spellings import LEVELS, MESSAGES, SERVICES, TIMES, level_in, level_of, time_of
from cli.times import parse_time
from events import envelope
from events.errors import InvalidEvent

T = TypeVar("T")

EVENT_LOG = "log"
"""The source of events, in the place where log lines have their service."""

_TIME = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[Zz]|[+-]\d\d:?\d\d)?"
_PREFIXED = re.compile(
    rf"(?:\[(?P<pod>[^\]\s]+)\]\s+|(?P<container>[\w.-]+)\s+\|\s)?(?:(?P<time>{_TIME})\s+)?(?P<rest>.*)",
    re.DOTALL,
)
_NOT_OURS = re.compile(r"^[\ufeff\0]+|\x1b\[[0-9;:]*m")
"""A byte order mark, the hole before a file that was cut while it was written, and colours."""
_LONE = re.compile("[\ud800-\udfff]+")
_OWN_KEYS = frozenset({"timestamp", "level", "service", "event"})
_EVENT_LEVELS = {
    "job.failed": Level.ERROR,
    "job.notification_failed": Level.ERROR,
    "job.retrying": Level.WARNING,
    "account.sign_in_refused": Level.WARNING,
}
_decoder = msgspec.json.Decoder(dict[str, Any])


def own_time(line: str) -> datetime | None:
    """Return the time in the line itself, if there is one."""
    _, time, _, fields = _split(_cleaned(line), "")
    return time if fields is None else _told(fields, TIMES, time_of)[1] or time


def parse_line(line: str, service: str, before: datetime) -> Record:
    """Read a line of the service's output. `before` is the time of the line before it.

    Bytes that are no UTF-8 come as lone surrogates (`errors="surrogateescape"`). They stay so in `raw`, and
    are U+FFFD everywhere else.
    """
    name, time, text, fields = _split(_cleaned(line), service)
    if fields is None:
        level = level_in(text)
        return Record(kind=Kind.TEXT, time=time or before, source=name, event=text, level=level, raw=line)
    time_key, own = _told(fields, TIMES, time_of)
    level_key, level = _told(fields, LEVELS, level_of)
    source_key, source = _told(fields, SERVICES, _text)
    event_key, event = _told(fields, MESSAGES, _text)
    understood = {time_key, level_key, source_key, event_key}
    return Record(
        kind=Kind.LINE,
        time=own or time or before,
        source=source or name,
        event=event or "",
        level=level,
        fields={key: value for key, value in fields.items() if key not in understood},
        raw=line,
    )


def _cleaned(line: str) -> str:
    return line if line.isprintable() else _LONE.sub("\ufffd", _NOT_OURS.sub("", line))


def _told(
    fields: dict[str, Any], names: tuple[str, ...], read: Callable[[Any], T | None]
) -> tuple[str | None, T | None]:
    """Return the first of these fields that can be read, and its value."""
    for name in names:
        if name in fields and (value := read(fields[name])) is not None:
            return name, value
    return None, None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def parse_event(offset: int, body: bytes, before: datetime) -> Record:
    """Read an event of the stream. Data that this build does not know is shown as it stands."""
    raw = body.decode(errors="replace")
    try:
        event = envelope.decode(body)
    except InvalidEvent as error:
        return Record(
            kind=Kind.EVENT,
            time=before,
            source=EVENT_LOG,
            event="invalid_event",
            level=Level.ERROR,
            fields={"offset": offset, "error": error.reason},
            raw=raw,
        )
    about = {"offset": offset, "subject": event.subject, "account": event.account}
    trailing = {
        "event_id": event.id,
        "publisher": event.source,
        "correlation_id": event.correlationid,
        "causation_id": event.causationid,
        "trace_id": trace_of(event.traceparent),
    }
    ids = {key: value for key, value in trailing.items() if value}
    taken = {*about, *ids, *_OWN_KEYS}
    data = {f"data.{key}" if key in taken else key: value for key, value in _data(event).items()}
    return Record(
        kind=Kind.EVENT,
        time=event.time.astimezone(UTC),
        source=EVENT_LOG,
        event=event.type,
        level=_EVENT_LEVELS.get(event.type, Level.INFO),
        fields={**about, **data, **ids},
        raw=raw,
    )


def bare(line: str) -> str:
    """Return a line of text without what stands before it: names, and its time."""
    match = _PREFIXED.match(line)
    return match["rest"] if match else line


def trace_of(traceparent: Any) -> str | None:
    """Return the trace id within a W3C `traceparent`."""
    parts = traceparent.split("-") if isinstance(traceparent, str) else []
    return parts[1] if len(parts) >= 4 else None


def _split(line: str, service: str) -> tuple[str, datetime | None, str, dict[str, Any] | None]:
    """Return service, time before the line proper, the line proper, and its fields if it is JSON."""
    if line.startswith("{") and (fields := _json(line)) is not None:
        return service, None, line, fields
    match = _PREFIXED.match(line)
    assert match is not None  # noqa: S101 - every part of the pattern may be empty
    name = match["container"] or (match["pod"] or "").rpartition("/")[2] or service
    fields = _json(match["rest"])
    return name, parse_time(match["time"]), line, pairs(match["rest"]) if fields is None else fields


def _json(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _data(event: envelope.Event) -> dict[str, Any]:
    data = _json(bytes(event.data).decode(errors="replace"))
    return {"data": bytes(event.data).decode(errors="replace")} if data is None else data
