"""Keeps deliveries and the standing of webhooks in step with the log, in the one gateway that has the lease.

What it writes may be written twice and by two (see `deliveries`): the lease saves work, no more.
"""

import asyncio
import time
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded, decode
from events.errors import InvalidEvent, LogDamaged
from events.log.reader import StreamReader
from events.log.stream import First, RawRecord, Resume
from events.mongodb_errors import translated
from events.tasks import cancelled
from events.types import (
    DeliveryFailure,
    HookDeleted,
    HookDelivered,
    HookDeliveryFailed,
    HookDisabled,
    HookRequested,
)
from events.views.leases import Lease
from events.views.projector import identity
from gateway.log_follower import LogFollower
from gateway.webhooks.deliveries import KEPT, DeliveryStore
from service.webhooks.store import HookStore

log = structlog.get_logger()

_ABOUT_HOOKS = b'"hook.'
_NOTE_EVERY = 60.0
"""Seconds after which the place in the log is noted although no webhook is concerned."""
_FORGET_EVERY = 3600.0
_NOT_THE_RECEIVERS = frozenset({DeliveryFailure.DISABLED, DeliveryFailure.INTERNAL})
_PLACE = "webhook_deliveries"
_PAUSE = 2.0


class HookProjection(LogFollower):
    """Follows the log for the events of webhooks."""

    def __init__(
        self,
        lease: Lease,
        hooks: HookStore,
        deliveries: DeliveryStore,
        database: AsyncDatabase[Any],
        stream_url: str,
    ) -> None:
        super().__init__("webhooks", pause=_PAUSE)
        self._lease, self._hooks, self._deliveries = lease, hooks, deliveries
        self._places, self._stream_url = database["projections"], stream_url

    async def run_with_lease(self) -> None:
        """Do this for ever, while the lease is held."""
        while True:
            async with self._lease.held() as lost:
                tasks = [asyncio.create_task(work) for work in (self.run(), self._forget_on(), lost.wait())]
                try:
                    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                finally:
                    await cancelled(tasks)
            await asyncio.sleep(_PAUSE)

    async def take(self, recorded: Recorded) -> None:
        """Project one event. Raises Unavailable, InvalidEvent."""
        event = recorded.event
        hook_id, at = event.subject, event.time
        match payload := event.payload():
            case HookRequested():
                if await self._hooks.has(event.account, hook_id):  # of a forgotten one nothing comes back
                    await self._deliveries.asked(recorded, payload)
            case HookDelivered():
                await self._hooks.accepted(hook_id, at)
                await self._deliveries.attempted(at, payload)
            case HookDeliveryFailed():
                if payload.code not in _NOT_THE_RECEIVERS:
                    await self._hooks.failed(hook_id, at)
                await self._deliveries.attempted(at, payload)
            case HookDisabled(reason=reason):
                await self._hooks.disable(hook_id, at, reason)
            case HookDeleted():
                await self._hooks.remove(hook_id)
                await self._deliveries.forget(hook_id)

    async def _follow(self) -> None:
        try:
            await self._read(await self._place())
        except LogDamaged:
            with translated("the deliveries to webhooks"):  # another log: all of it is new
                await self._places.delete_one({"_id": _PLACE})
            raise

    async def _read(self, start: First | Resume) -> None:
        reader = StreamReader(self._stream_url, start, name="webhooks")
        noted = time.monotonic()
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                told = [found for record in batch if (found := _about_hooks(record)) is not None]
                for each in told:
                    await self._take(each)
                if told or time.monotonic() - noted > _NOTE_EVERY:
                    await self._note(batch[-1])
                    noted = time.monotonic()
                self.trouble = None

    async def _take(self, recorded: Recorded) -> None:
        try:
            await self.take(recorded)
        except InvalidEvent as error:
            log.warning("event_skipped", offset=recorded.offset, error=str(error))

    async def _place(self) -> First | Resume:
        with translated("the deliveries to webhooks"):
            place = await self._places.find_one({"_id": _PLACE})
        if place is None:
            return First()
        event_id = place["event_id"]
        return Resume(place["offset"], lambda body: identity(body) == event_id)

    async def _note(self, last: RawRecord) -> None:
        place = {"offset": last.offset, "event_id": identity(last.body)}
        with translated("the deliveries to webhooks"):
            await self._places.update_one({"_id": _PLACE}, {"$set": place}, upsert=True)

    async def _forget_on(self) -> None:
        while True:
            await self._deliveries.forget_before(datetime.now(UTC) - KEPT)
            await asyncio.sleep(_FORGET_EVERY)


def _about_hooks(record: RawRecord) -> Recorded | None:
    """Return the event, if it may be about a webhook."""
    if _ABOUT_HOOKS not in record.body:
        return None
    try:
        return Recorded(record.offset, decode(record.body))
    except InvalidEvent:
        return None  # others have told of it
