"""The records of uploads that are not whole yet, in MongoDB, for all replicas.

**One writer by fencing.** A record has an epoch. Whoever begins a piece raises it, and so does HEAD. Chunks
and the offset are written on condition of it. So a writer that is still at an old connection, on whichever
replica, fails at its next write: it neither moves the offset nor touches a byte of its successor.

    offset    bytes that are stored for good; it moves by compare-and-set, after the chunks
    writer    until when the writer counts as alive, in Unix seconds; 0: there is none
    asked     somebody wants to know the offset: the writer stores what it has, and ends
    gone      `terminated`, `expired` or `failed`: only that is remembered, so that the answer is 410
    emptied   what had come of it is removed
    generation    how often it was begun anew from its first byte

A record goes when its job is in the log.
"""

import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Generic, Literal, Self, TypeVar

import msgspec
from msgspec import Struct
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated
from events.options import Options

COLLECTION = "uploads"
NOTHING: Mapping[str, Any] = MappingProxyType({})
ALIVE = 5.0
"""Seconds without a sign after which a writer is taken for dead. It gives one each second."""

Gone = Literal["terminated", "expired", "failed"]


class Asked(Struct, frozen=True, kw_only=True):
    """The client's wishes when it created the upload; `metadata` is its header as it came."""

    filename: str
    content_type: str
    options: Options
    given: dict[str, str]
    metadata: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """An upload that is not a job yet. `length`: None until the client knows it."""

    id: str
    account: str
    expires: datetime
    wish: Asked | None
    epoch: int = 0
    offset: int = 0
    length: int | None = None
    writer: float = 0.0
    asked: bool = False
    gone: Gone | None = None
    emptied: bool = False
    generation: int = 0

    @property
    def is_whole(self) -> bool:
        """True once every byte is stored."""
        return self.offset == self.length

    @property
    def is_written(self) -> bool:
        """True while a writer is at work."""
        return self.writer > time.time()

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Read a document."""
        expires = document["expires"].astimezone(UTC)  # the driver's zone is one of its own
        return msgspec.convert({**document, "id": document["_id"], "expires": expires}, cls)

    def document(self) -> dict[str, Any]:
        """Return the document."""
        fields: dict[str, Any] = msgspec.to_builtins(self, builtin_types=(datetime, bytes))
        return {"_id": fields.pop("id"), **fields}


R_co = TypeVar("R_co", bound=Record, covariant=True)


class Records(Generic[R_co]):
    """A collection of uploads of one kind. Every method raises Unavailable."""

    FORGOTTEN: Mapping[str, Any] = {"wish": None}
    """What becomes of the fields that nobody needs of an upload that is gone."""

    def __init__(self, database: AsyncDatabase[Any], kind: type[R_co], collection: str = COLLECTION) -> None:
        self._records, self._kind = database[collection], kind

    async def prepare(self) -> None:
        """Create the indexes."""
        with translated("the uploads"):
            await self._records.create_index("account")
            await self._records.create_index("expires")

    async def add(self, record: Record) -> None:
        """Keep a new record."""
        with translated("the uploads"):
            await self._records.insert_one(record.document())

    async def find(self, upload_id: str) -> R_co | None:
        """Return the record of this id."""
        with translated("the uploads"):
            found = await self._records.find_one({"_id": upload_id})
        return None if found is None else self._kind.of(found)

    async def begin(self, record: Record, *, length: int | None, expires: datetime) -> R_co | None:
        """Become the writer of an upload that stands as `record` says; None if it does not any more.

        `length` is what the client knows of it by now.
        """
        free = {"writer": {"$lte": time.time()}, "gone": None}
        news = {"writer": _alive(), "asked": False, "expires": expires, "length": length}
        found = {"_id": record.id, "offset": record.offset, "epoch": record.epoch, **free}
        return await self._changed(found, {"$set": news, "$inc": {"epoch": 1}})

    async def commit(self, record: Record, offset: int, *, expires: datetime) -> R_co | None:
        """Note that the bytes up to `offset` are stored, and show a sign of life; None if fenced."""
        news = {"offset": offset, "writer": _alive(), "expires": expires}
        found = {"_id": record.id, "epoch": record.epoch, "offset": record.offset}
        return await self._changed(found, {"$set": news})

    async def end(self, record: Record) -> None:
        """Note that the writer of this epoch is at work no more."""
        with translated("the uploads"):
            mine = {"_id": record.id, "epoch": record.epoch}
            await self._records.update_one(mine, {"$set": {"writer": 0.0}})

    async def ask(self, upload_id: str) -> None:
        """Ask the writer, wherever it is, to store what it has and to end."""
        with translated("the uploads"):
            await self._records.update_one({"_id": upload_id}, {"$set": {"asked": True}})

    async def restart(self, record: Record) -> R_co | None:
        """Let a file come anew from its first byte; None if the upload stands no more as `record` says.

        The chunks stay: the next writer writes over them, and what is beyond its end is cut off then.
        """
        news = {"offset": 0, "length": None, "writer": 0.0}
        found = {"_id": record.id, "epoch": record.epoch, "gone": None}
        return await self._changed(found, {"$set": news, "$inc": {"epoch": 1, "generation": 1}})

    async def fence(self, upload_id: str) -> R_co | None:
        """Shut out whoever writes, and return the record as it stays; None if there is none any more."""
        news = {"writer": 0.0, "asked": False}
        return await self._changed({"_id": upload_id, "gone": None}, {"$set": news, "$inc": {"epoch": 1}})

    async def bury(
        self, upload_id: str, gone: Gone, *, as_of: Record | None = None, why: Mapping[str, Any] = NOTHING
    ) -> bool:
        """Forget all but that it was there, and shut out whoever writes; False if it is not there to be.

        With `as_of` only while nothing has come since that record was read, and nobody has begun to write.
        `why` are fields that are kept in place of what is forgotten.
        """
        found: dict[str, Any] = {"_id": upload_id, "gone": None}
        if as_of is not None:
            found |= {"epoch": as_of.epoch, "offset": as_of.offset, "expires": as_of.expires}
        news = {"gone": gone, "writer": 0.0, "expires": datetime.now(UTC), **self.FORGOTTEN, **why}
        return await self._changed(found, {"$set": news, "$inc": {"epoch": 1}}) is not None

    async def note_emptied(self, upload_id: str) -> None:
        """Note that what had come of an upload that is gone is removed."""
        with translated("the uploads"):
            await self._records.update_one({"_id": upload_id}, {"$set": {"emptied": True}})

    async def expired(self, before: datetime, *, gone: bool = True) -> AsyncIterator[R_co]:
        """Yield the records that expired before that time, also those that are `gone` already, if wanted."""
        wanted = {} if gone else {"gone": None}
        with translated("the uploads"):
            async for found in self._records.find({"expires": {"$lt": before}, **wanted}):
                yield self._kind.of(found)

    async def of_account(self, account: str) -> list[str]:
        """Return the ids of an account's records."""
        with translated("the uploads"):
            found = await self._records.find({"account": account}, {"_id": 1}).to_list()
        return [each["_id"] for each in found]

    async def remove(self, upload_id: str) -> None:
        """Remove a record: its job is in the log, or nothing of it is left."""
        with translated("the uploads"):
            await self._records.delete_one({"_id": upload_id})

    async def _changed(self, found: dict[str, Any], change: dict[str, Any]) -> R_co | None:
        with translated("the uploads"):
            after = await self._records.find_one_and_update(
                found, change, return_document=ReturnDocument.AFTER
            )
        return None if after is None else self._kind.of(after)


def expiry(life: float) -> datetime:
    """Return when an upload expires that somebody works on now; whole seconds, as the header has it."""
    return (datetime.now(UTC) + timedelta(seconds=life)).replace(microsecond=0)


def _alive() -> float:
    return time.time() + ALIVE
