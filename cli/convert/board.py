"""The progress of `tonearm convert`: a bar for each video and one for all, or plain lines.

Bars are for a terminal. Progress goes to standard error and results to standard output, so a pipe never sees
a bar. All methods may be called by several threads.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from cli.client.answers import Entry
from cli.client.contents import Count
from cli.convert.screen import print_timeline
from cli.pretty import clock, escaped, size, visible, write_json

Show = Callable[[float | None, str], None]
"""Called with percent and a note. None keeps the last percent."""
READING, UPLOADING, DOWNLOADING = "reading", "uploading", "downloading"
"""Verbs of stages. Reading is only shown as a bar: it is soon over."""
_VERB = 11
"""Letters of the longest verb."""


class Row:
    """The line of one video. Each of its stages begins anew."""

    def __init__(self, board: "Board", bar: TaskID | None) -> None:
        self._board, self._bar = board, bar

    def transfer(self, verb: str, name: str, total: int) -> Count:
        """Begin a stage of so many bytes; return the function to call with the bytes so far."""
        line = "" if verb == READING else f"{verb} {name} ({size(total)})"
        self._begin(verb, line, total, is_bytes=True)
        return lambda done: self._update(done, "")

    def stage(self, verb: str, name: str) -> Show:
        """Begin a stage that is measured in percent; return the function to call."""
        self._begin(verb, "" if verb == READING else f"{verb} {name}", 100, is_bytes=False)
        return self._update

    def say(self, text: str) -> None:
        """Show a line about it."""
        self._board.say(text)

    def remark(self, text: str) -> None:
        """Show a line that one has no use for when there are many, unless it goes into a log."""
        if not self._board.is_crowded:
            self._board.say(text)

    def _begin(self, verb: str, line: str, total: int, *, is_bytes: bool) -> None:
        bars = self._board.bars
        if bars is None:
            if line:
                self._board.say(line)
        elif self._bar is not None:
            bars.reset(self._bar, total=total, verb=verb, is_bytes=is_bytes, note="")

    def _update(self, done: float | None, note: str) -> None:
        if self._board.bars is not None and self._bar is not None:
            self._board.bars.update(self._bar, completed=done, note=visible(note))


class Board:
    """Shows the work under way on `progress`, and results on `result`. `total` is the number of videos."""

    def __init__(self, progress: Console, result: Console, total: int) -> None:
        self._progress, self._result, self._total = progress, result, total
        self._lock = threading.Lock()
        can_draw = progress.is_terminal and not progress.is_dumb_terminal
        self.bars = _bars(progress) if can_draw else None
        self._whole: TaskID | None = None

    def __enter__(self) -> Self:
        if self.bars is not None:
            if self._total > 1:
                self._whole = self.bars.add_task(
                    "", total=self._total, verb="all", is_bytes=False, note=f"0 of {self._total:,}"
                )
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bars is not None:
            for bar in self.bars.task_ids:
                self.bars.remove_task(bar)
            self.bars.stop()

    @property
    def is_crowded(self) -> bool:
        """True if bars of several videos are shown."""
        return self.bars is not None and self._total > 1

    @contextmanager
    def row(self, name: str) -> Iterator[Row]:
        """Give a row for one video; it is gone afterwards."""
        if self.bars is None:
            yield Row(self, None)
            return
        with self._lock:
            bar = self.bars.add_task(visible(name), total=None, verb="", is_bytes=False, note="")
            if self._whole is not None:  # the last row is that of all
                self._put_last()
        try:
            yield Row(self, bar)
        finally:
            with self._lock:
                if bar in self.bars.task_ids:
                    self.bars.remove_task(bar)

    def count(self, done: int, failures: int) -> None:
        """Show how many have ended."""
        if self.bars is not None and self._whole is not None:
            failed = f", {failures:,} failed" if failures else ""
            with self._lock:
                self.bars.update(self._whole, completed=done, note=f"{done:,} of {self._total:,}{failed}")

    def say(self, text: str) -> None:
        """Show a line about what is under way."""
        self._progress.print(Text(visible(text)), soft_wrap=True)

    def result(self, text: str) -> None:
        """Show a line of the result."""
        (self._progress if self._is_shared else self._result).print(Text(visible(text)), soft_wrap=True)

    def story(self, entries: Sequence[Entry]) -> None:
        """Show what happened to a video, where its result is."""
        print_timeline(self._progress if self._is_shared else self._result, entries)

    def document(self, json: bytes) -> None:
        """Print a result as JSON."""
        if self._is_shared:
            self.result(escaped(json.decode()))
        else:
            write_json(json)

    @property
    def _is_shared(self) -> bool:
        """True if results stand on the same terminal as the bars, and so above them."""
        return self.bars is not None and self._result.is_terminal

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bars away, for a question."""
        if self.bars is not None:
            self.bars.stop()
        try:
            yield
        finally:
            if self.bars is not None:
                self.bars.start()

    def _put_last(self) -> None:
        """Make the row of all the last one: rows stand in the order in which they came."""
        assert self.bars is not None and self._whole is not None  # noqa: S101, PT018
        old = next(task for task in self.bars.tasks if task.id == self._whole)
        self.bars.remove_task(self._whole)
        self._whole = self.bars.add_task("", total=old.total, completed=int(old.completed), **old.fields)


class _Detail(ProgressColumn):
    """The percent, and the rate and time left of a transfer, or a note."""

    def render(self, task: Task) -> Text:
        """Return the text for one row."""
        told = task.fields["note"]
        if task.fields["is_bytes"] and task.total and task.speed and not task.finished:
            told = f"{size(int(task.speed))}/s, {clock((task.total - task.completed) / task.speed)} left"
        percent = f"{task.percentage:3.0f} %  " if task.description and task.completed else ""
        return Text(percent + told, overflow="ellipsis", no_wrap=True)


def _bars(console: Console) -> Progress:
    """Return bars that leave the last columns free: a terminal writes `^C` there."""
    name, bar = max(8, console.width // 4), max(6, console.width // 6)
    detail = max(5, console.width - name - bar - _VERB - 8)
    return Progress(
        TextColumn("{task.description}", markup=False, table_column=_column(name)),
        TextColumn("{task.fields[verb]}", table_column=Column(min_width=_VERB, no_wrap=True)),
        BarColumn(bar_width=bar),
        _Detail(table_column=_column(detail)),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _column(most: int) -> Column:
    return Column(max_width=most, no_wrap=True, overflow="ellipsis")
