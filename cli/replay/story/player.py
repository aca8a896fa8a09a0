"""Plays lines of the log: each when it is due, or when a key says so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from cli.log.formats import Format
from cli.log.log import Line
from cli.replay.story.keys import Key, pressed
from cli.replay.story.pace import Pace, Playback
from cli.replay.story.screen import Screen, Span
from events.tasks import cancelled

_AHEAD = 10_000
"""Lines that are read ahead."""
_TICK = 0.1
"""Seconds between two drawings of where the story is."""


class Player:
    """One playing, on standard output. Made and used in an event loop."""

    def __init__(self, pace: Pace, write: Format, screen: Screen) -> None:
        self._write, self._screen = write, screen
        self._now = asyncio.get_running_loop().time
        self._playback = Playback(pace, self._now())
        self._first: datetime | None = None
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue(_AHEAD)
        self._read_to: datetime | None = None
        self._is_read = False
        self._changed = asyncio.Event()
        self.shown = 0
        self.was_ended = False

    async def play(self, batches: AsyncIterator[Sequence[Line]]) -> None:
        """Play what comes, to its end or until a key ends it. Raises what reading raises."""
        reading = asyncio.create_task(self._read(batches))
        async with pressed() as keys:
            showing, hearing = asyncio.create_task(self._show()), asyncio.create_task(self._hear(keys))
            drawing = asyncio.create_task(self._draw())
            try:
                await asyncio.wait({showing, hearing}, return_when=asyncio.FIRST_COMPLETED)
                if showing.done():
                    await showing
                    if reading.done():
                        await reading
            finally:
                tasks = (reading, showing, hearing, drawing)
                await cancelled(tasks)
                await asyncio.gather(*tasks, return_exceptions=True)  # a reader that is gone fails several
                with contextlib.suppress(BrokenPipeError):
                    self._screen.clear()

    async def _read(self, batches: AsyncIterator[Sequence[Line]]) -> None:
        try:
            async for batch in batches:
                for line in batch:
                    self._read_to = max(line.time, self._read_to or line.time)
                    await self._lines.put(line)
            self._is_read = True
        except Exception:
            await self._lines.put(None)  # what was read is shown before the error is told
            raise
        await self._lines.put(None)

    async def _show(self) -> None:
        while line := await self._lines.get():
            self._first = self._first or line.time
            self._playback.comes(line.time, self._now())
            await self._due()
            self._screen.write(self._write(line))
            self.shown += 1

    async def _due(self) -> None:
        """Wait until the next line is due; keys change when that is."""
        while not self._playback.is_due(now := self._now()):
            self._changed.clear()
            patience = None if self._playback.paused else self._playback.left(now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._changed.wait()

    async def _hear(self, keys: "asyncio.Queue[Key]") -> None:
        """Do what keys ask for, until one ends it."""
        while (key := await keys.get()) is not Key.END:
            now = self._now()
            match key:
                case Key.PAUSE:
                    self._playback.toggle(now)
                case Key.FASTER | Key.SLOWER:
                    self._playback.hurry(now, slower=key is Key.SLOWER)
                case Key.NEXT:
                    self._playback.skip(now)
            self._changed.set()
        self.was_ended = True

    async def _draw(self) -> None:
        while self._screen.is_terminal:
            if self._first is not None:
                span = Span(self._first, self._read_to if self._is_read else None)
                self._screen.draw(self._playback, span, self._now())
            await asyncio.sleep(_TICK)
