"""Sessions and API keys in MongoDB: collection `sessions`, one document each."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pymongo.asynchronous.database import AsyncDatabase

from auth.stores.mongo.errors import answering
from auth.stores.sessions import Session
from events.types import LONGEST_TOKEN

COLLECTION = "sessions"


class MongoSessions:
    """A `SessionStore`. What has ended is kept while a token of it may still be in use."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._sessions = database[COLLECTION]

    async def prepare(self) -> None:
        async with answering():
            await self._sessions.create_index("digest", unique=True)
            await self._sessions.create_index("account_id")
            await self._sessions.create_index("expires")
            await self._sessions.create_index("untold", sparse=True)

    async def add(self, session: Session) -> None:
        document = msgspec.to_builtins(session, builtin_types=(bytes, datetime))
        document["_id"] = document.pop("session_id")
        async with answering():
            await self._sessions.insert_one(document)

    async def get(self, session_id: str) -> Session | None:
        async with answering():
            return _session(await self._sessions.find_one({"_id": session_id}))

    async def find(self, digest: bytes) -> Session | None:
        async with answering():
            return _session(await self._sessions.find_one({"digest": digest}))

    async def rotate(self, session_id: str, old: bytes, new: bytes, sealed: bytes, now: datetime) -> bool:
        async with answering():
            done = await self._sessions.update_one(
                {"_id": session_id, "current": old, "ended": None},
                {"$set": {"current": new, "previous": old, "sealed": sealed, "rotated": now}},
            )
        return done.modified_count == 1

    async def live_of(self, account_id: str, *, api_keys: bool) -> list[Session]:
        wanted = {"account_id": account_id, "ended": None, "name": {"$ne": ""} if api_keys else ""}
        async with answering():
            documents = await self._sessions.find(wanted).sort("_id").to_list()
        return [session for each in documents if (session := _session(each))]

    async def last_begun(self, account_ids: Sequence[str]) -> Mapping[str, datetime]:
        wanted = {"account_id": {"$in": list(account_ids)}, "name": ""}
        begun: dict[str, datetime] = {}
        async with answering():
            async for each in self._sessions.find(wanted, {"account_id": 1, "created": 1}):
                begun[each["account_id"]] = max(
                    each["created"], begun.get(each["account_id"], each["created"])
                )
        return begun

    async def surplus(self, account_id: str, most: int) -> Sequence[str]:
        wanted = {"account_id": account_id, "ended": None, "name": "", "current": {"$ne": b""}}
        async with answering():
            found = await self._sessions.find(wanted, {"_id": 1}).sort("_id", -1).skip(most).to_list()
        return [each["_id"] for each in found]

    async def mark_used(self, session_id: str, now: datetime) -> None:
        async with answering():
            await self._sessions.update_one({"_id": session_id}, {"$set": {"used": now}})

    async def end(
        self, account_id: str, session_ids: Sequence[str], now: datetime, reason: str
    ) -> Sequence[str]:
        wanted = {"_id": {"$in": list(session_ids)}, "account_id": account_id, "ended": None}
        async with answering():
            found = [each["_id"] async for each in self._sessions.find(wanted, {"_id": 1})]
            await self._sessions.update_many(wanted, _end(now, reason))
        return found

    async def end_account(self, account_id: str, now: datetime, reason: str) -> None:
        async with answering():
            await self._sessions.update_many({"account_id": account_id, "ended": None}, _end(now, reason))

    async def mark_announced(self, session_ids: Sequence[str]) -> None:
        async with answering():
            await self._sessions.update_many({"_id": {"$in": list(session_ids)}}, {"$unset": {"untold": 1}})

    async def mark_all_announced(self, account_id: str) -> None:
        async with answering():
            await self._sessions.update_many({"account_id": account_id}, {"$unset": {"untold": 1}})

    async def unannounced(self, since: datetime) -> list[Session]:
        async with answering():
            documents = await self._sessions.find({"untold": True, "ended": {"$gte": since}}).to_list()
        return [session for each in documents if (session := _session(each))]

    async def sweep(self, now: datetime) -> None:
        async with answering():
            await self._sessions.delete_many({"expires": {"$lt": now}})


def _end(now: datetime, reason: str) -> dict[str, Any]:
    forget = now + timedelta(seconds=LONGEST_TOKEN)
    return {"$set": {"ended": now, "expires": forget, "reason": reason, "untold": True}}


def _session(document: dict[str, Any] | None) -> Session | None:
    if document is None:
        return None
    fields = {name: value for name, value in document.items() if name not in ("_id", "untold")}
    return msgspec.convert({"session_id": document["_id"], **fields}, Session)
