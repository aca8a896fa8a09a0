"""The one writer of the history: with the lease it counts the log's events, and looks once a minute."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from events.envelope import Recorded, decode
from events.errors import InvalidEvent, LeaseLost, LogDamaged, Unavailable
from events.log.bounds import cut_at
from events.log.reader import StreamReader
from events.log.stream import FromTime, RawRecord, Resume
from events.payload import Aggregate
from events.tasks import cancelled
from events.views.leases import Lease
from events.views.projector import identity
from gateway.admin.history.counts import HOUR, MINUTE, Facts, Hour
from gateway.admin.history.samples import Sample
from gateway.admin.history.store import HistoryStore, Place
from gateway.log_follower import LogFollower

log = structlog.get_logger()

KEPT = 7 * 24 * HOUR
"""Seconds for which the history is kept."""
_WRITE_EVERY = 2.0
_AGAIN = 600.0
"""Seconds of the log that are read again at a start, so that repetitions of facts are known as such."""
_MARK_EVERY = 5.0
_AT_ONCE = 500
_AHEAD = HOUR
"""Seconds by which the clock of who told an event may be ahead."""
_PAUSE = 2.0


class _Mark(NamedTuple):
    reached: float
    offset: int
    event_id: str


Look = Callable[[], Awaitable[Sample]]
IsWhole = Callable[[int], bool]
"""Returns True if this offset is the log's end, as far as is known."""


class Counting(LogFollower):
    """Counts the log's events into the store. It must be alone, which the lease is for."""

    def __init__(self, store: HistoryStore, stream_url: str, is_end: IsWhole) -> None:
        super().__init__("history", pause=_PAUSE)
        self._store, self._stream_url, self._is_end = store, stream_url, is_end
        self._hours: dict[int, tuple[int, Hour]] = {}
        """The hours that changed, each with what its stored counts have seen."""
        self._marks: deque[_Mark] = deque()
        """Places in the log, and when they were reached: reading begins again at the first of them."""
        self._last: RawRecord | None = None

    async def _follow(self) -> None:
        self._hours, self._facts = {}, Facts()
        self._last = None
        self._place = place = await self._store.place() or await self._beginning()
        self._marks = deque([_Mark(time.monotonic(), place.offset, place.event_id)])
        writing = asyncio.create_task(self._write_on())
        reading = asyncio.create_task(self._read(place))
        try:
            done, _ = await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except LogDamaged:
            await self._store.begin_anew()
            raise
        except LeaseLost as error:
            raise Unavailable(str(error)) from error
        finally:
            await cancelled([writing, reading])

    async def _beginning(self) -> Place:
        """Return the place to begin at: a week ago, or where retention has cut the log since."""
        since, cut = time.time() - KEPT, await cut_at(self._stream_url)
        if cut is not None:
            since = max(since, cut.timestamp())
        return Place(since=math.ceil(since / MINUTE) * MINUTE, until=since)

    async def _read(self, place: Place) -> None:
        reader = StreamReader(self._stream_url, _start(place), name="history")
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                for at in range(0, len(batch), _AT_ONCE):
                    for record in batch[at : at + _AT_ONCE]:
                        await self._take(record)
                    await asyncio.sleep(0)
                self._last = batch[-1]
                self._mark(batch[-1])
                self.trouble = None

    async def _take(self, record: RawRecord) -> None:
        try:
            event = decode(record.body)
            if event.aggregate is not Aggregate.JOB:
                return
            counts = self._facts.counts_of(Recorded(record.offset, event))
        except InvalidEvent:
            return  # others have told of it
        told, now = int(event.time.timestamp()), time.time()
        if counts is None or not max(now - KEPT, self._place.since) <= told <= now + _AHEAD:
            return
        at = told // HOUR * HOUR
        if at not in self._hours:
            hour = await self._store.hour(at)
            self._hours[at] = hour.seen, hour
        self._hours[at][1].take(record.offset, told % HOUR // MINUTE, counts)

    def _mark(self, record: RawRecord) -> None:
        now = time.monotonic()
        if now - self._marks[-1].reached > _MARK_EVERY:
            self._marks.append(_Mark(now, record.offset, identity(record.body)))
        while len(self._marks) > 1 and self._marks[1].reached < now - _AGAIN:
            self._marks.popleft()

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(_WRITE_EVERY)
            await self._write()

    async def _write(self) -> None:
        """Write what has changed, then the place: in this order nothing is left out."""
        last, until = self._last, self._place.until
        for at, (seen, hour) in list(self._hours.items()):
            if (reached := hour.seen) > seen:
                await self._store.write(at, seen, hour)
                self._hours[at] = reached, hour
            elif at < time.time() - 2 * HOUR:
                del self._hours[at]
        now = time.time()
        if self._is_end(last.offset if last else self._place.offset):
            until = now
        elif last:
            until = max(until, min(last.chunk_time, now))
        mark = self._marks[0]
        self._place = Place(offset=mark.offset, event_id=mark.event_id, since=self._place.since, until=until)
        await self._store.note(self._place)


class Recorder:
    """Writes the history while it holds the lease."""

    def __init__(self, lease: Lease, store: HistoryStore, counting: Counting, look: Look) -> None:
        self._lease, self._store, self._counting, self._look = lease, store, counting, look

    async def run(self) -> None:
        """Do this for ever."""
        while True:
            async with self._lease.held() as lost:
                tasks = [
                    asyncio.create_task(work) for work in (self._counting.run(), self._look_on(), lost.wait())
                ]
                try:
                    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                finally:
                    await cancelled(tasks)
            await asyncio.sleep(_PAUSE)

    async def _look_on(self) -> None:
        """Look at once, and at each minute; a look that fails leaves a hole."""
        while True:
            now = int(time.time())
            try:
                await self._store.look(now // MINUTE * MINUTE, await self._look())
                await self._store.forget((now - KEPT) // HOUR * HOUR)
            except Unavailable as error:
                log.warning("history_without_a_look", error=str(error))
            await asyncio.sleep(MINUTE - time.time() % MINUTE)


def _start(place: Place) -> FromTime | Resume:
    if place.offset < 0:
        return FromTime(datetime.fromtimestamp(place.since, UTC))
    return Resume(place.offset, lambda body: identity(body) == place.event_id)
