"""Failures in MongoDB: collection `sign_in_failures`, one document a key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from pymongo.asynchronous.database import AsyncDatabase

from auth.stores.failures import Failures
from auth.stores.mongo.errors import answering

COLLECTION = "sign_in_failures"


class MongoFailures:
    """A `FailureStore`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._failures = database[COLLECTION]

    async def prepare(self) -> None:
        async with answering():
            await self._failures.create_index("until")

    async def get(self, keys: Sequence[str], now: datetime) -> dict[str, Failures]:
        wanted = {"_id": {"$in": list(keys)}, "until": {"$gt": now}}
        async with answering():
            found = await self._failures.find(wanted).to_list()
        return {each["_id"]: Failures(each["count"], each["last"]) for each in found}

    async def count(self, key: str, now: datetime, until: datetime) -> None:
        change = {"$inc": {"count": 1}, "$set": {"last": now, "until": until}}
        async with answering():
            await self._failures.delete_one({"_id": key, "until": {"$lte": now}})  # not swept yet
            await self._failures.update_one({"_id": key}, change, upsert=True)

    async def charge(self, key: str, seen: Failures, now: datetime, until: datetime) -> bool:
        unchanged = {"_id": key, "count": seen.count, "last": seen.last}
        change = {"$inc": {"count": 1}, "$set": {"last": now, "until": until}}
        async with answering():
            return (await self._failures.update_one(unchanged, change)).matched_count == 1

    async def refund(self, key: str, before: Failures, charged: datetime, until: datetime) -> None:
        unchanged = {"_id": key, "count": before.count + 1, "last": charged}
        change = {"$set": {"count": before.count, "last": before.last, "until": until}}
        async with answering():
            if (await self._failures.update_one(unchanged, change)).matched_count == 0:
                await self._failures.update_one({"_id": key, "count": {"$gt": 0}}, {"$inc": {"count": -1}})

    async def admit(self, key: str, most: int, now: datetime, until: datetime) -> datetime | None:
        change = {"$inc": {"count": 1}, "$set": {"last": now}, "$setOnInsert": {"until": until}}
        async with answering():
            await self._failures.delete_one({"_id": key, "until": {"$lte": now}})  # not swept yet
            found = await self._failures.find_one({"_id": key})
            if found and found["count"] >= most:
                return cast("datetime", found["until"])
            await self._failures.update_one({"_id": key}, change, upsert=True)
        return None

    async def forget(self, key: str) -> None:
        async with answering():
            await self._failures.delete_one({"_id": key})

    async def sweep(self, now: datetime) -> None:
        async with answering():
            await self._failures.delete_many({"until": {"$lt": now}})
