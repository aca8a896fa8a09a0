"""Places in the log as people give them: `first`, `last`, `1200`, `-20`, or any time of `cli.times`."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from cli.errors import WrongArgument
from cli.times import EXAMPLES, LATE, point_in_time
from events.log.stream import First, FromOffset, FromTime


class FromEnd(NamedTuple):
    """The last so many events."""

    number: int


class End(NamedTuple):
    """As far as the log goes when the reading begins."""


Beginning = First | FromEnd | FromOffset | FromTime
Ending = FromOffset | FromTime | End
"""Offset and time are inclusive; a time is compared with the event's own."""


def beginning(text: str, now: datetime | None = None) -> Beginning:
    """Return where reading begins. Raises WrongArgument."""
    match text:
        case "first":
            return First()
        case "last":
            return FromEnd(1)
    if re.fullmatch(r"-\d{1,18}", text):
        return FromEnd(-int(text))
    place = _place(text, now)
    if place is None:
        raise _refused(text, "first, last, an offset, -N (the last N)")
    return place


def ending(text: str, now: datetime | None = None) -> Ending:
    """Return where reading ends. Raises WrongArgument."""
    place = End() if text == "end" else _place(text, now)
    if place is None:
        raise _refused(text, "end, an offset")
    return place


def since(text: str | None, now: datetime | None = None) -> FromTime | None:
    """Return the time that --since is given, None for none. Raises WrongArgument."""
    begin = ending(text, now) if text else None
    if text and not isinstance(begin, FromTime):
        raise WrongArgument(f"--since takes {EXAMPLES}, not {text!r}{_hint(text)}")
    return begin if isinstance(begin, FromTime) else None


def check(place: Beginning | Ending, last: int) -> None:
    """Refuse a number behind the log's last offset that must be a time. Raises WrongArgument."""
    if isinstance(place, FromOffset) and place.offset > last and place.offset >= LATE:
        raise WrongArgument(f"the log ends at offset {last}{_hint(str(place.offset))}")


def _hint(text: str) -> str:
    late = text.isdecimal() and int(text) >= LATE
    return f"; if {text} is meant as seconds since 1970, write @{text}" if late else ""


def _place(text: str, now: datetime | None) -> FromOffset | FromTime | None:
    if re.fullmatch(r"\d{1,18}", text):
        return FromOffset(int(text))
    try:
        return FromTime(point_in_time(text, now or datetime.now(UTC)))
    except ValueError:
        return None


def _refused(text: str, also: str) -> WrongArgument:
    return WrongArgument(f"{text!r} is no place in the log: {also}, {EXAMPLES}")
