"""First what there is, then what comes: the one path from sources to output."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

from msgspec import Struct

from cli.tail.filters import Filter, every
from cli.tail.merge import Window, merge
from cli.tail.record import Record
from cli.tail.sources.events import Events
from cli.tail.sources.files import LogFile, Watch
from cli.tail.subjects import Subject

POLL = 0.1
"""Seconds between two looks at the files."""

WINDOW = 0.3
"""Seconds that a record is held while following, so that an earlier one from elsewhere goes before it."""

_PATIENCE = 50
"""Looks for which a file that was rotated away is still read."""

_CHUNK = 500
"""Records of history shown at once."""

Batch = tuple[Hashable, list[Record]]


class Query(Struct, frozen=True, kw_only=True):
    """The records to show. `since` and `until` are among the filters too; here they bound the reading."""

    filters: tuple[Filter, ...] = ()
    subjects: tuple[Subject, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    last: int | None = None
    count: int | None = None
    """End after so many."""
    follow: bool = True
    as_it_comes: bool = True
    """Show pipes line by line, and not sorted in among what files hold."""


class Sources(Struct, frozen=True, kw_only=True):
    """The sources of records: log files by patterns, the log of events, and pipes."""

    patterns: Sequence[str] = ()
    log: Events | None = None
    pipes: Sequence[AsyncIterator[list[Record]]] = ()


class _Enough(Exception):
    """So many as were wanted were shown."""


class Tail:
    """Shows what some sources hold and bring, in one order."""

    def __init__(self, query: Query, sources: Sources, show: Callable[[Iterable[Record]], None]) -> None:
        """`show` gets records in order; while following it is called, also with none, every moment."""
        self._query, self._output = query, show
        self._patterns, self._log, self._pipes = [*sources.patterns], sources.log, sources.pipes
        self._piped = bool(sources.pipes) and query.as_it_comes
        self._keep = every([*query.filters, *query.subjects])
        self._learners = [each for each in query.subjects if each.must_learn]
        self.shown = 0

    async def run(self) -> None:
        """Show history, then follow if asked to: until the sources end, `until` is reached, or cancelled."""
        watch = Watch(self._patterns)
        try:
            if self._learners:
                await self._learn()
            await self._history(watch)
            if self._query.follow or self._piped:
                await self._follow(watch)
        except _Enough:
            pass
        finally:
            watch.close()
            if self._log is not None:
                await self._log.close()

    async def _learn(self) -> None:
        """Read everything once before it is shown: what belongs to the job may come before its name.

        And a shortened id may be meant for several. Raises WrongArgument then.
        """
        ahead = Watch(self._patterns)
        try:
            for file in ahead.look():
                async for record in _held(file, finished=True):
                    self._learn_from(record)
        finally:
            ahead.close()
        if self._log is not None:
            async for record in self._log.history(self._query.since, None, lambda _: True):
                self._learn_from(record)
        for each in self._learners:
            each.settle()

    def _learn_from(self, record: Record) -> None:
        for each in self._learners:
            each.learn(record)

    def _show(self, records: Iterable[Record]) -> None:
        chosen = list(islice(records, self._left))
        self.shown += len(chosen)
        self._output(chosen)
        if self._left == 0:
            raise _Enough

    @property
    def _left(self) -> int | None:
        return None if self._query.count is None else self._query.count - self.shown

    async def _history(self, watch: Watch) -> None:
        query = self._query
        # Until is a filter that a search from the end cannot apply to lines without a time of their own.
        last = query.last if query.until is None else None
        sources = []
        for file in watch.look():
            if last is not None:
                await file.skip_to_last(last, self._keep)
            sources.append(_held(file, finished=not query.follow))
        if self._log is not None:
            sources.append(self._log.history(query.since, last, self._keep))
        if not (query.follow or self._piped):
            sources += [_one_by_one(pipe) for pipe in self._pipes]
        chosen = (record async for record in merge(sources) if self._keep(record))
        if query.last is not None:
            kept: deque[Record] = deque(maxlen=query.last)
            async for record in chosen:
                kept.append(record)
            self._show(kept)
            return
        chunk: list[Record] = []
        async for record in chosen:
            chunk.append(record)
            if len(chunk) >= _CHUNK:
                self._show(chunk)
                chunk.clear()
        self._show(chunk)

    async def _follow(self, watch: Watch) -> None:
        arrived: asyncio.Queue[Batch] = asyncio.Queue(maxsize=64)

        async def pump(batches: AsyncIterator[Batch]) -> None:
            async for batch in batches:
                await arrived.put(batch)

        live = [self._log.live()] if self._log and self._query.follow else []
        sources = [_polled(watch)] if self._patterns and self._query.follow else []
        sources += [_labelled(source) for source in (*live, *self._pipes)]
        pumps = [asyncio.create_task(pump(source)) for source in sources]
        window = Window(WINDOW)
        try:
            while not (self._over() or (all(task.done() for task in pumps) and arrived.empty())):
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        source, records = await arrived.get()
                        window.add(source, records, time.monotonic())
                self._show(filter(self._keep, window.due(time.monotonic())))
                for task in pumps:
                    if task.done():
                        task.result()
        finally:
            for task in pumps:
                task.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            if self._left != 0:
                self._show(filter(self._keep, window.rest()))

    def _over(self) -> bool:
        until = self._query.until
        return until is not None and datetime.now(UTC) - timedelta(seconds=POLL + WINDOW) > until


async def _held(file: LogFile, *, finished: bool) -> AsyncIterator[Record]:
    """Yield what the file holds now. `finished`: a last line without its newline counts too."""
    end = file.size
    while (records := file.read(end)) is not None:
        for record in records:
            yield record
        await asyncio.sleep(0)
    for record in file.rest() if finished else ():
        yield record


async def _polled(watch: Watch) -> AsyncIterator[Batch]:
    while True:
        watch.look()
        for file in list(watch.files.values()):
            while (records := file.read()) is not None:
                yield file, records
        for file, records in watch.leave(_PATIENCE):
            yield file, records
        await asyncio.sleep(POLL)


async def _labelled(source: AsyncIterator[list[Record]]) -> AsyncIterator[Batch]:
    async for records in source:
        yield id(source), records


async def _one_by_one(source: AsyncIterator[list[Record]]) -> AsyncIterator[Record]:
    async for records in source:
        for record in records:
            yield record
