"""Tokens of letters in MongoDB: collection `letters`, one document each."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from pymongo.asynchronous.database import AsyncDatabase

from auth.stores.letters import Issued
from auth.stores.mongo.errors import answering
from events.types import Letter

COLLECTION = "letters"


class MongoLetters:
    """A `LetterStore`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._letters = database[COLLECTION]

    async def prepare(self) -> None:
        async with answering():
            await self._letters.create_index("account_id")
            await self._letters.create_index("expires")

    async def issue(self, issued: Issued) -> None:
        document = msgspec.to_builtins(issued, builtin_types=(bytes, datetime))
        document["_id"] = document.pop("digest")
        replaced = {
            "account_id": issued.account_id,
            "letter": issued.letter,
            "cause": {"$ne": issued.cause},
            "expires": {"$lt": issued.expires},  # of two at once the later stays, and not neither
        }
        async with answering():
            await self._letters.insert_one(document)
            await self._letters.delete_many(replaced)

    async def find(self, digest: bytes, letters: Collection[Letter], now: datetime) -> Issued | None:
        async with answering():
            return _issued(await self._letters.find_one(_good(digest, letters, now)))

    async def take(self, digest: bytes, letters: Collection[Letter], now: datetime) -> Issued | None:
        async with answering():
            taken = _issued(await self._letters.find_one_and_delete(_good(digest, letters, now)))
        if taken:
            await self.void(taken.account_id)
        return taken

    async def void(self, account_id: str) -> None:
        async with answering():
            await self._letters.delete_many({"account_id": account_id})

    async def awaited(self, account_id: str, now: datetime) -> bool:
        async with answering():
            wanted = {"account_id": account_id, "expires": {"$gt": now}}
            return await self._letters.find_one(wanted, {"_id": 1}) is not None

    async def sweep(self, now: datetime) -> None:
        async with answering():
            await self._letters.delete_many({"expires": {"$lt": now}})


def _good(digest: bytes, letters: Collection[Letter], now: datetime) -> dict[str, Any]:
    return {"_id": digest, "letter": {"$in": [str(each) for each in letters]}, "expires": {"$gt": now}}


def _issued(document: dict[str, Any] | None) -> Issued | None:
    if document is None:
        return None
    fields = {name: value for name, value in document.items() if name != "_id"}
    return msgspec.convert({"digest": bytes(document["_id"]), **fields}, Issued)
