"""The jobs that somebody has chosen for a ZIP, under a short address, in MongoDB.

A thousand ids are 41 kB: more than proxies let through in an address. They are of the moment: the database
forgets them after a week. The same choice has the same address.

    archives   one document for each choice: `account`, `job_ids`, `created`
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from events.ids import event_id
from events.mongodb_errors import translated

LIFE = timedelta(days=7)
"""For so long after it was last asked for an address is good."""
MOST = 50
"""Addresses of an account that are good at a time; the oldest goes."""


class Selections:
    """The choices of all accounts."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._chosen = database["archives"]

    async def prepare(self) -> None:
        """Create the indexes, one of which lets the database forget. Raises Unavailable."""
        with translated("the archives"):
            await self._chosen.create_index("created", expireAfterSeconds=int(LIFE.total_seconds()))
            await self._chosen.create_index([("account", 1), ("created", 1)])

    async def keep(self, account: str, job_ids: Sequence[str], now: datetime) -> str:
        """Keep a choice, and return its id. Raises Unavailable."""
        archive_id = event_id(account, "archive", hashlib.sha256("\n".join(job_ids).encode()).hexdigest())
        fields = {"account": account, "job_ids": list(job_ids), "created": now}
        with translated("the archives"):
            await self._chosen.update_one({"_id": archive_id}, {"$set": fields}, upsert=True)
            newest = self._chosen.find({"account": account}, {"_id": 1}).sort("created", -1)
            if old := await newest.skip(MOST).to_list():
                await self._chosen.delete_many({"_id": {"$in": [each["_id"] for each in old]}})
        return archive_id

    async def find(self, account: str, archive_id: str, now: datetime) -> list[str] | None:
        """Return what this account has chosen; None: nothing, or not any more. Raises Unavailable."""
        with translated("the archives"):
            found = await self._chosen.find_one({"_id": archive_id, "account": account})
        if found is None or found["created"].replace(tzinfo=UTC) + LIFE < now:
            return None
        return list(found["job_ids"])

    async def forget_account(self, account: str) -> None:
        """Forget all choices of an account. Raises Unavailable."""
        with translated("the archives"):
            await self._chosen.delete_many({"account": account})
