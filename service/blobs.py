"""Stored files, as gateway, sweeper and converter agree on them.

GridFS, straight on its two collections (https://github.com/mongodb/specifications, gridfs-spec), so any
GridFS client can read a file. The files document is written last: a file exists once it is whole.

A third collection, `pending`, has a note for each file that is being written or removed. So the chunks that
a crash left without a files document are found without a look at every chunk; the sweeper removes them.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

VIDEOS, AUDIO = "videos", "audio"
"""The buckets: uploads, and the results of conversions."""


class Blob(Struct, frozen=True, kw_only=True):
    """A stored file."""

    id: str
    bytes: int
    chunk_size: int
    uploaded: datetime
    filename: str = ""
    job_id: str
    account: str

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Blob":
        """Read a files document, whichever client of GridFS wrote it."""
        metadata = document.get("metadata") or {}
        return cls(
            id=str(document["_id"]),
            bytes=document["length"],
            chunk_size=document["chunkSize"],
            uploaded=document["uploadDate"].replace(tzinfo=UTC),
            filename=str(document.get("filename", "")),
            job_id=str(metadata.get("job_id", document["_id"])),
            account=str(metadata.get("account", "")),
        )

    def document(self) -> dict[str, Any]:
        """Return the files document."""
        return {
            "_id": self.id,
            "length": self.bytes,
            "chunkSize": self.chunk_size,
            "uploadDate": self.uploaded,
            "filename": self.filename,
            "metadata": {"account": self.account, "job_id": self.job_id},
        }


async def prepare(database: AsyncDatabase[Any], bucket: str) -> None:
    """Create the indexes that GridFS asks for. Raises PyMongoError."""
    await database[f"{bucket}.chunks"].create_index([("files_id", 1), ("n", 1)], unique=True)
    await database[f"{bucket}.files"].create_index([("filename", 1), ("uploadDate", 1)])


class Pending:
    """The notes of one bucket: `since` is the last sign of the writer, `swept` the sweeper's mark.

    Every method raises PyMongoError.
    """

    def __init__(self, database: AsyncDatabase[Any], bucket: str) -> None:
        self._notes = database[f"{bucket}.pending"]

    async def begin(self, blob_id: str) -> None:
        """Note that chunks of this file come or go from now on."""
        new = {"$setOnInsert": {"since": datetime.now(UTC)}}
        await self._notes.update_one({"_id": blob_id}, new, upsert=True)

    async def renew(self, blob_id: str) -> None:
        """Note that they still do."""
        await self._notes.update_one({"_id": blob_id}, {"$set": {"since": datetime.now(UTC)}})

    async def finish(self, blob_id: str) -> bool:
        """Remove the note of a file that is whole; False if the sweeper has taken the file for an orphan."""
        done = await self._notes.delete_one({"_id": blob_id, "swept": {"$exists": False}})
        return done.deleted_count == 1

    async def drop(self, blob_id: str) -> None:
        """Remove a note, marked or not."""
        await self._notes.delete_one({"_id": blob_id})

    async def older(self, before: datetime) -> AsyncIterator[str]:
        """Yield the files whose writer has given no sign since this time."""
        async for note in self._notes.find({"since": {"$lt": before}}):
            yield note["_id"]

    async def mark_swept(self, blob_id: str, before: datetime) -> bool:
        """Mark a note; False if its writer has given a sign meanwhile.

        A writer that is only slow finds the mark when it ends, and does not end well.
        """
        old = {"_id": blob_id, "since": {"$lt": before}}
        return (await self._notes.update_one(old, {"$set": {"swept": True}})).matched_count == 1
