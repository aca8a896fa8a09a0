"""The panels of failures and of events: a line each, newest first."""

from datetime import datetime

from rich.text import Text

from cli.times import shown
from cli.top.answers import Event
from cli.top.drawing.frame import Frame
from cli.top.drawing.lines import ACCENT, BAD, GOOD, LOADING, QUIET, Cell, row
from cli.top.model import Failure, note_of

_VERBS = {
    "failed": BAD,
    "disabled": BAD,
    "refused": BAD,
    "retrying": ACCENT,
    "cancelled": ACCENT,
    "converted": GOOD,
}


def failures(frame: Frame, width: int, rows: int) -> list[Text]:
    """Return the heading and so many of the last failures, with their reasons."""
    found = frame.failures()
    keys = [each.key for each in found]
    seen = frame.window(keys, "failures", rows)
    lines = [frame.heading("Last failures", "failures")]
    if not found and rows:
        is_filtered = frame.sight.filter and frame.model.failures()
        none = "none" if frame.is_answered("failed") else LOADING
        lines.append(Text(f"  {'nothing passes the filter' if is_filtered else none}", style=QUIET))
    times = _times([found[at].time for at in seen], frame.now)
    rows_ = [_failure(frame, found[at], width - 3, when_) for at, when_ in zip(seen, times, strict=True)]
    return [*lines, *(frame.marked(keys[at], "failures", line) for at, line in zip(seen, rows_, strict=True))]


def events(frame: Frame, width: int, rows: int) -> list[Text]:
    """Return the heading and so many of the last events."""
    found = frame.events()
    keys = [each.id for each in found]
    seen = frame.window(keys, "events", rows)
    lines = [frame.heading("Events", "events")]
    if not found and rows:
        none = "none so far" if frame.is_answered("events") else LOADING
        lines.append(Text(f"  {none}", style=QUIET))
    times = _times([found[at].time for at in seen], frame.now)
    rows_ = [_event(frame, found[at], width - 3, when_) for at, when_ in zip(seen, times, strict=True)]
    return [*lines, *(frame.marked(keys[at], "events", line) for at, line in zip(seen, rows_, strict=True))]


def when(time: datetime, now: datetime) -> str:
    """Return a time for people: local, of today as a clock, of another day as a date."""
    here, today = shown(time), shown(now)
    return here[11:19] if here[:10] == today[:10] else here[5:16].replace("T", " ")


def _times(times: list[datetime], now: datetime) -> list[Cell]:
    """Return a column of times."""
    texts = [when(each, now) for each in times]
    widest = max(map(len, texts), default=0)
    return [Cell(each, widest, QUIET) for each in texts]


def _failure(frame: Frame, failure: Failure, width: int, time: Cell) -> Text:
    what = 20 if width > 110 else 14
    name = max(12, min(40, width // 5))
    times = f"{frame.glyphs.times}{failure.times}  " if failure.times > 1 else ""
    return row(
        time,
        Cell(failure.what, what, ACCENT if failure.passes else BAD),
        Cell(frame.model.name(failure.subject), name),
        Cell(f"{times}{failure.reason}", width - time.width - what - name - 6, QUIET),
    )


def _event(frame: Frame, event: Event, width: int, time: Cell) -> Text:
    name, type_ = max(12, min(40, width * 3 // 10)), 24 if width > 90 else 18
    style = next((style for verb, style in _VERBS.items() if event.type.endswith(verb)), "")
    return row(
        time,
        Cell(event.type, type_, style),
        Cell(frame.model.name(event.subject), name),
        Cell(note_of(event), width - time.width - type_ - name - 6, QUIET),
    )
