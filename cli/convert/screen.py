"""A bar for one transfer on a terminal, a plain line anywhere else; and a job's timeline.

Progress goes to standard error and the result to standard output, so a pipe never sees a bar.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from cli.client.answers import Entry
from cli.pretty import size, visible
from cli.times import shown, zone


class Screen:
    """Shows the work under way on `progress`, and its result on `result`."""

    def __init__(self, progress: Console, result: Console) -> None:
        self._progress = progress
        self._result = result

    def say(self, text: str) -> None:
        """Show a line about what is under way."""
        self._progress.print(Text(visible(text)), soft_wrap=True)

    def result(self, text: str) -> None:
        """Show a line of the result."""
        self._result.print(Text(visible(text)), soft_wrap=True)

    @contextmanager
    def transfer(self, verb: str, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show bytes, rate and time left; yields the function to call with the bytes so far."""
        if not self._progress.is_terminal:
            self.say(" ".join(filter(None, (verb, name, f"({size(total)})"))))
            yield lambda done: None
            return
        shown = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True))
        with Progress(TextColumn(f"{verb:<12}"), BarColumn(), *shown, console=self._progress) as progress:
            task = progress.add_task(verb, total=total)
            yield lambda done: progress.update(task, completed=done)


def timeline(entries: Sequence[Entry]) -> Table:
    """Return a table of a job's events, a line each."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    last = f"time ({zone(datetime.fromisoformat(entries[-1].time))})" if entries else "time"
    for heading, right in ((last, False), ("after", True), ("event", False), ("", False)):
        table.add_column(heading, justify="right" if right else "left", no_wrap=bool(heading))
    for time, after, type_, note in rows(entries):
        table.add_row(time, after, Text(type_), Text(note))
    return table


def print_timeline(console: Console, entries: Sequence[Entry]) -> None:
    """Print the table; in a pipe without the blanks that fill its lines."""
    if console.is_terminal:
        console.print(timeline(entries))
        return
    with console.capture() as drawn:
        console.print(timeline(entries))
    for line in drawn.get().splitlines():
        console.print(Text(line.rstrip()), soft_wrap=True)


def rows(entries: Sequence[Entry]) -> list[tuple[str, str, str, str]]:
    """Return the timeline's rows: local clock, seconds since the row above, event, note."""
    told, before = [], None
    for entry in entries:
        time = datetime.fromisoformat(entry.time)
        after = f"{(time - before).total_seconds():+.3f} s" if before else ""
        clock = shown(time, "milliseconds").partition("T")[2].removesuffix(zone(time))
        told.append((clock, after, visible(entry.type), visible(entry.note)))
        before = time
    return told
