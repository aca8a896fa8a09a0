"""Remarks and progress on standard error, beside the results on standard output."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.pretty import for_reading

_EVERY = 5.0
"""Seconds between plain lines where there is no terminal."""


def say(text: str) -> None:
    """Write a remark, without control characters."""
    print(for_reading(f"-- {text}", sys.stderr), file=sys.stderr, flush=True)


class Meter:
    """`with Meter("rebuild", last - first) as meter`: a bar on a terminal, a line now and then elsewhere.

    The distance is in offsets, which have holes; the rate is in events.
    """

    def __init__(self, title: str, distance: int, unit: str = "events") -> None:
        self._title, self._distance, self._unit = title, max(1, distance), unit
        self._began = self._told = time.monotonic()
        self._done = 0
        self.events = 0
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task = self._bar.add_task(title, total=self._distance, rate="") if self._bar else None

    def at(self, done: int, events: int) -> None:
        """Count `events` more, read up to `done` of the distance."""
        self._done = done
        self.events += events
        now = time.monotonic()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, rate=f"{self._rate(now):,.0f} {self._unit}/s")
        elif now - self._told >= _EVERY:
            self._told = now
            left = (now - self._began) * (self._distance - done) / max(1, done)
            say(f"{self._title}: {100 * done / self._distance:.0f} %, {self._so_far(now)}, {left:.0f} s left")

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        now = time.monotonic()
        ending = " when it ended" if error else ""
        say(f"{self._title}: {self._so_far(now)} in {now - self._began:.1f} s{ending}")

    def _so_far(self, now: float) -> str:
        return f"{self.events:,} {self._unit}, {self._rate(now):,.0f} a second"

    def _rate(self, now: float) -> float:
        return self.events / max(1e-6, now - self._began)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
    )
