"""GridFS, straight on its collections (https://github.com/mongodb/specifications, gridfs-spec).

The driver's own writer holds 48 MB a file and leaves chunks behind on errors. This one holds a batch, and
writes the files document last: a file exists once it is whole. For what is read see `videos`.
"""

import asyncio
import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from typing import Any

from bson.binary import Binary
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from workers.converter.errors import StorageAway, VideoLost
from workers.converter.source.video import Video

CHUNK = 1024 * 1024
BATCH = 4
"""Chunks in one message to the database: what is held in memory at a time, about."""


class Stored(Struct, frozen=True, kw_only=True):
    """A file that is in the database whole."""

    bytes: int
    sha256: str


class Storage:
    """The bucket `videos`, to read, and the bucket `audio`, to write."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._videos, self._video_chunks = database["videos.files"], database["videos.chunks"]
        self._audio, self._audio_chunks = database["audio.files"], database["audio.chunks"]
        # What is being written: the sweeper looks here for chunks that a crash left behind.
        self._audio_pending = database["audio.pending"]

    async def prepare(self) -> None:
        """Create the indexes that GridFS asks for. Raises StorageAway."""
        try:
            await self._audio_chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
            await self._audio.create_index([("filename", 1), ("uploadDate", 1)])
        except PyMongoError as error:
            raise _away("audio", error) from error

    async def open(self, video_id: str, *, size: int) -> Video:
        """Find a video of so many bytes. Raises VideoLost (gone, or of another size), StorageAway."""
        try:
            document = await self._videos.find_one({"_id": video_id})
        except PyMongoError as error:
            raise _away("videos", error) from error
        if document is None:
            raise VideoLost
        if document["length"] != size or document["chunkSize"] <= 0:
            raise VideoLost(damaged=True)
        return Video(self._video_chunks, video_id, size, document["chunkSize"])

    async def keep(self, audio_id: str, audio: FileIO, *, filename: str, account: str, job_id: str) -> Stored:
        """Store a file from its beginning under a new id. Raises StorageAway; then nothing of it is kept."""
        try:
            return await self._write(audio_id, audio, filename, {"account": account, "job_id": job_id})
        except BaseException as error:
            # Also when cancelled. What the database still carries out later, or does not let us remove now,
            # the sweeper will: the note in `pending` stays.
            with suppress(PyMongoError, TimeoutError):
                async with asyncio.timeout(2.0):
                    await self._audio.delete_one({"_id": audio_id})
                    await self._audio_chunks.delete_many({"files_id": audio_id})
            if isinstance(error, PyMongoError):
                raise _away("audio", error) from error
            raise

    async def _write(self, audio_id: str, audio: FileIO, filename: str, metadata: dict[str, str]) -> Stored:
        digest, size, n = hashlib.sha256(), 0, 0
        audio.seek(0)
        since = {"$set": {"since": datetime.now(UTC)}}
        await self._audio_pending.update_one({"_id": audio_id}, since, upsert=True)
        while pieces := await asyncio.to_thread(_pieces, audio, digest):
            chunks = [
                {"files_id": audio_id, "n": n + at, "data": Binary(piece)} for at, piece in enumerate(pieces)
            ]
            await self._audio_chunks.insert_many(chunks)
            n, size = n + len(pieces), size + sum(map(len, pieces))
        await self._audio.insert_one(
            {
                "_id": audio_id,
                "length": size,
                "chunkSize": CHUNK,
                "uploadDate": datetime.now(UTC),
                "filename": filename,
                "metadata": metadata,
            }
        )
        done = await self._audio_pending.delete_one({"_id": audio_id, "swept": {"$exists": False}})
        if not done.deleted_count:
            raise StorageAway(
                "the storage of audio lost what was written: it took longer than the sweeper waits"
            )
        return Stored(bytes=size, sha256=digest.hexdigest())


def _pieces(audio: FileIO, digest: Any) -> list[bytes]:
    """Read the next batch."""
    pieces: list[bytes] = []
    while len(pieces) < BATCH and (piece := audio.read(CHUNK)):
        digest.update(piece)
        pieces.append(piece)
    return pieces


def _away(bucket: str, error: PyMongoError) -> StorageAway:
    return StorageAway(f"the storage of {bucket}: {type(error).__name__}")
