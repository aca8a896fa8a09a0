"""The log as something that begins and ends, and one event of it as a line."""

import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cli.log.opening import opened
from cli.log.places import Beginning, Ending, FromEnd, check
from events.envelope import Event, decode
from events.errors import CheckpointMismatch, InvalidEvent, RetentionGap
from events.log.bounds import Bounds, bounds
from events.log.reader import StreamReader
from events.log.stream import First, FromOffset, FromTime, RawRecord, Resume, Start
from events.privacy.sealing import NO_KEYS, Keys

SKEW = timedelta(minutes=1)
"""The clocks of publishers and broker may differ by this much: reading from a time begins so much earlier."""

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Before it there is nothing, and the broker counts no time."""


class Log:
    """The stream, seen up to where it ended when it was asked."""

    def __init__(self, url: str, say: Callable[[str], None], keys: Keys = NO_KEYS) -> None:
        """`say` is called with a sentence when a connection is lost or regained.

        With `keys` its events are read whole; without them as they are in the log.
        """
        self._url, self._say, self._keys = url, say, keys

    async def ends(self) -> Bounds | None:
        """Return the offsets of the first and the last event; None for an empty log. Raises Unavailable."""
        return await bounds(self._url)

    async def read(
        self, start: Start, to: int | None, marks: Sequence[bytes] = ()
    ) -> AsyncGenerator[list[RawRecord], None]:
        """Yield what stands from `start` up to offset `to`, which must be in the log; None: for ever.

        With `marks` only records in which one of them stands: the others are not even opened.
        Use `contextlib.aclosing`. Raises LogDamaged.
        """
        said = "connected"

        def on_state(state: str) -> None:
            nonlocal said
            if state != said:  # many attempts may fail alike
                self._say(f"log: {state}")
            said = state

        if isinstance(start, Resume) and start.offset == to:
            await self._stands(start)
            return
        if to is not None and _begins_at(start) > to:
            return  # the broker would wait for what comes next
        reader = StreamReader(self._url, start, name="replay", on_state=on_state)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                part = batch if to is None else [record for record in batch if record.offset <= to]
                if marks:
                    part = [record for record in part if any(mark in record.body for mark in marks)]
                if part:
                    yield await opened(self._keys, part)
                if to is not None and batch[-1].offset >= to:
                    return

    async def _stands(self, resume: Resume) -> None:
        """Check the log's last event when nothing follows it. Raises CheckpointMismatch."""
        if not resume.is_same((await self.at(resume.offset)).body):
            raise CheckpointMismatch(f"another event stands at offset {resume.offset}: the log was replaced")

    async def at(self, offset: int) -> RawRecord:
        """Return the event at an offset that is in the log. Raises RetentionGap when it was cut meanwhile."""
        async with contextlib.aclosing(self.read(FromOffset(offset), offset)) as batches:
            async for batch in batches:
                return batch[0]
        raise RetentionGap(f"there is no event at offset {offset} any more")

    async def last(self, count: int, ends: Bounds) -> int:
        """Return where the last `count` events before `ends` begin.

        Offsets have holes, so it may take several tries.
        """
        span = 2 * count
        while True:
            start = max(ends.first, ends.last - span)
            kept: deque[int] = deque(maxlen=count)
            async with contextlib.aclosing(self.read(FromOffset(start), ends.last)) as batches:
                async for batch in batches:
                    kept.extend(record.offset for record in batch)
            if len(kept) == count or start == ends.first:
                return kept[0] if kept else start
            span *= 8

    async def between(
        self, begin: Beginning, end: Ending, *, follow: bool = False, marks: Sequence[bytes] = ()
    ) -> AsyncGenerator[list["Line"], None]:
        """Yield the lines of a part of the log, up to where it ends now unless it is to be followed.

        For `marks` see `read`.
        """
        ends = await self.ends()
        for place in (begin, end):
            check(place, ends.last if ends else -1)
        if ends is None and not follow:
            return
        to = None if follow or ends is None else ends.last
        if isinstance(end, FromOffset):
            to = end.offset if to is None else min(to, end.offset)
        start = await self._start(begin, ends) if ends else First()
        async with contextlib.aclosing(self.read(start, to, marks)) as batches:
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
                return FromOffset(await self.last(number, ends)) if number else after_all
            case FromTime(time):
                early = FromTime(max(time, EARLIEST) - SKEW)
                newest = await self.at(ends.last)
                return early if early.time.timestamp() <= newest.chunk_time else after_all
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
    """One event of the log as a person asks for it. Without an event, `problem` is the reason."""

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
    """Decode a record's envelope. A record that is no event becomes a line without one."""
    try:
        return Line(*record, decode(record.body), "")
    except InvalidEvent as error:
        return Line(*record, None, error.reason)
