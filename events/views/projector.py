"""The projector: keeps the stored views in step with the log, one projector at a time.

For every batch of events: load the views they touch, fold in memory, write the usage of their accounts, then
the changed views, both guarded by their offset, then move the checkpoint by compare-and-set. A crash in
between repeats a batch, and the fold comes to the same views and the same usage. At start the event at the
checkpoint is read again and must be the same one.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Event, Recorded, decode
from events.errors import InvalidEvent, LeaseLost, LogDamaged, Unavailable
from events.log.bounds import bounds
from events.log.reader import StreamReader
from events.log.stream import First, FromOffset, RawRecord, Resume
from events.payload import Aggregate
from events.privacy.sealing import NO_KEYS, Keys
from events.projections.counts import counted
from events.projections.job_view import JobView
from events.projections.jobs import evolve
from events.projections.usage import NONE, Usage, moved
from events.tasks import cancelled
from events.views.leases import Lease
from events.views.store import Checkpoint, JobViews, ViewStore

log = structlog.get_logger()

_AT_ONCE = 1000

_LOOK = 5.0
"""Seconds for reading the log's last event."""


class Projector:
    """Folds the log into the live views while it holds the lease."""

    def __init__(
        self,
        database: AsyncDatabase[Any],
        stream_url: str,
        *,
        holder: str,
        lease_ttl: float = 6.0,
        on_state: Callable[[str], None] | None = None,
        keys: Keys = NO_KEYS,
    ) -> None:
        """`holder` names this process in the lease; it must differ between processes.

        `on_state` goes to the reader, `keys` open what is sealed.
        """
        self._keys = keys
        self._database, self._stream_url, self._on_state = database, stream_url, on_state
        self._lease = Lease(database, "projector", holder, lease_ttl)
        self._views = JobViews(database)
        self.position: int | None = None
        self.trouble: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Project until `stop` is set. Trouble is logged, kept in `trouble`, and tried again."""
        tasks = [asyncio.create_task(self._run()), asyncio.create_task(stop.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await cancelled(tasks)

    async def _run(self) -> None:
        while True:
            try:
                async with self._lease.held() as lost:
                    await self._project(lost)
            except LogDamaged as error:
                self.trouble = str(error)
                log.error(
                    "projection_stopped", error=str(error), hint="tonearm replay info; tonearm replay rebuild"
                )
                await asyncio.sleep(5.0)
            except (Unavailable, LeaseLost) as error:
                self.trouble = None if isinstance(error, LeaseLost) else str(error)  # another projects now
                log.warning("projection_interrupted", error=str(error))
                await asyncio.sleep(0.5)
            except Exception as error:
                self.trouble = repr(error)
                log.exception("projection_failed")
                await asyncio.sleep(5.0)

    async def _project(self, lost: asyncio.Event) -> None:
        store = await self._views.live()
        await store.prepare()
        checkpoint = await with_usage(store, await store.checkpoint())
        reader = StreamReader(self._stream_url, after(checkpoint), name="projector", on_state=self._on_state)
        self.position = checkpoint.offset if checkpoint else None
        log.info("projecting", views=store.name, after=self.position)
        if self.trouble is not None and await self._at_the_end(checkpoint):
            self.trouble = None  # or it would last until the next event: nothing is left to project
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                for at in range(0, len(batch), _AT_ONCE):
                    if lost.is_set():
                        raise LeaseLost("another process projects now")
                    if (await self._views.live()).name != store.name:
                        raise LeaseLost("another version of the views is live now")
                    checkpoint = await project(store, checkpoint, batch[at : at + _AT_ONCE], self._keys)
                    checkpoint = await with_usage(store, checkpoint)
                    self.position, self.trouble = checkpoint.offset if checkpoint else None, None

    async def _at_the_end(self, checkpoint: Checkpoint | None) -> bool:
        """Return True if the log ends with the very event of the checkpoint."""
        ends = await bounds(self._stream_url)
        if checkpoint is None or ends is None:
            return checkpoint is None and ends is None
        if checkpoint.offset != ends.last:
            return False
        reader = StreamReader(self._stream_url, FromOffset(checkpoint.offset), name="projector")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK), contextlib.aclosing(reader.batches()) as batches:
                async for batch in batches:
                    return identity(batch[0].body) == checkpoint.event_id
        return False


def after(checkpoint: Checkpoint | None) -> First | Resume:
    """Return the place in the log at which views with this checkpoint go on."""
    if checkpoint is None:
        return First()
    event_id = checkpoint.event_id

    def is_same(body: bytes) -> bool:
        return identity(body) == event_id

    return Resume(checkpoint.offset, is_same)


def identity(body: bytes) -> str:
    """Return the event's id; for bytes that are no event, a stand-in that a checkpoint can hold."""
    try:
        return decode(body).id
    except InvalidEvent:
        return "invalid"


async def project(
    store: ViewStore, checkpoint: Checkpoint | None, batch: list[RawRecord], keys: Keys = NO_KEYS
) -> Checkpoint | None:
    """Fold one batch into the store and move the checkpoint past it.

    Raises LeaseLost when another process has moved the checkpoint, and Unavailable.
    """
    events = await keys.opened(readable(batch))
    views: dict[str, JobView] = await store.get_many(list({event.event.subject for event in events}))
    counting = checkpoint is None or checkpoint.has_usage
    accounts = {event.event.account for event in events} | {view.account for view in views.values()}
    usages = await store.usage.get_many(accounts) if counting else {}
    counted_views: dict[str, JobView | None] = dict(views)
    changed: dict[str, JobView] = {}
    for recorded in events:
        subject = recorded.event.subject
        try:
            view = evolve(changed.get(subject) or views.get(subject), recorded)
        except InvalidEvent as error:
            log.error("event_invalid", offset=recorded.offset, error=error.reason)
            continue
        if view is not None:
            changed[subject] = view
            if recorded.offset <= usages.get(view.account, NONE).seen:
                counted_views[subject] = view  # by who came as far before, and died
    steps = ((counted_views.get(job_id), view) for job_id, view in changed.items())
    if counting and not await store.usage.move(usages, moved(usages, steps)):
        raise LeaseLost("another process has counted usage")
    await store.add([view for job_id, view in changed.items() if job_id not in views])
    await store.save(view for job_id, view in changed.items() if job_id in views)
    upto = batch[-1].offset
    since, jobs = (checkpoint.offset, checkpoint.jobs) if checkpoint else (-1, {})
    jobs = None if jobs is None else counted(jobs, views, since, changed, upto)
    new = Checkpoint(upto, identity(batch[-1].body), jobs, upto if counting else None)
    if not await store.move_checkpoint(checkpoint, new):
        raise LeaseLost("another process moved the checkpoint")
    return new


async def with_usage(store: ViewStore, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """Count the usage of all views where a process that counts none has moved them: one from before usage.

    Returns the checkpoint, unchanged while that cannot be: one that died has left views ahead of it. Raises
    LeaseLost, Unavailable.
    """
    if checkpoint is None or checkpoint.has_usage:
        return checkpoint
    usages: dict[str, Usage] = {}
    async for view in store.all():
        usages |= moved(usages, [(None, view)])
        if view.seen > checkpoint.offset:
            return checkpoint
    await store.usage.save(usages)
    new = replace(checkpoint, usage=checkpoint.offset)
    if not await store.move_checkpoint(checkpoint, new):
        raise LeaseLost("another process moved the checkpoint")
    log.info("usage_counted", views=store.name, accounts=len(usages))
    return new


def readable(batch: list[RawRecord]) -> list[Recorded]:
    """Decode the envelopes of the jobs' events. Bytes that are no event are logged and left out."""
    events: list[Recorded] = []
    for record in batch:
        try:
            event: Event = decode(record.body)
        except InvalidEvent as error:
            log.error("event_invalid", offset=record.offset, error=error.reason)
            continue
        if event.aggregate is Aggregate.JOB:
            events.append(Recorded(record.offset, event))
    return events
