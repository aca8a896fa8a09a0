"""The loop of the cockpit: news in, pictures out, until somebody has seen enough."""

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

from msgspec.structs import replace
from rich.console import Console

from cli.client.gateway import Gateway
from cli.top.drawing.frame import Frame
from cli.top.drawing.glyphs import glyphs_for
from cli.top.drawing.page import page
from cli.top.keys import Keyboard
from cli.top.model import Model
from cli.top.news import Ended, Heard, Key, Looked, News, Said, Told
from cli.top.painter import Painter
from cli.top.sight import Sight, Wish, arrived, pressed
from cli.top.watch import Watch

_TICK = 0.25
"""Seconds between two pictures where nothing comes: the clock goes on, and the window may change."""
_PAUSE = 0.08
"""Seconds between two pictures at least."""
_HELD = 20_000
"""News that wait while it is paused."""


class Cockpit:
    """A model, what is looked at, and the terminal that shows it."""

    def __init__(self, gateway: Gateway, name: str, every: float, console: Console) -> None:
        self._console = console
        self._news: SimpleQueue[News] = SimpleQueue()
        self._watch = Watch(gateway, every, self._news.put)
        self._model, self._sight = Model(name), Sight()
        self._held: deque[News] = deque(maxlen=_HELD)
        self._held_at: datetime | None = None
        self._glyphs = glyphs_for(console.encoding)
        self._told_of = ""
        """The job whose story is asked for again as it changes."""

    def run(self, first: Looked) -> None:
        """Show it until `q`. Raises what ends the watch, and KeyboardInterrupt for Ctrl-C."""
        self._model.take(first)
        with self._watch.going(), _ended_by_signals():
            while self._shown():
                _suspend()

    def _shown(self) -> bool:
        """Show it. Returns True if it is to be suspended, by Ctrl-Z."""
        keyboard = Keyboard(lambda key: self._news.put(Key(key)))
        with keyboard.open(), self._console.screen(), _noting_stops() as stopped:
            painter = Painter(self._console)
            while True:
                size = self._console.size
                painter.paint(page(self._frame(), size.width, size.height), size)
                if not self._taken():
                    return False
                if stopped:
                    return True

    def _taken(self) -> bool:
        """Take what has come, after waiting a little for it. Returns False at the end."""
        until = time.monotonic() + _PAUSE
        with suppress(Empty):
            news = self._news.get(timeout=_TICK)
            while True:
                if not self._take(news):
                    return False
                left = until - time.monotonic()
                if isinstance(news, Key) or left <= 0:
                    break
                news = self._news.get(timeout=left)
        return True

    def _take(self, news: News) -> bool:
        match news:
            case Ended(error=error):
                raise error
            case Key(name=name):
                return self._press(name)
            case Said(text=text, is_bad=is_bad):
                self._sight = replace(self._sight, said=text, is_bad=is_bad)
            case Told(job=job):
                self._model.take(news)
                if job.job_id == self._told_of:
                    self._sight = replace(self._sight, story=job)
            case _ if self._sight.is_paused:
                self._held.append(news)
            case _:
                self._model.take(news)
                self._tell_again(news)
        return True

    def _press(self, key: str) -> bool:
        before = self._sight
        self._sight, wish = pressed(before, key, self._frame().rows())
        if self._sight.story is None and before.story is not None:
            self._told_of = ""
        if before.is_paused != self._sight.is_paused:
            self._hold(is_paused=self._sight.is_paused)
        if self._sight.panel != before.panel:
            self._sight = arrived(self._sight, self._frame().rows())
        if wish is None:
            return True
        if wish.what == "quit":
            return False
        if wish.what == "show":
            self._told_of = wish.job_id
        self._watch.wish(wish)
        return True

    def _hold(self, *, is_paused: bool) -> None:
        """Let the picture stand at this moment, or take what has come since it stood."""
        self._held_at = datetime.now(UTC) if is_paused else None
        while self._held and not is_paused:
            self._model.take(self._held.popleft())

    def _frame(self) -> Frame:
        return Frame(self._model, self._sight, self._held_at or datetime.now(UTC), self._glyphs)

    def _tell_again(self, news: News) -> None:
        """Ask again for the story that is shown, when something happens to its job."""
        if isinstance(news, Heard) and self._told_of and news.event.subject == self._told_of:
            self._watch.wish(Wish("show", self._told_of, self._model.name(self._told_of)))


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end it as Ctrl-C does, so that the terminal is as before."""

    def end(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    names = ("SIGTERM", "SIGHUP")
    before = {number: signal.signal(number, end) for name in names if (number := getattr(signal, name, None))}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _noting_stops() -> Iterator[list[int]]:
    """Note Ctrl-Z during the block, in place of stopping at once in a terminal without an echo."""
    stops: list[int] = []
    if sys.platform == "win32":
        yield stops
        return
    before = signal.signal(signal.SIGTSTP, lambda number, _: stops.append(number))
    try:
        yield stops
    finally:
        signal.signal(signal.SIGTSTP, before)


def _suspend() -> None:
    if sys.platform != "win32":
        os.kill(os.getpid(), signal.SIGTSTP)
