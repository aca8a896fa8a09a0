"""The stored usage of accounts, beside each version of the job views.

    usage_v1, usage_v2, …   one document per account: `seen`, and the usage as JSON text

Usage at `seen` is what all views of the account add up to when the log had come there. It is always written
before the views that it counts, so no stored view is ever ahead of it. Together with `seen` this
makes it exact: after a crash the same events come again, and are counted only beyond it.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import msgspec
from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from events.errors import Unavailable
from events.mongodb_errors import translated
from events.projections import job_view
from events.projections.usage import COLLECTION, NONE, Usage

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Usage).decode

_DUPLICATE_KEY = 11000
_IDS_AT_ONCE = 50
"""SecantusDB answers `$in` over long lists slowly."""

Document = dict[str, Any]


class UsageStore:
    """The usage that belongs to one version of the views."""

    def __init__(self, database: AsyncDatabase[Any], views: str) -> None:
        self.name = views.replace(job_view.COLLECTION, COLLECTION, 1)
        self._usage: AsyncCollection[Document] = database[self.name]

    async def get(self, account: str) -> Usage:
        """Return an account's stored usage. Raises Unavailable."""
        return (await self.get_many([account])).get(account, NONE)

    async def get_many(self, accounts: Collection[str]) -> dict[str, Usage]:
        """Return the stored usages by account. Raises Unavailable."""
        found: list[Document] = []
        wanted = list(accounts)
        with translated("the usage", words=str):
            for at in range(0, len(wanted), _IDS_AT_ONCE):
                ids = wanted[at : at + _IDS_AT_ONCE]
                found += await self._usage.find({"_id": {"$in": ids}}).to_list()
        return {document["_id"]: _usage_in(document) for document in found}

    async def all(self) -> AsyncIterator[tuple[str, Usage]]:
        """Yield every account's stored usage, in no order. Raises Unavailable."""
        with translated("the usage", words=str):
            async for document in self._usage.find({}, batch_size=2000):
                yield document["_id"], _usage_in(document)

    async def move(self, old: Mapping[str, Usage], new: Mapping[str, Usage]) -> bool:
        """Write usages that have seen more than the old ones, which must still be stored.

        Returns False if another process has moved one. Raises Unavailable.
        """
        writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
        for account, usage in new.items():
            before = old.get(account)
            if before is None:
                writes.append(InsertOne(_document(account, usage)))
            elif usage.seen > before.seen:
                writes.append(ReplaceOne({"_id": account, "seen": before.seen}, _document(account, usage)))
        return await self._write(writes) == len(writes)

    async def save(self, usages: Mapping[str, Usage]) -> None:
        """Write each usage unless the stored one has seen as much. Raises Unavailable."""
        await self._write(
            [
                ReplaceOne(
                    {"_id": account, "seen": {"$lt": usage.seen}}, _document(account, usage), upsert=True
                )
                for account, usage in usages.items()
            ]
        )

    async def drop(self) -> None:
        """Remove all of it."""
        await self._usage.drop()

    async def _write(self, writes: Sequence[InsertOne[Document] | ReplaceOne[Document]]) -> int:
        """Return the number of writes that were done: the others have met a document with another `seen`."""
        if not writes:
            return 0
        with translated("the usage", words=str):
            try:
                result = await self._usage.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                done = error.details
                if any(each["code"] != _DUPLICATE_KEY for each in done["writeErrors"]):
                    raise
                return int(done["nInserted"] + done["nMatched"] + done["nUpserted"])
        return result.inserted_count + result.matched_count + result.upserted_count


def _document(account: str, usage: Usage) -> Document:
    return {"_id": account, "seen": usage.seen, "usage": _encode(usage).decode()}


def _usage_in(document: Document) -> Usage:
    try:
        return _decode(document["usage"])
    except (KeyError, TypeError, msgspec.DecodeError) as error:
        raise Unavailable(
            f"the usage of account {document['_id']} is damaged ({error}): `tonearm replay rebuild` mends it"
        ) from error
