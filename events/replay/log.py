"""The log as something that begins and ends: reading stops where it is told to."""

import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from events.envelope import Event, decode
from events.errors import InvalidEvent
from events.reader import Bounds, First, FromOffset, FromTime, RawRecord, Resume, Start, StreamReader, bounds
from events.replay.positions import Beginning, FromEnd, Limit

SKEW = timedelta(minutes=1)
"""How far the clocks of publishers and broker may differ: reading from a time begins so much earlier."""


class Log:
    """The stream, seen up to where it ended when it was asked."""

    def __init__(self, url: str, say: Callable[[str], None]) -> None:
        """`say` hears of lost and regained connections."""
        self._url, self._say = url, say

    async def ends(self) -> Bounds | None:
        """Return the offsets of the first and the last event; None for an empty log. Raises Unavailable."""
        return await bounds(self._url)

    async def read(self, start: Start, to: int | None) -> AsyncGenerator[list[RawRecord], None]:
        """Yield what stands from `start` up to offset `to`, which must be in the log; None: for ever.

        Use `contextlib.aclosing`. Raises LogDamaged.
        """
        trouble = False

        def on_state(state: str) -> None:
            nonlocal trouble
            if trouble or state != "connected":
                self._say(f"log: {state}")
            trouble = state != "connected"

        if to is not None and _begins_at(start) > to:
            return  # the broker would wait for what comes next
        reader = StreamReader(self._url, start, name="replay", on_state=on_state)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                if to is None or batch[-1].offset < to:
                    yield batch
                    continue
                if rest := [record for record in batch if record.offset <= to]:
                    yield rest
                return

    async def last(self, count: int, ends: Bounds) -> list[RawRecord]:
        """Return the last `count` events before `ends`. Offsets have holes, so it may take several tries."""
        span = 2 * count
        while True:
            start = max(ends.first, ends.last - span)
            kept: deque[RawRecord] = deque(maxlen=count)
            async with contextlib.aclosing(self.read(FromOffset(start), ends.last)) as batches:
                async for batch in batches:
                    kept.extend(batch)
            if len(kept) == count or start == ends.first:
                return list(kept)
            span *= 8

    async def between(
        self, begin: Beginning, end: Limit, *, follow: bool = False
    ) -> AsyncGenerator[list["Line"], None]:
        """Yield the lines of a part of the log, up to where it ends now unless it is to be followed."""
        ends = await self.ends()
        if ends is None and not follow:
            return
        to = None if follow or ends is None else ends.last
        if isinstance(end, FromOffset):
            to = end.offset if to is None else min(to, end.offset)
        start = await self._start(begin, ends) if ends else First()
        async with contextlib.aclosing(self.read(start, to)) as batches:
            async for batch in batches:
                lines = [line(record) for record in batch]
                if isinstance(begin, FromTime):
                    lines = [each for each in lines if each.time >= begin.time]
                if isinstance(end, FromTime):
                    lines = [each for each in lines if each.time <= end.time]
                yield lines

    async def _start(self, begin: Beginning, ends: Bounds) -> Start:
        """Return where to subscribe. The broker would wait for the next event from a place after the last."""
        after_all = FromOffset(ends.last + 1)
        match begin:
            case FromEnd(number):
                newest = await self.last(number, ends) if number else []
                return FromOffset(newest[0].offset) if newest else after_all
            case FromTime(time):
                early = FromTime(max(time - SKEW, datetime(1970, 1, 2, tzinfo=UTC)))
                newest = await self.last(1, ends)
                return early if early.time.timestamp() <= newest[0].chunk_time else after_all
            case _:
                return begin


def _begins_at(start: Start) -> int:
    match start:
        case FromOffset(offset):
            return offset
        case Resume(offset, _):
            return offset + 1
        case _:
            return 0


class Line(NamedTuple):
    """One event of the log as a person asks for it. Without an event, `problem` says why."""

    offset: int
    chunk_time: float
    body: bytes
    event: Event | None
    problem: str

    @property
    def time(self) -> datetime:
        """The event's own time; for what is no event, when the broker stored it."""
        return self.event.time if self.event else datetime.fromtimestamp(self.chunk_time, UTC)


def line(record: RawRecord) -> Line:
    """Decode a record's envelope. What is no event is carried as such."""
    try:
        return Line(*record, decode(record.body), "")
    except InvalidEvent as error:
        return Line(*record, None, error.reason)
