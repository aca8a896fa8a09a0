"""The accounts that auth has erased: their jobs are deleted, and what else the gateways keep of them.

The collection `erased_accounts` has a document for each `account.erased` in the log. It is made by reading
the log once, and its end from then on. It is never emptied: an upload may end after its account was erased,
and its job is deleted then, too.
"""

import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import decode
from events.errors import InvalidEvent, LogDamaged
from events.log.reader import StreamReader
from events.log.stream import First, RawRecord, Resume
from events.mongodb_errors import translated
from events.types import AccountErased
from events.views.projector import identity
from gateway.log_follower import LogFollower

log = structlog.get_logger()

_ONLY = AccountErased.TYPE.encode()
_NOTE_EVERY = 60.0
"""Seconds after which the place in the log is noted although no account was erased."""
_PLACE = "erased_accounts"


class ErasedAccounts(LogFollower):
    """Follows the log for erased accounts, while this process looks after the jobs of all."""

    def __init__(self, database: AsyncDatabase[Any], stream_url: str) -> None:
        super().__init__("erased_accounts", pause=2.0)
        self._accounts, self._places = database["erased_accounts"], database["projections"]
        self._stream_url = stream_url
        self.on_erased: Callable[[], None] = lambda: None
        """Called when there is something to do."""
        self._ids: set[str] = set()

    def __contains__(self, account: str) -> bool:
        return account in self._ids

    async def open(self) -> list[str]:
        """Return the accounts whose jobs are still to be deleted. Raises Unavailable."""
        with translated("the erased accounts"):
            found = await self._accounts.find({"done": False}, {"_id": 1}).to_list()
        return [each["_id"] for each in found]

    async def reopen(self, account: str) -> None:
        """Note that the account has jobs again. Raises Unavailable."""
        with translated("the erased accounts"):
            await self._accounts.update_one({"_id": account}, {"$set": {"done": False}})

    async def done(self, account: str) -> None:
        """Note that nothing of it is left. Raises Unavailable."""
        with translated("the erased accounts"):
            await self._accounts.update_one({"_id": account}, {"$set": {"done": True}})

    async def _follow(self) -> None:
        try:
            await self._read(await self._load())
        except LogDamaged:
            with translated("the erased accounts"):  # another log: all of it is new
                await self._places.delete_one({"_id": _PLACE})
            raise

    async def _read(self, start: First | Resume) -> None:
        reader = StreamReader(self._stream_url, start, name="erased accounts")
        noted = time.monotonic()
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                erased = [account for record in batch if (account := _erased(record)) is not None]
                for account in erased:
                    await self._learn(account)
                if erased or time.monotonic() - noted > _NOTE_EVERY:
                    await self._note(batch[-1])
                    noted = time.monotonic()
                self.trouble = None

    async def _load(self) -> First | Resume:
        """Return where to read on; the accounts that are known by now are in memory then."""
        with translated("the erased accounts"):
            self._ids = {each["_id"] async for each in self._accounts.find({}, {"_id": 1})}
            place = await self._places.find_one({"_id": _PLACE})
        if place is None:
            return First()
        event_id = place["event_id"]
        return Resume(place["offset"], lambda body: identity(body) == event_id)

    async def _learn(self, account: str) -> None:
        with translated("the erased accounts"):
            await self._accounts.update_one({"_id": account}, {"$setOnInsert": {"done": False}}, upsert=True)
        self._ids.add(account)
        log.info("account_erasure_heard", account_id=account)
        self.on_erased()

    async def _note(self, last: RawRecord) -> None:
        place = {"offset": last.offset, "event_id": identity(last.body)}
        with translated("the erased accounts"):
            await self._places.update_one({"_id": _PLACE}, {"$set": place}, upsert=True)


def _erased(record: RawRecord) -> str | None:
    """Return the account, if the record is about its erasure."""
    if _ONLY not in record.body:
        return None
    try:
        event = decode(record.body)
    except InvalidEvent:
        return None
    return event.account if event.type == AccountErased.TYPE else None
