"""GridFS, straight on its two collections (https://github.com/mongodb/specifications, gridfs-spec).

The driver's own writer holds 48 MB an upload and leaves chunks behind on errors. This one holds two
batches, and writes the files document last: a file exists once it is whole. Any GridFS client can read
it.

A third collection, `pending`, names what is being written or removed. So chunks that a crash left without
a files document are found without a look at every chunk there is; the sweeper removes them.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bson.binary import Binary
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.errors import Unavailable
from gateway.errors import BlobDamaged

CHUNK = 255 * 1024
"""Bytes of every chunk but the last, as GridFS has it by default. A converter fetches the chunks that hold
sound: with larger ones, it would fetch more of the pictures between."""
BATCH = 4 * CHUNK
"""Bytes that are held before they are written. One batch more is on its way to the database meanwhile."""
RENEW_AFTER = 60.0
"""Seconds after which a writer notes again that it is at work."""
READ_AT_ONCE = 2
"""Chunks in one answer of the database."""


class Blob(Struct, frozen=True, kw_only=True):
    """A stored file."""

    id: str
    bytes: int
    chunk_size: int
    uploaded: datetime
    job_id: str
    account: str


class Content(Struct, frozen=True, kw_only=True):
    """What was read: size and hash tell one content from another."""

    bytes: int
    sha256: str


class Bucket:
    """One bucket: `videos` or `audio`."""

    def __init__(self, database: AsyncDatabase[Any], name: str) -> None:
        self.name = name
        self.files = database[f"{name}.files"]
        self.chunks = database[f"{name}.chunks"]
        self.pending = database[f"{name}.pending"]

    async def prepare(self) -> None:
        """Create the indexes that GridFS asks for. Raises Unavailable."""
        try:
            await self.chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
            await self.files.create_index([("filename", 1), ("uploadDate", 1)])
        except PyMongoError as error:
            raise self._away(error) from error

    async def find(self, blob_id: str) -> Blob | None:
        """Return the file of this id. Raises Unavailable."""
        try:
            document = await self.files.find_one({"_id": blob_id})
        except PyMongoError as error:
            raise self._away(error) from error
        return None if document is None else blob_of(document)

    async def read(self, blob: Blob, first: int, last: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `first` to `last`, both included, at most a chunk at a time.

        Raises BlobDamaged when a chunk is missing or short, Unavailable.
        """
        n, end = first // blob.chunk_size, last // blob.chunk_size
        try:
            while n <= end and (chunks := await self._chunks(blob.id, n, end)):
                for chunk in chunks:
                    data, start = chunk["data"], n * blob.chunk_size
                    whole = min(blob.chunk_size, blob.bytes - start)
                    if chunk["n"] != n or len(data) != whole:
                        raise BlobDamaged(f"{self.name} {blob.id} lacks its chunk {n}")
                    n += 1
                    yield data[max(first - start, 0) : last + 1 - start]
        except PyMongoError as error:
            raise self._away(error) from error
        if n != end + 1:
            raise BlobDamaged(f"{self.name} {blob.id} lacks its chunk {n}")

    async def _chunks(self, blob_id: str, first: int, last: int) -> list[dict[str, Any]]:
        """Return a few chunks, by their range: SecantusDB reads all that a cursor would yield into memory."""
        batch = {"$gte": first, "$lte": min(first + READ_AT_ONCE - 1, last)}
        return await self.chunks.find({"files_id": blob_id, "n": batch}, sort=[("n", 1)]).to_list()

    async def remove(self, blob_id: str, *, surely: bool = True) -> int:
        """Remove a file, its document first; the number of chunks that went. Raises Unavailable.

        Not `surely`, where more chunks may still arrive: then its note stays, for the sweeper.
        """
        try:
            await self.begin(blob_id)
            await self.files.delete_one({"_id": blob_id})
            removed = (await self.chunks.delete_many({"files_id": blob_id})).deleted_count
            if surely:
                await self.pending.delete_one({"_id": blob_id})
        except PyMongoError as error:
            raise self._away(error) from error
        return removed

    async def begin(self, blob_id: str) -> None:
        """Note that chunks of this file come or go from now on. Raises PyMongoError."""
        now = datetime.now(UTC)
        await self.pending.update_one({"_id": blob_id}, {"$setOnInsert": {"since": now}}, upsert=True)

    async def renew(self, blob_id: str) -> None:
        """Note that they still do. Raises PyMongoError."""
        await self.pending.update_one({"_id": blob_id}, {"$set": {"since": datetime.now(UTC)}})

    def _away(self, error: PyMongoError) -> Unavailable:
        return Unavailable(f"the storage of {self.name}: {type(error).__name__}")


class Writer:
    """Writes one new file: `write` as often as needed, then `finish` or `discard`."""

    def __init__(self, bucket: Bucket, blob_id: str) -> None:
        self._bucket, self._id = bucket, blob_id
        self._hash, self._bytes = hashlib.sha256(), 0
        self._buffer, self._n = bytearray(), 0
        self._inserting: asyncio.Task[Any] | None = None
        self._failed, self._noted = False, 0.0

    @property
    def content(self) -> Content:
        """Size and hash of what was written so far."""
        return Content(bytes=self._bytes, sha256=self._hash.hexdigest())

    async def write(self, data: bytes) -> None:
        """Take more bytes; returns at once while the database keeps up. Raises Unavailable."""
        self._hash.update(data)
        self._bytes += len(data)
        self._buffer += data
        while len(self._buffer) >= BATCH:
            await self._insert(BATCH)

    async def finish(self, *, filename: str, account: str, job_id: str) -> Content:
        """Write what is left, then the files document: from now on the file exists. Raises Unavailable."""
        if self._buffer:
            await self._insert(len(self._buffer))
        await self._inserted()
        content = self.content
        try:
            await self._bucket.files.insert_one(
                {
                    "_id": self._id,
                    "length": content.bytes,
                    "chunkSize": CHUNK,
                    "uploadDate": datetime.now(UTC),
                    "filename": filename,
                    "metadata": {"account": account, "job_id": job_id},
                }
            )
            done = await self._bucket.pending.delete_one({"_id": self._id, "swept": {"$exists": False}})
        except PyMongoError as error:
            raise self._bucket._away(error) from error
        if not done.deleted_count and self._n:
            # A sweep with a grace time shorter than this upload would do it.
            raise Unavailable(f"the storage of {self._bucket.name} lost what was written")
        return content

    async def discard(self) -> None:
        """Remove what was written, as far as the database answers; the sweeper removes the rest."""
        surely = True
        if self._inserting is not None:
            await asyncio.wait({self._inserting})
            # After a time-out the database may still carry out what it was asked for.
            surely = self._inserting.exception() is None
        with suppress(Unavailable):
            await self._bucket.remove(self._id, surely=surely and not self._failed)

    async def _insert(self, size: int) -> None:
        await self._inserted()
        parts = [bytes(self._buffer[at : min(at + CHUNK, size)]) for at in range(0, size, CHUNK)]
        del self._buffer[:size]
        chunks = [
            {"files_id": self._id, "n": n, "data": Binary(part)} for n, part in enumerate(parts, self._n)
        ]
        try:
            if self._n == 0:
                await self._bucket.begin(self._id)
                self._noted = time.monotonic()
            elif time.monotonic() - self._noted > RENEW_AFTER:
                await self._bucket.renew(self._id)
                self._noted = time.monotonic()
        except PyMongoError as error:
            raise self._bucket._away(error) from error
        self._n += len(chunks)
        self._inserting = asyncio.create_task(self._bucket.chunks.insert_many(chunks))

    async def _inserted(self) -> None:
        if self._inserting is None:
            return
        try:
            await asyncio.shield(self._inserting)
        except PyMongoError as error:
            self._failed = True
            raise self._bucket._away(error) from error
        self._inserting = None


def blob_of(document: dict[str, Any]) -> Blob:
    """Read a files document, whoever wrote it."""
    metadata = document.get("metadata") or {}
    return Blob(
        id=str(document["_id"]),
        bytes=document["length"],
        chunk_size=document["chunkSize"],
        uploaded=document["uploadDate"].replace(tzinfo=UTC),
        job_id=str(metadata.get("job_id", document["_id"])),
        account=str(metadata.get("account", "")),
    )
