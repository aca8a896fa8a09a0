"""A part of the log: from where to where, and what of it. First what there is, then what comes."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from msgspec import Struct

from cli.log.choice import Choice
from cli.log.ids import account_meant, jobs_meant
from cli.log.log import Line, Log
from cli.log.places import Beginning, End, Ending
from events.log.bounds import Bounds
from events.log.stream import First, FromOffset, FromTime

_LATE = 1.0
"""Seconds for which an event of before the end may still be on its way."""


class Part(Struct, frozen=True, kw_only=True):
    """The part that was asked for. Ids are as they were typed.

    `last` is how many lines are wanted of what there is, from its end; `limit` after how many it ends.
    """

    begin: Beginning
    end: Ending
    follow: bool = False
    last: int | None = None
    limit: int | None = None
    types: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    account: str = ""

    async def lines(self, log: Log) -> AsyncGenerator[list[Line], None]:
        """Yield the lines; use `contextlib.aclosing`. Raises WrongArgument, NothingFound, LogDamaged."""
        choice = Choice(
            types=self.types,
            jobs=await jobs_meant(log, self.jobs) if self.jobs else (),
            account=await account_meant(log, self.account) if self.account else "",
        )
        left = self.limit
        async with contextlib.aclosing(self._lines(log, choice)) as batches:
            async for lines in batches:
                yield lines[:left]
                if left is not None and (left := left - len(lines)) <= 0:
                    return

    async def _lines(self, log: Log, choice: Choice) -> AsyncGenerator[list[Line], None]:
        """Yield what there is, then what comes if it is to be followed."""
        ends = await log.ends()
        if ends is not None and self.last is not None:
            yield await self._last(log, choice, ends, self.last)
        elif ends is not None:
            begin = choice.beginning if isinstance(self.begin, First) else self.begin
            async with contextlib.aclosing(self._there(log, choice, begin, ends)) as batches:
                async for lines in batches:
                    yield lines
        if self.follow:
            async with contextlib.aclosing(self._coming(log, choice, ends)) as batches:
                async for lines in batches:
                    yield lines

    async def _there(
        self, log: Log, choice: Choice, begin: Beginning, ends: Bounds
    ) -> AsyncGenerator[list[Line], None]:
        """Yield what is wanted of the log as far as `ends`."""
        between = log.between(begin, self.end, marks=choice.marks)
        async with contextlib.aclosing(between) as batches:
            async for batch in batches:
                yield [line for line in batch if line.offset <= ends.last and choice.has(line)]

    async def _last(self, log: Log, choice: Choice, ends: Bounds, count: int) -> list[Line]:
        """Return the last so many that are wanted; of the whole log, looked for ever farther from the end."""
        if not isinstance(self.begin, First):
            return await self._last_from(log, choice, self.begin, ends, count)
        span = 2 * count
        while True:
            start = max(ends.first, ends.last - span)
            kept = await self._last_from(log, choice, FromOffset(start), ends, count)
            if len(kept) == count or start == ends.first:
                return kept
            span *= 8

    async def _last_from(
        self, log: Log, choice: Choice, begin: Beginning, ends: Bounds, count: int
    ) -> list[Line]:
        kept: deque[Line] = deque(maxlen=count)
        async with contextlib.aclosing(self._there(log, choice, begin, ends)) as batches:
            async for lines in batches:
                kept.extend(lines)
        return [*kept]

    async def _coming(
        self, log: Log, choice: Choice, ends: Bounds | None
    ) -> AsyncGenerator[list[Line], None]:
        """Yield what comes after `ends` and is wanted, until nothing more can be of before the end."""
        start = ends.last + 1 if ends else 0
        if isinstance(self.begin, FromOffset):
            start = max(start, self.begin.offset)
        since = self.begin.time if isinstance(self.begin, FromTime) else None
        between = log.between(FromOffset(start), self.end, follow=True, marks=choice.marks)
        async with contextlib.aclosing(between) as batches:
            while True:
                try:
                    async with asyncio.timeout(self._seconds_left()):
                        batch = await anext(batches)
                except (TimeoutError, StopAsyncIteration):
                    return
                yield [each for each in batch if choice.has(each) and (since is None or each.time >= since)]

    def _seconds_left(self) -> float | None:
        """Return the seconds in which an event of before the end may still come; None: for ever."""
        if not isinstance(self.end, FromTime):
            return None
        return max(0.0, (self.end.time - datetime.now(UTC)).total_seconds() + _LATE)


EVERYTHING = Part(begin=First(), end=End())
"""The part where nothing was chosen."""
