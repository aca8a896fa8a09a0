"""Formats for a record: for people, for programs, for both.

A log holds what strangers sent, such as the names of their files. So no control character of a record
ever reaches the terminal: `pretty` and `logfmt` write it as an escape.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import msgspec
from msgspec.structs import replace

from cli.pretty import escaped, painted, quoted
from cli.tail.filters import as_text
from cli.tail.record import Kind, Level, Record
from cli.times import shown, timestamp
from events.summary import LENGTHY

Format = Callable[[Record], str]

_KEY_REFUSED = re.compile(r"[\s\"=\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

_COLOURS = {
    Level.DEBUG: "2",
    Level.INFO: "32",
    Level.WARNING: "33",
    Level.ERROR: "31",
    Level.CRITICAL: "1;31",
}
_SERVICE_COLOURS = ("36", "35", "34", "96", "95", "94")


def as_json(record: Record) -> str:
    """One JSON object, in the shape of `service.logs`, so that it can be read back by this tool."""
    own: dict[str, Any] = {"timestamp": timestamp(record.time)}
    if record.level is not None:
        own["level"] = record.level.name.lower()
    own |= {"service": record.source, "event": record.event}
    rest = {key: value for key, value in record.fields.items() if key not in own}
    return escaped(msgspec.json.encode({**own, **rest}).decode())


def brief(format_: Format) -> Format:
    """Return the format without an event's lengthy field, such as what ffmpeg was called with."""

    def write(record: Record) -> str:
        lengthy = LENGTHY.get(record.event) if record.kind is Kind.EVENT else None
        if lengthy not in record.fields:
            return format_(record)
        fields = {key: value for key, value in record.fields.items() if key != lengthy}
        return format_(replace(record, fields=fields))

    return write


def as_logfmt(record: Record) -> str:
    """`key=value` pairs; values with spaces, quotes or `=` are quoted as in JSON, objects are dotted."""
    pairs: list[tuple[str, Any]] = [("timestamp", timestamp(record.time))]
    if record.level is not None:
        pairs.append(("level", record.level.name.lower()))
    pairs += [("service", record.source), ("event", record.event), *_flat(record.fields)]
    return " ".join(f"{_KEY_REFUSED.sub('_', key) or '_'}={quoted(as_text(value))}" for key, value in pairs)


def pretty(colour: bool) -> Format:
    """Return the format for people: time, level, service, event, then the fields; tracebacks below."""

    def paint(codes: str, text: str) -> str:
        return painted(text, codes) if colour and text else text

    def write(record: Record) -> str:
        level = record.level.name if record.level else ""
        hue = "1" if record.kind is Kind.EVENT else _SERVICE_COLOURS[crc32(record.source.encode()) % 6]
        head = [
            paint("2", shown(record.time, "milliseconds")),
            paint(_COLOURS.get(record.level or Level.DEBUG, ""), f"{level:<8}"),
            paint(hue, f"{escaped(record.source):<10}"),
        ]
        if record.kind is Kind.TEXT:
            return " ".join([*head, "|", escaped(record.event)])
        below = ""
        pairs = []
        for key, value in _flat(record.fields):
            if isinstance(value, str) and "\n" in value:
                lines = "".join(f"\n    {escaped(line)}" for line in value.rstrip("\n").split("\n"))
                below += f"\n  {paint('2', escaped(key) + ':')}{lines}"
            else:
                pairs.append(paint("2", escaped(key) + "=") + quoted(as_text(value)))
        return " ".join([*head, paint("1", escaped(record.event)), *pairs]) + below

    return write


def _flat(fields: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in fields.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
