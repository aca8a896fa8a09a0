"""The records of imports: those of uploads whose bytes are fetched, with what is needed to ask for them.

The address is sealed, and goes with the end. What is left of one that failed or was called off is kept for
some days, so that its owner sees what became of it.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated
from events.types import ImportFailure
from gateway.files.records import Record, Records

COLLECTION = "imports"
_OPEN: Mapping[str, Any] = MappingProxyType({"gone": None})


class Mishap(Struct, frozen=True, kw_only=True):
    """The reason why nothing came of an import: a code for programs, a sentence for people."""

    code: ImportFailure
    message: str


class ImportRecord(Record, frozen=True, kw_only=True):
    """An import that is not a job yet. `wish` has the name and type of the file as they are known so far.

    `roles` are those of who asked for it: their limits hold. `validator`: by what the source knows the file
    again. `trouble` is why it waits for another attempt, in a sentence.
    """

    created: datetime
    name: str
    roles: tuple[str, ...]
    address: bytes = b""
    validator: str = ""
    trouble: str = ""
    failure: Mishap | None = None


class ImportRecords(Records[ImportRecord]):
    """The collection. Every method raises Unavailable."""

    FORGOTTEN = MappingProxyType({**Records.FORGOTTEN, "address": b"", "validator": "", "trouble": ""})

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        super().__init__(database, ImportRecord, COLLECTION)

    async def note(
        self, record: ImportRecord, *, filename: str, content_type: str, validator: str
    ) -> ImportRecord | None:
        """Note what the source reports of the file; None if the import stands no more as `record` says."""
        news = {
            "wish.filename": filename,
            "wish.content_type": content_type,
            "name": filename,
            "validator": validator,
            "trouble": "",
        }
        found = {"_id": record.id, "epoch": record.epoch, **_OPEN}
        return await self._changed(found, {"$set": news})

    async def note_trouble(self, import_id: str, trouble: str) -> None:
        """Note why an import waits for another attempt."""
        with translated("the imports"):
            await self._records.update_one({"_id": import_id, **_OPEN}, {"$set": {"trouble": trouble}})

    async def open(self, account: str) -> int:
        """Return how many imports of an account are not over."""
        with translated("the imports"):
            return await self._records.count_documents({"account": account, **_OPEN})

    async def listed(self, account: str, most: int) -> list[ImportRecord]:
        """Return an account's imports, the newest first, but for those that were called off."""
        shown = {"account": account, "gone": {"$ne": "terminated"}}
        with translated("the imports"):
            found = await self._records.find(shown, sort=[("_id", -1)], limit=most).to_list()
        return [ImportRecord.of(each) for each in found]
