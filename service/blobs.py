"""Stored files, as gateway, sweeper and converter agree on them.

GridFS, straight on its two collections (https://github.com/mongodb/specifications, gridfs-spec), so any
GridFS client can read a file. The files document is written last: a file exists once it is whole.

A third collection, `pending`, has a note for each file that is being written or removed. So the chunks that
a crash left without a files document are found without a look at every chunk; the sweeper removes them.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from bson.binary import Binary
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

SWEEP_INTERVAL = 3600.0
"""Seconds between two sweeps, where no setting says otherwise."""
SWEEP_GRACE = 48 * 3600.0
"""Age in seconds from which on it takes a file that belongs to no job, where no setting says otherwise."""

PEAKS = "metadata.peaks"
"""The field of an audio's files document that holds its waveform: some kB that come and go with the file."""
WORDS = "metadata.words"
"""The field of a transcript's files document that holds what is said in it, to be searched."""
BARE = {PEAKS: 0, WORDS: 0}
"""The projection of all the rest."""
NO_PEAKS = Binary(b"")

CRC32 = "metadata.crc32"
"""The field of an audio's files document for its CRC-32, where its conversion has not told it."""

OF_JOB = "metadata.job_id"
"""The field of a files document that names the job."""

OF_ACCOUNT = "metadata.account"
"""The field that names its owner."""

VIDEOS, AUDIO, TRANSCRIPTS = "videos", "audio", "transcripts"
"""The buckets: uploads, the results of conversions, and the texts beside them."""


class Blob(Struct, frozen=True, kw_only=True):
    """A stored file. Of audio and transcripts, `run` and `attempt` name who made it; 0: it was not recorded.

    `peaks` and `words` are written, and read by themselves. `crc32` is written by itself, see `CRC32`.
    """

    id: str
    bytes: int
    chunk_size: int
    uploaded: datetime
    filename: str = ""
    job_id: str
    account: str
    run: int = 0
    attempt: int = 0
    peaks: Binary = NO_PEAKS
    words: str = ""
    crc32: int | None = None

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
            run=int(metadata.get("run", 0)),
            attempt=int(metadata.get("attempt", 0)),
            crc32=metadata.get("crc32"),
        )

    def document(self) -> dict[str, Any]:
        """Return the files document."""
        made_by = {"run": self.run, "attempt": self.attempt} if self.run else {}
        seen = {"peaks": self.peaks} if self.peaks else {}
        said = {"words": self.words} if self.words else {}
        return {
            "_id": self.id,
            "length": self.bytes,
            "chunkSize": self.chunk_size,
            "uploadDate": self.uploaded,
            "filename": self.filename,
            "metadata": {"account": self.account, "job_id": self.job_id, **made_by, **seen, **said},
        }


async def prepare(database: AsyncDatabase[Any], bucket: str) -> None:
    """Create the indexes that GridFS asks for. Raises PyMongoError."""
    await database[f"{bucket}.chunks"].create_index([("files_id", 1), ("n", 1)], unique=True)
    files = database[f"{bucket}.files"]
    await files.create_index([("filename", 1), ("uploadDate", 1)])
    await files.create_index(OF_JOB)
    if bucket == TRANSCRIPTS:
        await files.create_index(OF_ACCOUNT)


class Pending:
    """The notes of one bucket: `since` is the writer's last sign, `swept` the mark of who removes the file.

    `job_id` is the job that the file is for, where it may be deleted before the file is whole. `whole`: the
    writer had finished the file, so no more chunks come. `held`: so many are about to ask for work on it, and
    until `held_until` nobody removes it. Every method raises PyMongoError.
    """

    def __init__(self, database: AsyncDatabase[Any], bucket: str) -> None:
        self._notes = database[f"{bucket}.pending"]

    async def begin(self, blob_id: str, job_id: str = "") -> None:
        """Note that chunks of this file come or go from now on."""
        new = {"since": datetime.now(UTC)} | ({"job_id": job_id} if job_id else {})
        await self._notes.update_one({"_id": blob_id}, {"$setOnInsert": new}, upsert=True)

    async def renew(self, blob_id: str) -> None:
        """Note that they still do."""
        await self._notes.update_one({"_id": blob_id}, {"$set": {"since": datetime.now(UTC)}})

    async def keep(self, blob_id: str, until: datetime) -> None:
        """Note that chunks of this file stay without a writer until that time, and may come all the while."""
        sign = {"$max": {"since": until}}
        await self._notes.update_one({"_id": blob_id, "swept": {"$exists": False}}, sign, upsert=True)

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

    async def hold(self, blob_id: str, until: datetime) -> bool:
        """Note that nobody may remove this whole file before that time; False if it is condemned already."""
        sign = {"since": datetime.now(UTC), "whole": True}
        hold = {"$inc": {"held": 1}, "$max": {"held_until": until}, "$set": sign}
        try:
            await self._notes.update_one({"_id": blob_id, "swept": {"$exists": False}}, hold, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def release(self, blob_id: str) -> None:
        """Take back one hold."""
        await self._notes.update_one({"_id": blob_id, "held": {"$gt": 0}}, {"$inc": {"held": -1}})
        await self._notes.delete_one({"_id": blob_id, "held": 0, "swept": {"$exists": False}})

    async def condemn(self, blob_id: str, job_id: str) -> bool:
        """Note that a file of this job is removed now; a writer that is still at work cannot finish it.

        False if it is held.
        """
        now = datetime.now(UTC)
        not_held = [{"held": {"$exists": False}}, {"held": 0}, {"held_until": {"$lt": now}}]
        new = {"since": now, "whole": True}
        mark = {"$set": {"swept": True, "job_id": job_id}, "$setOnInsert": new}
        try:
            await self._notes.update_one({"_id": blob_id, "$or": not_held}, mark, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def is_condemned(self, blob_id: str, job_id: str) -> bool:
        """Return True if this job's erasure has condemned the file."""
        mine = {"_id": blob_id, "job_id": job_id, "swept": True}
        return await self._notes.find_one(mine, {"_id": 1}) is not None

    async def spare(self, blob_id: str, job_id: str) -> None:
        """Take back what condemned a whole file."""
        await self._notes.delete_one({"_id": blob_id, "job_id": job_id, "whole": True})

    async def of_job(self, job_id: str) -> frozenset[str]:
        """Return the files of this job that are being written or removed."""
        return frozenset([note["_id"] async for note in self._notes.find({"job_id": job_id})])

    async def written(self, job_id: str, after: datetime) -> bool:
        """Return True if a writer is at work for this job: it has given a sign after this time."""
        writing = {"job_id": job_id, "whole": {"$exists": False}, "since": {"$gt": after}}
        return await self._notes.find_one(writing) is not None

    async def forget(self, job_id: str) -> None:
        """Remove the notes of this job's files that were whole, and are gone."""
        await self._notes.delete_many({"job_id": job_id, "whole": True})
