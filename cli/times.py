"""Points in time as people write them, and how one is written.

What has no zone is local time, on the way in. On the way out every time names its zone: for people it is the
local one, for programs UTC. What comes out can be given back.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WORDS = {
    "sec": "s",
    "second": "s",
    "min": "m",
    "minute": "m",
    "hour": "h",
    "hr": "h",
    "day": "d",
    "week": "w",
}
_PART = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]+)")
_AGO = re.compile(rf"(?:{_PART.pattern}(?: and |, | )?)+?(?: ago)?")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
_EPOCH = re.compile(r"@(\d{1,12}(?:\.\d+)?)")
_MIDNIGHTS = {"today": 0, "yesterday": 1}
LATE = 10**9
"""A number from here on may be meant as seconds since 1970: as such it lies after September 2001."""

EXAMPLES = (
    "a time (10:00, 2026-01-31 12:00, 2026-01-31T12:00:00Z, @1769860800)"
    " or how long ago (10m, 1h30m, 2 days ago)"
)
"""What a time may look like, for messages and for help."""


def point_in_time(text: str, now: datetime) -> datetime:
    """Return the time that `text` means, in UTC: see EXAMPLES. Raises ValueError with a sentence."""
    plain = " ".join(text.lower().split())
    for read in _READERS:
        if time := _utc(read, plain, now):
            return time
    late = plain.isdecimal() and int(plain) >= LATE
    hint = f"; seconds since 1970 are written @{plain}" if late else ""
    raise ValueError(f"{text!r} is not {EXAMPLES}{hint}")


def _utc(read: "_Reader", text: str, now: datetime) -> datetime | None:
    """Return what was read, in UTC; None also for a time that no calendar here has."""
    try:
        time = read(text, now)
        return time.astimezone(UTC) if time else None
    except (ValueError, OverflowError, OSError):
        return None


def _ago(text: str, now: datetime) -> datetime | None:
    if text == "now":
        return now
    if not _AGO.fullmatch(text):
        return None
    seconds = 0.0
    for number, unit in _PART.findall(text):
        scale = _SECONDS.get(unit) or _SECONDS.get(_WORDS.get(unit.removesuffix("s"), ""))
        if scale is None:
            return None
        seconds += float(number) * scale
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _epoch(text: str, now: datetime) -> datetime | None:
    match = _EPOCH.fullmatch(text)
    return datetime.fromtimestamp(float(match[1]), UTC) if match else None


def _clock(text: str, now: datetime) -> datetime | None:
    """Return the time of that clock today."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    return _day(now, 0).replace(hour=hour, minute=minute, second=second)


def _midnight(text: str, now: datetime) -> datetime | None:
    return _day(now, _MIDNIGHTS[text]) if text in _MIDNIGHTS else None


def _day(now: datetime, before: int) -> datetime:
    """Return the local midnight that began the day so many days before, without its zone."""
    here = now.astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    return here - timedelta(days=before)


def _calendar(text: str, now: datetime) -> datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d", text):  # Python reads weeks and dates without hyphens, too
        return None
    return datetime.fromisoformat(text.upper().replace(",", "."))


_Reader = Callable[[str, datetime], datetime | None]
_READERS: tuple[_Reader, ...] = (_ago, _epoch, _clock, _midnight, _calendar)


def parse_time(text: Any) -> datetime | None:
    """Return the time of a date with a clock, in UTC, cut to microseconds; None when it is none.

    As everywhere, it is local if it has no zone.
    """
    return _utc(_calendar, text, datetime.min) if isinstance(text, str) and ":" in text else None


def timestamp(time: datetime, timespec: str = "microseconds") -> str:
    """Return a time for programs: in UTC, as RFC 3339 with `Z`."""
    return time.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def shown(time: datetime, timespec: str = "seconds") -> str:
    """Return a time for people: local, as RFC 3339 with its zone."""
    try:
        here = time.astimezone()
    except (ValueError, OverflowError, OSError):  # at an end of the calendar
        here = time
    return here.isoformat(timespec=timespec).replace("+00:00", "Z")


def zone(time: datetime) -> str:
    """Return the local zone at that time as `shown` ends: `+01:00`, `Z`."""
    return shown(time)[len("2026-01-31T12:00:00") :]
