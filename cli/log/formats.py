"""Formats for a line of the log: for people, for programs, raw, or by a template."""

import re
import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cli.errors import WrongArgument
from cli.log.log import Line
from cli.pretty import escaped, painted
from cli.times import shown, timestamp
from events.errors import InvalidEvent
from events.summary import summary
from events.types import Unknown

Format = Callable[[Line], bytes]

FIELDS = (
    *("offset", "chunk_time", "time", "type", "subject", "account", "id", "source", "version"),
    *("correlationid", "causationid", "traceparent", "data", "body", "problem"),
)
"""The names that a template can use; `{data[filename]}` reaches into the data."""

_COLOURS = {"failed": "31", "refused": "31", "retrying": "33", "converted": "32", "notified": "32"}

_TOO_WIDE = re.compile(r"\d{5}")
"""A field that wide is a mistake, and wider ones take all the memory there is."""

NOTHING = Raw(b"")


class Exported(Struct, omit_defaults=True):
    """A line of JSON: the event as it is in the log; in base64 where it is none, or spans lines."""

    offset: int
    chunk_time: float
    event: Raw = NOTHING
    base64: bytes | None = None


_encoder = msgspec.json.Encoder()


def as_json(line: Line) -> bytes:
    """One JSON object: `{"offset", "chunk_time", "event": {…}}`, or `"base64"` in place of the event."""
    if line.event is None or b"\n" in line.body or b"\r" in line.body:
        return _encoder.encode(Exported(line.offset, line.chunk_time, base64=line.body))
    return _encoder.encode(Exported(line.offset, line.chunk_time, event=Raw(line.body)))


def as_raw(line: Line) -> bytes:
    """The body as it is."""
    return line.body


def pretty(coloured: bool, *, whole: bool = False) -> Format:
    """Return the format for people: offset, time, type, subject, data, and the problem if there is one.

    `whole`: the data have their lengthy field, such as what ffmpeg was called with.
    """

    def write(line: Line) -> bytes:
        time = shown(line.time, "milliseconds")
        if line.event is None:
            return f"{line.offset:>8}  {time}  not an event: {_shown(line.problem)}".encode()
        event, problem = line.event, _problem(line)
        type_ = f"{escaped(event.type):<20}"
        colour = _COLOURS.get(event.type.rpartition(".")[2].rpartition("_")[2])
        if coloured and colour:
            type_ = painted(type_, colour)
        data = _shown(bytes(event.data if whole else summary(event).data))
        text = f"{line.offset:>8}  {time}  {type_}  {_shown(event.subject)}  {data}"
        return (f"{text}  ({_shown(problem)})" if problem else text).encode()

    return write


def template(text: str) -> Format:
    r"""Return the format that fills in `text`; `\t` is a tab, `\n` a line's end. Raises WrongArgument."""
    text = text.replace("\\t", "\t").replace("\\n", "\n")
    try:
        parsed = [
            (name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None
        ]
    except ValueError as error:
        raise WrongArgument(f"the template {text!r}: {error}") from None
    for name, spec in parsed:
        if "{" in spec or _TOO_WIDE.search(spec):
            raise WrongArgument(f"the template's {{{name}:{spec}}}: a width is a number up to 9999")
        if name.partition("[")[0] not in FIELDS:
            raise WrongArgument(f"the template names {name!r}; there are {', '.join(FIELDS)}")

    def write(line: Line) -> bytes:
        try:
            return text.format_map(_fields(line)).encode(errors="replace")
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise WrongArgument(
                f"the template {text!r} does not suit offset {line.offset}: {error}"
            ) from error

    return write


class _Data:
    """The data as a template sees it: as it is, or a field of it, empty where there is none."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __getitem__(self, name: str) -> Any:
        try:
            value = msgspec.json.decode(self._data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        return value.get(name, "") if isinstance(value, dict) else ""

    def __format__(self, spec: str) -> str:
        return format(self._data.decode(errors="replace"), spec)


def _fields(line: Line) -> dict[str, Any]:
    fields: dict[str, Any] = dict.fromkeys(FIELDS, "")
    if line.event is not None:
        fields |= {name: getattr(line.event, name, None) or "" for name in FIELDS}
    chunk_time = timestamp(datetime.fromtimestamp(line.chunk_time, UTC), "milliseconds")
    return fields | {
        "offset": line.offset,
        "chunk_time": chunk_time,
        "time": timestamp(line.time),
        "data": _Data(bytes(line.event.data) if line.event else b""),
        "body": line.body.decode(errors="replace"),
        "problem": _problem(line),
    }


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
