"""Sign-ins of devices in MongoDB: collection `devices`, one document each."""

from datetime import datetime
from typing import Any

import msgspec
from pymongo.asynchronous.database import AsyncDatabase

from auth.stores.devices import Answer, Device
from auth.stores.mongo.errors import answering

COLLECTION = "devices"


class MongoDevices:
    """A `DeviceStore`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._devices = database[COLLECTION]

    async def prepare(self) -> None:
        async with answering():
            await self._devices.create_index("user_code", unique=True)
            await self._devices.create_index("expires")

    async def add(self, device: Device) -> None:
        document = msgspec.to_builtins(device, builtin_types=(bytes, datetime))
        document["_id"] = document.pop("digest")
        async with answering():
            await self._devices.insert_one(document)

    async def waiting(self, user_code: bytes, now: datetime) -> Device | None:
        async with answering():
            return _device(await self._devices.find_one(_waiting(user_code, now)))

    async def answer(self, user_code: bytes, now: datetime, answer: Answer) -> bool:
        told = msgspec.to_builtins(answer, builtin_types=(bytes,)) | {"denied": not answer.session_id}
        async with answering():
            done = await self._devices.update_one(_waiting(user_code, now), {"$set": told})
        return done.modified_count == 1

    async def ask(self, digest: bytes, now: datetime) -> Device | None:
        wanted = {"_id": digest, "expires": {"$gt": now}}
        async with answering():
            return _device(await self._devices.find_one_and_update(wanted, {"$set": {"asked": now}}))

    async def take(self, digest: bytes) -> Device | None:
        async with answering():
            return _device(await self._devices.find_one_and_delete({"_id": digest}))

    async def sweep(self, now: datetime) -> None:
        async with answering():
            await self._devices.delete_many({"expires": {"$lt": now}})


def _waiting(user_code: bytes, now: datetime) -> dict[str, Any]:
    return {"user_code": user_code, "expires": {"$gt": now}, "denied": False, "session_id": ""}


def _device(document: dict[str, Any] | None) -> Device | None:
    if document is None:
        return None
    fields = {name: value for name, value in document.items() if name != "_id"}
    return msgspec.convert({"digest": bytes(document["_id"]), **fields}, Device)
