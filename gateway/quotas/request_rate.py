"""Requests a minute, of all gateways together, without a write for each.

    request_counts   one document per account: `window`, a minute since 1970, and the requests `taken` in it

A gateway takes an eighth of what is left at a time and hands it out by itself. So a minute costs some dozens
of writes at most, and towards the end each request has one, which makes the limit exact. What one gateway
has taken and does not need is lost to the others until the minute ends.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from msgspec import Struct, field
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from events.mongodb_errors import translated
from gateway.errors import QuotaExceeded
from gateway.http.rate_limits import MINUTE, Standing

log = structlog.get_logger()

COLLECTION = "request_counts"
NAME = "requests_a_minute"
_PART = 8
_MOST_KEPT = 10_000


class _Share(Struct):
    """An account's minute: what this process has left of it. `taken`: by all gateways, as last heard."""

    window: int
    left: int = 0
    taken: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RequestRate:
    """Counts the requests of accounts."""

    def __init__(
        self, database: AsyncDatabase[Any], clock: Callable[[], float] = time.time, *, patience: float = 1.0
    ) -> None:
        """`patience`: the seconds that the database has. After that a request is let through uncounted:
        requests are to be slowed, not to wait."""
        self._counts, self._clock, self._patience = database[COLLECTION], clock, patience
        self._shares: dict[str, _Share] = {}

    async def take(self, account: str, limit: int) -> Standing:
        """Count a request, and return what is left of the minute. Raises QuotaExceeded."""
        now = self._clock()
        share = self._share(account, int(now // MINUTE))
        reset = max(1, MINUTE - int(now % MINUTE))
        if share.taken > limit:
            share.left = 0  # the limit is another since
        if share.left == 0 and share.taken < limit:
            async with share.lock:
                if share.left == 0 and share.taken < limit:
                    await self._fill(account, share, limit)
        if share.left == 0:
            raise QuotaExceeded(
                f"you may send {limit} requests a minute", limit=NAME, allowed=limit, seconds=reset
            )
        share.left -= 1
        left = share.left + max(0, limit - share.taken)
        return Standing(name=NAME, quota=limit, left=left, window=MINUTE, reset=reset)

    async def forget(self, account: str) -> None:
        """Forget an account. Raises Unavailable."""
        with translated("the requests"):
            await self._counts.delete_one({"_id": account})

    def _share(self, account: str, window: int) -> _Share:
        share = self._shares.get(account)
        if share is None or share.window != window:
            if len(self._shares) >= _MOST_KEPT:
                self._shares = {name: each for name, each in self._shares.items() if each.window == window}
            share = self._shares[account] = _Share(window)
        return share

    async def _fill(self, account: str, share: _Share, limit: int) -> None:
        try:
            async with asyncio.timeout(self._patience):
                while share.left == 0 and share.taken < limit:
                    await self._reserve(account, share, limit)
        except (PyMongoError, TimeoutError) as error:
            log.warning("requests_not_counted", error=type(error).__name__)
            share.left = 1

    async def _reserve(self, account: str, share: _Share, limit: int) -> None:
        """Take a part of what is left; or learn how much others have taken."""
        part = max(1, (limit - share.taken) // _PART)
        windows = [share.window, share.window + 1]  # a clock ahead may have begun the next
        minute = {"_id": account, "window": {"$in": windows}}
        counted = await self._counts.find_one_and_update(
            {**minute, "taken": {"$lte": limit - part}},
            {"$inc": {"taken": part}},
            return_document=ReturnDocument.AFTER,
        )
        if counted is None:
            counted = await self._counts.find_one(minute)
            if counted is not None:
                share.taken = counted["taken"]
                return
            with suppress(DuplicateKeyError):  # another gateway has begun the minute
                await self._counts.update_one(
                    {"_id": account, "window": {"$nin": windows}},
                    {"$set": {"window": share.window, "taken": 0}},
                    upsert=True,
                )
            return
        share.left, share.taken = part, counted["taken"]
