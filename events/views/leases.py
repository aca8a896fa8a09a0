"""A lease in MongoDB: one holder at a time, taken over when the holder falls silent.

Two holders at once are possible for a moment (a paused process that wakes up), so what a lease guards
must be safe to do twice; the lease only makes that rare. So the holders' own clocks are good enough; `$$NOW`
of the database would be better, but not every MongoDB-wire server has it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from events.errors import Unavailable
from events.mongodb_errors import translated

log = structlog.get_logger()


class Lease:
    """A named lease with a time to live in seconds, renewed at a third of it while held."""

    def __init__(self, database: AsyncDatabase[Any], name: str, holder: str, ttl: float = 6.0) -> None:
        self._leases = database["leases"]
        self._name, self._holder, self._ttl = name, holder, ttl

    async def take(self) -> bool:
        """Take or renew the lease; False while another holds it. Raises Unavailable."""
        now = datetime.now(UTC)
        with translated(f"the lease {self._name}", words=str):
            try:
                await self._leases.update_one(
                    {"_id": self._name, "$or": [{"holder": self._holder}, {"expires": {"$lt": now}}]},
                    {"$set": {"holder": self._holder, "expires": now + timedelta(seconds=self._ttl)}},
                    upsert=True,
                )
            except DuplicateKeyError:
                return False  # another's, not expired: the upsert met its id
        return True

    async def give_back(self) -> None:
        """Let the next holder in at once. A lease that cannot be given back expires."""
        with contextlib.suppress(PyMongoError):
            await self._leases.delete_one({"_id": self._name, "holder": self._holder})

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[asyncio.Event]:
        """Wait until the lease is ours, hold it for the block; the event is set when it is lost."""
        while not await self._try():  # noqa: ASYNC110
            await asyncio.sleep(self._ttl / 3)
        lost = asyncio.Event()
        log.info("lease_taken", lease=self._name, holder=self._holder)
        renewing = asyncio.create_task(self._renew(lost))
        try:
            yield lost
        finally:
            renewing.cancel()
            await self.give_back()

    async def _try(self) -> bool:
        try:
            return await self.take()
        except Unavailable as error:
            log.warning("lease_unavailable", lease=self._name, error=str(error))
            return False

    async def _renew(self, lost: asyncio.Event) -> None:
        """Renew it until it is lost. However the renewing ends, `lost` is set."""
        loop = asyncio.get_running_loop()
        good_until = loop.time() + self._ttl
        try:
            while True:
                await asyncio.sleep(self._ttl / 3)
                try:
                    mine = await self.take()
                except Unavailable:
                    mine = loop.time() < good_until
                else:
                    good_until = loop.time() + self._ttl
                if not mine:
                    log.warning("lease_lost", lease=self._name, holder=self._holder)
                    return
        except Exception:
            log.exception("lease_not_renewed", lease=self._name, holder=self._holder)
        finally:
            lost.set()
