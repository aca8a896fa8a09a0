"""A record: an event of the log, a JSON log line or a line of plain text, in one form."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct


class Kind(StrEnum):
    """The source of a record, for filters."""

    EVENT = "event"
    LINE = "line"
    TEXT = "text"


class Level(IntEnum):
    """Severity, in order."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


class Record(Struct, frozen=True, kw_only=True):
    """One thing that happened.

    `time` is aware; a line without one has that of the line before it, so that it stays in its place.
    `source` is the service, or `log` for events. `event` is the name, and for text the whole line.
    `raw` is what was read, for searching; bytes that are no UTF-8 are lone surrogates in it (PEP 383).
    `level` is None where there is none.
    """

    kind: Kind
    time: datetime
    source: str
    event: str
    level: Level | None = None
    fields: dict[str, Any] = {}
    raw: str = ""
