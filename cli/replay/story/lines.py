"""A line of a story: how long after its beginning, at what time, and what happened, in words."""

from collections.abc import Sequence
from datetime import datetime

from cli.log.formats import Format
from cli.log.log import Line
from cli.log.screen import Screen, Span, briefly
from cli.log.words import words
from cli.pretty import escaped
from cli.times import shown

_DIM = "2"
_WIDE = 80
"""Columns from which on there is room for the clock."""
_COLOURS = {"failed": "31", "retrying": "33", "converted": "32", "notified": "32"}


def story(screen: Screen, *, several: bool) -> Format:
    """Return the format of one story, which begins with its first line. Of `several` jobs each has its id."""
    first: datetime | None = None

    def write(line: Line) -> bytes:
        nonlocal first
        first = first or line.time
        wide = screen.columns is None or screen.columns() >= _WIDE
        return screen.line(screen.fitting(_spans(line, first, several=several, wide=wide))).rstrip().encode()

    return write


def _spans(line: Line, first: datetime, *, several: bool, wide: bool) -> Sequence[Span]:
    event, (state, note) = line.event, words(line)
    subject = escaped(briefly(event.subject)) if event else ""
    return [
        (f"{elapsed((line.time - first).total_seconds()):>9}", ""),
        (f"  {shown(line.time).partition('T')[2]}" if wide else "", _DIM),
        (f"  {subject:<13}" if several else "", ""),
        (f"  {escaped(event.type) if event else '':<20}", ""),
        (f"  {state:<10}", _COLOURS.get(state, "")),
        (f"  {escaped(note)}", ""),
    ]


def elapsed(seconds: float) -> str:
    """Return a time since the beginning, to a tenth of a second: `0:03.2`; below zero by other clocks."""
    tenths = round(abs(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{'-' if seconds < 0 and tenths else ''}{text}:{rest // 10:02}.{rest % 10}"
