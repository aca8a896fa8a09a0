"""Formats for a line of the log: for people, for programs, raw, or by a template."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from cli.errors import WrongArgument
from cli.log.log import Line
from cli.log.screen import Screen, Span, briefly
from cli.pretty import escaped
from cli.times import shown, timestamp
from cli.tree.template import Template
from events.errors import InvalidEvent
from events.summary import summary
from events.types import Unknown

Format = Callable[[Line], bytes]

FIELDS = (
    *("offset", "chunk_time", "time", "type", "subject", "account", "id", "source", "version"),
    *("correlationid", "causationid", "traceparent", "data", "body", "problem"),
)
"""The names that a template can use; `{data[filename]}` reaches into the data."""

NAMES = ("pretty", "short", "wide", "json", "raw")
"""The formats that have a name. `jsonl` is an older one of `json`."""
_MORE = ("account", "id", "source", "version", "correlationid", "causationid", "traceparent")
_DIM = "2"
_COLOURS = {"failed": "31", "refused": "31", "retrying": "33", "converted": "32", "notified": "32"}


class Exported(Struct, omit_defaults=True):
    """A line of JSON: the event as it is in the log; in base64 where it is none, or spans lines."""

    offset: int
    chunk_time: float
    event: Raw | UnsetType = UNSET
    base64: bytes | None = None


class LogLine(Struct, frozen=True, kw_only=True):
    """An event as it is in the log; `base64` has what is none. `tonearm schema` has the forms of events."""

    offset: int
    chunk_time: float
    event: dict[str, Any] | UnsetType = UNSET
    base64: bytes | UnsetType = UNSET


_encoder = msgspec.json.Encoder()


def as_json(line: Line) -> bytes:
    """One JSON object: `{"offset", "chunk_time", "event": {…}}`, or `"base64"` in place of the event."""
    if line.event is None or b"\n" in line.body or b"\r" in line.body:
        return _encoder.encode(Exported(line.offset, line.chunk_time, base64=line.body))
    return _encoder.encode(Exported(line.offset, line.chunk_time, event=Raw(line.body)))


def as_raw(line: Line) -> bytes:
    """The body as it is."""
    return line.body


def named(name: str, screen: Screen, *, whole: bool = False) -> Format:
    """Return the format of this name, or of a template. Raises WrongArgument.

    `whole`: events have their lengthy field, such as what ffmpeg was called with.
    """
    match name:
        case "json" | "jsonl":
            return as_json if screen.columns is None else lambda line: _shown(as_json(line)).encode()
        case "raw":
            return as_raw if screen.columns is None else lambda line: _shown(line.body).encode()
        case "pretty":
            return pretty(screen, whole=whole)
        case "short":
            return short(screen)
        case "wide":
            return wide(screen)
        case _ if "{" in name:
            return template(name)
    raise WrongArgument(
        f"{name!r} is no format: {', '.join(NAMES)}, or a template such as '{{offset}} {{type}}'"
    )


def pretty(screen: Screen, *, whole: bool = False) -> Format:
    """Return the format for people: offset, time, type, subject, data, and the problem if there is one."""

    def write(line: Line) -> bytes:
        data = _data(line, whole=whole)
        spans = [
            (f"{line.offset:>8}", ""),
            (f"  {shown(line.time, 'milliseconds')}", _DIM),
            *_named(line, 20),
            (f"  {_subject(line)}  {data if whole else screen.shortened(data)}" if line.event else "", ""),
        ]
        return screen.line([*spans, *_trouble(line)]).encode()

    return write


def wide(screen: Screen) -> Format:
    """Return the format for people that lacks nothing of the event; absent fields are left out."""

    def write(line: Line) -> bytes:
        spans = [
            (f"{line.offset:>8}", ""),
            (f"  {shown(line.time, 'microseconds')}", _DIM),
            *_named(line, 20),
            (f"  {_subject(line)}" if line.event else "", ""),
        ]
        told = {name: value for name, value in _fields(line).items() if name in _MORE and value}
        for name, value in {**told, "stored": shown(_stored(line), "milliseconds")}.items():
            spans += [(f" {name}=", _DIM), (_shown(str(value)), "")]
        data = (f"  {_data(line, whole=True)}" if line.event else "", "")
        return screen.line([*spans, data, *_trouble(line)]).encode()

    return write


def short(screen: Screen) -> Format:
    """Return the format for narrow terminals: a line for each, cut to fit, with the clock alone."""

    def write(line: Line) -> bytes:
        clock = shown(line.time).partition("T")[2]
        spans = [
            (f"{line.offset:>6}", ""),
            (f" {clock}", _DIM),
            *_named(line, 14),
            (f" {briefly(_subject(line))} {_data(line, whole=False)}" if line.event else "", ""),
        ]
        return screen.line(screen.fitting([*spans, *_trouble(line)])).encode()

    return write


def template(text: str) -> Format:
    """Return the format that fills in a `cli.tree.template`. Raises WrongArgument."""
    filled = Template(text)
    if unknown := sorted(filled.names.difference(FIELDS)):
        raise WrongArgument(f"the template names {unknown[0]!r}; there are {', '.join(FIELDS)}")

    def write(line: Line) -> bytes:
        try:
            return filled.filled(_fields(line)).encode(errors="replace")
        except ValueError as error:
            raise WrongArgument(
                f"the template {text!r} does not suit offset {line.offset}: {error}"
            ) from error

    return write


def _named(line: Line, width: int) -> list[Span]:
    """Return the event's type in the colour of what it means."""
    if line.event is None:
        return [("  not an event:", "31")]
    colour = _COLOURS.get(line.event.type.rpartition(".")[2].rpartition("_")[2], "")
    return [(f"  {escaped(line.event.type):<{width}}", colour)]


def _subject(line: Line) -> str:
    return _shown(line.event.subject) if line.event else ""


def _data(line: Line, *, whole: bool) -> str:
    if line.event is None:
        return ""
    return _shown(bytes(line.event.data if whole else summary(line.event).data))


def _trouble(line: Line) -> list[Span]:
    problem = _shown(_problem(line))
    if line.event is None:
        return [(f" {problem}", "")]
    return [(f"  ({problem})", "33")] if problem else []


def _stored(line: Line) -> datetime:
    """Return when the broker stored it."""
    return datetime.fromtimestamp(line.chunk_time, UTC)


def _fields(line: Line) -> dict[str, Any]:
    fields: dict[str, Any] = dict.fromkeys(FIELDS, "")
    if line.event is not None:
        fields |= {name: getattr(line.event, name, None) or "" for name in FIELDS}
    return fields | {
        "offset": line.offset,
        "chunk_time": timestamp(_stored(line), "milliseconds"),
        "time": timestamp(line.time),
        "data": _object(bytes(line.event.data)) if line.event else "",
        "body": line.body.decode(errors="replace"),
        "problem": _problem(line),
    }


def _object(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return data.decode(errors="replace")


def _problem(line: Line) -> str:
    if line.event is None:
        return line.problem
    try:
        unknown = isinstance(line.event.payload(), Unknown)
    except InvalidEvent as error:
        return f"invalid: {error.reason}"
    return f"unknown to this version: {line.event.dataschema}" if unknown else ""


def _shown(text: str | bytes) -> str:
    return escaped(text.decode(errors="replace") if isinstance(text, bytes) else text)
