"""Points in time: RFC 3339, or how long ago; and how one is written."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

_AGO = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|s|m|h|d|w))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def point_in_time(text: str, now: datetime) -> datetime:
    """Return the time that `text` means: `2025-01-31T12:00:00Z`, or `10m`, `1h30m`, `2d` before `now`.

    Raises ValueError with a sentence.
    """
    if _AGO.fullmatch(text):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
        try:
            return now - timedelta(seconds=seconds)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    if time := parse_time(text):
        return time
    raise ValueError(
        f"{text!r} is neither RFC 3339 with a zone (2025-01-31T12:00:00Z) nor a duration (10m, 2h, 1d)"
    )


def parse_time(text: Any) -> datetime | None:
    """Return an RFC 3339 time in UTC, cut to microseconds; None when it is none or has no zone."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text.replace(",", "."))
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def timestamp(time: datetime, timespec: str = "microseconds") -> str:
    """Return a time in UTC as RFC 3339 with `Z`."""
    return time.isoformat(timespec=timespec).replace("+00:00", "Z")
