"""The spellings of time, level, service and message in the JSON of loggers. Pure.

Ours come first; then those of bunyan, pino, zap, logrus, slog, Python, ECS, GELF, Google Cloud and the like.
"""

import re
from datetime import UTC, datetime
from typing import Any

from cli.tail.record import Level
from cli.times import LATE, parse_time

TIMES = ("timestamp", "@timestamp", "ts", "time", "datetime", "asctime", "@t", "t")
LEVELS = ("level", "severity", "lvl", "levelname", "log.level", "loglevel", "@l", "@level")
SERVICES = ("service", "service.name", "app")
MESSAGES = ("event", "message", "msg", "@m", "@mt", "short_message")

_NAMES = {
    **{level.name.lower(): level for level in Level},
    **dict.fromkeys(("trace", "verbose", "finest", "finer", "fine", "silly"), Level.DEBUG),
    **dict.fromkeys(("information", "informational", "notice", "default", "config"), Level.INFO),
    "warn": Level.WARNING,
    **dict.fromkeys(("err", "exception", "severe"), Level.ERROR),
    **dict.fromkeys(("fatal", "crit", "alert", "emerg", "emergency", "panic", "dpanic"), Level.CRITICAL),
}
_INITIALS = {level.name[0].lower(): level for level in Level} | {"f": Level.CRITICAL, "t": Level.DEBUG}
_SYSLOG = (*[Level.CRITICAL] * 3, Level.ERROR, Level.WARNING, *[Level.INFO] * 2, Level.DEBUG)
"""By severity, from 0 on (RFC 5424, 6.2.1)."""
_BUNYAN = (Level.DEBUG, Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR, Level.CRITICAL)
"""By tens: 10 is trace, 60 is fatal; pino's are the same."""
_NUMBER = re.compile(r"\d{10,19}(?:\.\d+)?")
_FINER = 1e11
"""From here on a number is not one of seconds, but of thousandths, or thousandths of those."""


_WORDS = "|".join(sorted(_NAMES, key=len, reverse=True))
_IN_TEXT = re.compile(
    rf"\[(?P<boxed>(?i:{_WORDS}))\]|\blevel=\"?(?P<named>(?i:{_WORDS}))\b"
    r"|\b(?P<loud>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|PANIC)\b"
)
_HEAD = 100
"""Characters of a line of text in which its level may stand."""


def level_in(text: str) -> Level | None:
    """Return the level that a line of text names at its beginning: `[info]`, `level=info` or `INFO`."""
    match = _IN_TEXT.search(text, 0, _HEAD)
    return level_of(match[match.lastgroup or 0]) if match else None


def level_of(value: Any) -> Level | None:
    """Return the level of a name in any case, of one of its initials, or of a number; None for any other."""
    if isinstance(value, str):
        name = value.strip().lower()
        if name.isdecimal() and len(name) < 3:
            return level_of(int(name))
        return _NAMES.get(name) or _INITIALS.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return None
    if value < len(_SYSLOG):
        return _SYSLOG[value]
    tens = value // 10 - 1
    return _BUNYAN[tens] if 0 <= tens < len(_BUNYAN) else None


def time_of(value: Any) -> datetime | None:
    """Return a time in UTC: of text, or of a number of s, ms, µs or ns since 1970; None for any other."""
    if isinstance(value, str):
        return time_of(float(value)) if _NUMBER.fullmatch(value) else parse_time(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or value < LATE:
        return None
    try:
        while value >= _FINER:
            value /= 1000
    except OverflowError:  # a number with hundreds of digits
        return None
    return datetime.fromtimestamp(value, UTC)
