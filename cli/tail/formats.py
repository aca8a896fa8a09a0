"""Formats for a record: for people, for programs, for both.

A log holds what strangers sent, such as the names of their files. So no control character of a record
ever reaches a terminal: all formats write it as an escape. `raw` does so only there.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any
from zlib import crc32

import msgspec
from msgspec.structs import replace

from cli.log.screen import Screen, briefly
from cli.pretty import escaped, quoted
from cli.tail.filters import as_text
from cli.tail.parser import bare
from cli.tail.record import Kind, Level, Record
from cli.times import shown, timestamp
from cli.tree.template import Template
from events.summary import LENGTHY

Format = Callable[[Record], str]

NAMES = ("pretty", "short", "wide", "json", "logfmt", "raw")
"""The formats that have a name; the first is the usual one."""

_KEY_REFUSED = re.compile(r"[\s\"=\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

_COLOURS = {
    Level.DEBUG: "2",
    Level.INFO: "32",
    Level.WARNING: "33",
    Level.ERROR: "31",
    Level.CRITICAL: "1;31",
}
_DIM, _BOLD = "2", "1"
_HUES = {"gateway": "36", "auth": "35", "converter": "94", "notifier": "1;36"}
_OTHER_HUES = ("1;35", "1;94", "36", "35", "94", "1;36")
_IDS = frozenset({"event_id", "publisher", "correlation_id", "causation_id", "trace_id"})
"""Fields of every event that say where it comes from."""
_NOTHING: tuple[Any, ...] = (None, "", {}, [])
_ELSEWHERE = _IDS | {"offset", "subject", "account", "account_id"}
"""Fields that a short line leaves out, or has in another place."""


def named(name: str, screen: Screen, *, whole: bool = False) -> Format:
    """Return the format of this name, or of a template. Raises WrongArgument.

    `whole`: also with what most readers have no use for.
    """
    match name:
        case "json":
            return as_json
        case "raw":
            return as_raw if screen.columns is None else lambda record: escaped(as_raw(record))
        case "logfmt":
            return as_logfmt if whole else brief(as_logfmt)
        case "short":
            return short(screen)
        case _ if "{" in name:
            return by_template(Template(name, strict=False, option="-o"))
        case _:
            return pretty(screen, whole=whole or name == "wide")


def as_json(record: Record) -> str:
    """One JSON object, in the shape of `service.logs`, so that it can be read back by this tool."""
    return escaped(msgspec.json.encode(_document(record)).decode())


def by_template(template: Template) -> Format:
    """Return the format that fills in a template, from the JSON object and `raw`."""
    return lambda record: template.filled({**_document(record), "raw": as_raw(record)})


def _document(record: Record) -> dict[str, Any]:
    own: dict[str, Any] = {"timestamp": timestamp(record.time)}
    if record.level is not None:
        own["level"] = record.level.name.lower()
    elif "level" in record.fields:  # one that nobody here understands
        own["level"] = as_text(record.fields["level"])
    own |= {"service": record.source, "event": record.event}
    rest = {key: value for key, value in record.fields.items() if key not in own}
    return {**own, **rest}


def brief(format_: Format, also: Collection[str] = ()) -> Format:
    """Return the format without an event's lengthy field, such as what ffmpeg was called with, and others."""

    def write(record: Record) -> str:
        if record.kind is not Kind.EVENT:
            return format_(record)
        unwanted = {*also, LENGTHY.get(record.event)}
        fields = {key: value for key, value in record.fields.items() if key not in unwanted}
        return format_(replace(record, fields=fields))

    return write


def as_logfmt(record: Record) -> str:
    """`key=value` pairs; values with spaces, quotes or `=` are quoted as in JSON, objects are dotted."""
    pairs: list[tuple[str, Any]] = [("timestamp", timestamp(record.time))]
    if record.level is not None:
        pairs.append(("level", record.level.name.lower()))
    pairs += [("service", record.source), ("event", record.event), *_flat(record.fields)]
    return " ".join(f"{_KEY_REFUSED.sub('_', key) or '_'}={quoted(as_text(value))}" for key, value in pairs)


def as_raw(record: Record) -> str:
    """The line, or the event's body, as it was read."""
    return record.raw


def pretty(screen: Screen, *, whole: bool = False) -> Format:
    """Return the format for people: time, level, service, event, then the fields; tracebacks below.

    `whole`: with an event's ids and lengthy field, and long values as they are.
    """
    cut = (lambda text: text) if whole else screen.shortened

    def write(record: Record) -> str:
        level = record.level.name if record.level else ""
        spans = [
            (shown(record.time, "milliseconds"), _DIM),
            (f" {level:<8} ", _COLOURS.get(record.level or Level.DEBUG, "")),
            (f"{escaped(record.source):<10} ", _hue(record)),
        ]
        if record.kind is Kind.TEXT:
            return screen.line([*spans, ("| ", ""), (cut(escaped(record.event)), "")])
        spans.append((escaped(record.event), _BOLD))
        below = []
        for key, value in _flat(record.fields):
            if isinstance(value, str) and "\n" in value:
                lines = "".join(f"\n    {cut(escaped(line))}" for line in value.rstrip("\n").split("\n"))
                below += [(f"\n  {escaped(key)}:", _DIM), (lines, "")]
            else:
                spans += [(f" {escaped(key)}=", _DIM), (cut(quoted(as_text(value))), "")]
        return screen.line([*spans, *below])

    return write if whole else brief(write, _IDS)


def short(screen: Screen) -> Format:
    """Return the format for narrow terminals: a line for each, cut to fit, with the clock alone, ids cut."""

    def write(record: Record) -> str:
        clock = shown(record.time).partition("T")[2]
        level = record.level.name[0] if record.level and record.level > Level.INFO else " "
        spans = [
            (clock, _DIM),
            (f" {level} ", _COLOURS.get(record.level or Level.DEBUG, "")),
            (f"{escaped(record.source):<9} ", _hue(record)),
            (escaped(bare(record.event)), "") if record.kind is Kind.TEXT else (escaped(record.event), _BOLD),
        ]
        if subject := record.fields.get("subject"):
            spans.append((f" {escaped(briefly(as_text(subject)))}", ""))
        for key, value in _flat(record.fields):
            if key not in _ELSEWHERE and value not in _NOTHING:
                spans += [(f" {escaped(key)}=", _DIM), (quoted(briefly(as_text(value))), "")]
        return screen.line(screen.fitting(spans))

    return brief(write, _IDS)


def _hue(record: Record) -> str:
    if record.kind is Kind.EVENT:
        return _BOLD
    return _HUES.get(record.source) or _OTHER_HUES[crc32(record.source.encode()) % len(_OTHER_HUES)]


def _flat(fields: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in fields.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
