"""The stream of events as a source: what it holds now, then what comes."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from cli.log.log import EARLIEST, SKEW
from cli.log.opening import opened
from cli.tail.filters import Filter
from cli.tail.parser import parse_event
from cli.tail.record import Record
from events.log.bounds import Bounds, bounds
from events.log.reader import StreamReader
from events.log.stream import First, FromOffset, FromTime, Last, RawRecord, Start
from events.privacy.sealing import NO_KEYS, Keys


class EventLog:
    """One reading of the log: `history` once or more, then `live` goes on from where the last one ended."""

    def __init__(self, url: str, say: Callable[[str], None]) -> None:
        """`say` is called with a sentence when a connection is lost or regained."""
        self._url, self._say = url, say
        self.keys: Keys = NO_KEYS
        """They open what is sealed."""
        self._disconnected = False
        self._ends: Bounds | None = None
        self._start: Start = First()
        self._batches: AsyncIterator[list[RawRecord]] | None = None
        self._ahead: list[RawRecord] = []
        self._before = datetime.min.replace(tzinfo=UTC)

    async def find(self) -> None:
        """Learn what the log holds now; history ends there. Raises Unavailable."""
        self._ends = await bounds(self._url)

    def wait_from(self, time: datetime) -> None:
        """Go on without history, from `time`, once the log is back. For use when `find` failed."""
        self._start = FromTime(time)
        self._disconnected = True

    async def history(self, since: datetime | None, last: int | None, keep: Filter) -> AsyncIterator[Record]:
        """Yield what the log holds that `keep` holds for, from about `since` on, or only the last so many."""
        if self._ends is None:
            return
        if last is None or since is not None:
            async for record in self._read(await self._start_by_time(since)):
                if keep(record):
                    yield record
            return
        span = 2 * last + 1
        while True:
            start = max(self._ends.first, self._ends.last - span)
            kept = deque(
                [record async for record in self._read(FromOffset(start)) if keep(record)], maxlen=last
            )
            if len(kept) == last or start == self._ends.first:
                break
            span *= 8
        for record in kept:
            yield record

    async def live(self) -> AsyncIterator[list[Record]]:
        """Yield what comes after the history, for ever. Raises LogDamaged."""
        if self._batches is None:
            self._batches = self._open(self._start)
        if self._ahead:
            yield [self._parsed(raw) for raw in self._ahead]
        async for batch in self._batches:
            yield [self._parsed(raw) for raw in await opened(self.keys, batch)]

    async def close(self) -> None:
        """Close the connection."""
        if self._batches is not None:
            await self._batches.aclose()  # type: ignore[attr-defined]
            self._batches = None

    async def _read(self, start: Start) -> AsyncIterator[Record]:
        """Read up to the end that `find` saw, and keep what came beyond it for `live`."""
        assert self._ends is not None  # noqa: S101
        await self.close()
        self._ahead = []
        self._batches = self._open(start)
        async for sealed in self._batches:
            batch = await opened(self.keys, sealed)
            for index, raw in enumerate(batch):
                if raw.offset > self._ends.last:
                    self._ahead = batch[index:]
                    return
                yield self._parsed(raw)
            if batch[-1].offset >= self._ends.last:
                return

    async def _start_by_time(self, since: datetime | None) -> Start:
        """Return where to begin. A time after the last chunk would wait for what is not yet written."""
        if since is None:
            return First()
        newest = self._open(Last())
        try:
            batch = await anext(newest)
        finally:
            await newest.aclose()  # type: ignore[attr-defined]
        since = max(since, EARLIEST) - SKEW
        return FromTime(since) if batch[-1].chunk_time >= since.timestamp() else Last()

    def _open(self, start: Start) -> AsyncIterator[list[RawRecord]]:
        return StreamReader(self._url, start, name="tail", on_state=self._on_state).batches()

    def _parsed(self, raw: RawRecord) -> Record:
        record = parse_event(raw.offset, raw.body, self._before)
        self._before = record.time
        return record

    def _on_state(self, state: str) -> None:
        if state == "connected":
            if self._disconnected:
                self._say("event log: reconnected")
            self._disconnected = False
        elif not self._disconnected:
            self._disconnected = True
            self._say(f"event log: disconnected ({state.removeprefix('disconnected: ')}), reconnecting")
