"""The top of the picture: where, when, what needs somebody, and the numbers that matter."""

from collections import Counter

from rich.text import Text

from cli.pretty import clock
from cli.system.words import STATES, counted
from cli.times import shown
from cli.top.answers import LogState
from cli.top.drawing.frame import Frame
from cli.top.drawing.glyphs import curve
from cli.top.drawing.lines import ACCENT, BAD, CURVE, GOOD, HEAD, QUIET, filled, spread
from cli.top.needs import needs

_MERGED = {"notified": "converted"}
_COLOURS = {"converting": ACCENT, "retrying": ACCENT, "failed": BAD}
_MANY = 100
_LAGS = 1.0
"""Seconds that an event may take into the stored views before anybody is told."""


def head(frame: Frame, width: int) -> list[Text]:
    """Return the line of where and when."""
    left = Text()
    left.append("tonearm", style=HEAD)
    left.append("  ")
    left.append(frame.model.gateway, style=QUIET)
    right = Text()
    if frame.sight.is_paused:
        right.append("paused", style=ACCENT)
    elif frame.model.away is not None:
        right.append(f"{frame.glyphs.ill} away", style=BAD)
    elif frame.model.overview is None:
        right.append("asking", style=QUIET)
    elif not frame.sight.is_still:
        right.append(f"{frame.glyphs.well} live", style=GOOD)
    clock_, zone = _clock(frame)
    right.append(f"  {clock_}", style="")
    right.append(f" {zone}", style=QUIET)
    return [spread(left, right, width)]


def troubles(frame: Frame, width: int, most: int) -> list[Text]:
    """Return a line for each thing that needs somebody, so many at most."""
    told = []
    if (away := frame.model.away) is not None:
        time = shown(away.at).partition("T")[2][:8]
        told.append(f"No answer since {time}: {away.why}")
    if frame.model.overview is not None:
        reasons = [each.reason for each in frame.model.given_up]
        told += needs(frame.model.overview, frame.model.looked or frame.now, reasons)
    if len(told) > most:
        told = [*told[: most - 1], f"and {counted(len(told) - most + 1, 'thing')} more"]
    return [filled(Text(f"{frame.glyphs.ill} {each}", style=BAD), width) for each in told]


def numbers(frame: Frame, width: int) -> list[Text]:
    """Return the jobs by state, and the flow of events with the lag of the views."""
    return [filled(_jobs(frame, width), width), _flow(frame, width)]


def _jobs(frame: Frame, width: int) -> Text:
    """The states as far as there is room, those that matter most first."""
    counts = frame.model.counts()
    line = Text()
    if counts is None:
        line.append("nobody has counted the jobs" if frame.model.overview else "", style=QUIET)
        return line
    merged: Counter[str] = Counter()
    for state, count in counts.items():
        merged[_MERGED.get(state, state)] += count
    for state in STATES:
        count = merged[state]
        if state in _MERGED or (not count and state not in ("uploaded", "converting", "failed")):
            continue
        if len(line) + len(f"   {count:,} {STATES[state]}") > width:
            break
        line.append("   " if line else "")
        style = _COLOURS.get(state, "") if count else QUIET
        line.append(f"{count:,}", style=f"{HEAD} {style}".strip() if count else style)
        line.append(f" {STATES[state]}", style=QUIET)
    return line


def _flow(frame: Frame, width: int) -> Text:
    """The rate, its last seconds as a curve, and how far behind the views are."""
    if frame.sight.is_still:  # one look shows no flow
        return filled(_lag(frame.model.overview.log) if frame.model.overview else Text(), width)
    at = frame.now.timestamp()
    rate = frame.model.rate.now(at)
    left = Text()
    left.append(
        frame.glyphs.dot if rate is None else f"{rate:,.{int(rate < _MANY)}f}", style=HEAD if rate else QUIET
    )
    left.append(" events a second ", style=QUIET)
    right = Text()
    if frame.model.overview is not None:
        right.append_text(_lag(frame.model.overview.log))
    room = max(0, min(60, width - len(left) - len(right) - 2))
    left.append(curve(frame.glyphs, frame.model.rate.series(at, room), room), style=CURVE if rate else QUIET)
    return spread(left, right, width)


def _lag(log: LogState) -> Text:
    if not log.lacking or log.waiting_seconds < _LAGS:
        return Text("views up to date", style=QUIET)
    return Text(
        f"views lack {counted(log.lacking, 'event')}, for {clock(log.waiting_seconds)}",
        style=ACCENT,
    )


def _clock(frame: Frame) -> tuple[str, str]:
    time = shown(frame.now).partition("T")[2]
    return time[:8], time[8:]
