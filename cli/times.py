"""Points in time as people give them: RFC 3339, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from cli.tail.parser import parse_time

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
