"""Reading, writing and removing stored files (see `service.blobs` for their form).

The driver's own writer of GridFS holds 48 MB an upload and leaves chunks behind on errors. This one holds
two batches.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.binary import Binary
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from events.errors import Unavailable
from events.mongodb_errors import translated
from gateway.errors import BlobDamaged, BlobHeld, BlobRemoved, MaybeAccepted, NoRoom
from service import blobs
from service.blobs import Blob, Pending

CHUNK = 255 * 1024
"""Bytes of every chunk but the last, as GridFS has it by default. A converter fetches the chunks that hold
sound: with larger ones, it would fetch more of the pictures between."""
BATCH = 4 * CHUNK
"""Bytes that are held before they are written. One batch more is on its way to the database meanwhile."""
RENEW_AFTER = 60.0
"""Seconds after which a writer notes again that it is at work."""
QUIET = 30.0
"""Seconds without a sign after which the writer of a job's audio is dead. It gives one every ten."""
HELD = 120.0
"""Seconds for which a file is held at most: several times what an event needs to be in the log, or never."""
READ_AT_ONCE = 512 * 1024
"""Bytes in one answer of the database, or one chunk: a client that does not read holds as much."""


_FULL = 14031
"""MongoDB's code OutOfDiskSpace."""
_NO_SPACE = "No space left on device"


class Content(Struct, frozen=True, kw_only=True):
    """Size and hash of an upload, which identify its content."""

    bytes: int
    sha256: str


class Bucket:
    """One bucket: `videos`, `audio` or `transcripts`."""

    def __init__(self, database: AsyncDatabase[Any], name: str) -> None:
        self.name, self._database = name, database
        self.files = database[f"{name}.files"]
        self.chunks = database[f"{name}.chunks"]
        self.pending = Pending(database, name)

    async def prepare(self) -> None:
        """Create the indexes. Raises Unavailable."""
        with self.translated():
            await blobs.prepare(self._database, self.name)

    async def find(self, blob_id: str) -> Blob | None:
        """Return the file of this id. Raises Unavailable."""
        with self.translated():
            document = await self.files.find_one({"_id": blob_id}, blobs.BARE)
        return None if document is None else Blob.of(document)

    async def find_all(self, blob_ids: Iterable[str]) -> dict[str, Blob]:
        """Return those of the files that there are, by their ids. Raises Unavailable."""
        wanted = {"_id": {"$in": sorted(set(blob_ids))}}
        with self.translated():
            documents = await self.files.find(wanted, blobs.BARE).to_list()
        return {blob.id: blob for blob in map(Blob.of, documents)}

    async def measured(self, blob_id: str) -> bytes:
        """Return what was measured of an audio: its waveform, then its pauses. Raises Unavailable."""
        with self.translated():
            document = await self.files.find_one({"_id": blob_id}, {blobs.PEAKS: 1})
        return bytes((document or {}).get("metadata", {}).get("peaks", b""))

    async def read(self, blob: Blob, first: int, last: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from `first` to `last`, both included, at most a chunk at a time.

        Raises BlobDamaged when a chunk is missing or short, BlobRemoved if it is so as the file was deleted,
        and Unavailable.
        """
        n, end = first // blob.chunk_size, last // blob.chunk_size
        with self.translated():
            while n <= end and (chunks := await self._chunks(blob, n, end)):
                for chunk in chunks:
                    data, start = chunk["data"], n * blob.chunk_size
                    whole = min(blob.chunk_size, blob.bytes - start)
                    if chunk["n"] != n or len(data) < whole:
                        raise await self._lacking(blob, n)
                    n += 1
                    yield data[max(first - start, 0) : last + 1 - start]
        if n != end + 1:
            raise await self._lacking(blob, n)

    async def _lacking(self, blob: Blob, n: int) -> BlobDamaged | BlobRemoved:
        if await self.find(blob.id) is None:
            return BlobRemoved("the file was deleted while it was read")
        return BlobDamaged(f"{self.name} {blob.id} lacks its chunk {n}")

    async def keep(self, blob: Blob) -> None:
        """Make a file of the chunks that are stored under its id, and of no others. Twice is once.

        Raises Unavailable.
        """
        last = (blob.bytes - 1) // blob.chunk_size
        with self.translated():
            await self.chunks.delete_many({"files_id": blob.id, "n": {"$gt": last}})
            await self._cut(blob, last)
            try:
                await self.files.insert_one(blob.document())
            except DuplicateKeyError:
                return
            finished = await self.pending.finish(blob.id)
        if not finished and blob.bytes:
            raise Unavailable(f"the storage of {self.name} lost what was written")

    async def _cut(self, blob: Blob, last: int) -> None:
        """Cut from the last chunk what its writer had not counted."""
        size = blob.bytes - last * blob.chunk_size
        chunk = await self.chunks.find_one({"files_id": blob.id, "n": last})
        if chunk is not None and len(chunk["data"]) > size:
            await self.chunks.update_one(
                {"_id": chunk["_id"]}, {"$set": {"data": Binary(chunk["data"][:size])}}
            )

    async def _chunks(self, blob: Blob, first: int, last: int) -> list[dict[str, Any]]:
        """Return a few chunks, by their range: SecantusDB reads all that a cursor would yield into memory."""
        count = max(READ_AT_ONCE // blob.chunk_size, 1)
        batch = {"$gte": first, "$lte": min(first + count - 1, last)}
        return await self.chunks.find({"files_id": blob.id, "n": batch}, sort=[("n", 1)]).to_list()

    async def remove(self, blob_id: str, *, surely: bool = True) -> int:
        """Remove a file, its document first; the number of chunks that went. Raises Unavailable.

        Not `surely`, where more chunks may still arrive: then its note stays, for the sweeper.
        """
        with self.translated():
            await self.pending.begin(blob_id)
            await self.files.delete_one({"_id": blob_id})
            removed = (await self.chunks.delete_many({"files_id": blob_id})).deleted_count
            if surely:
                await self.pending.drop(blob_id)
        return removed

    async def of_job(self, job_id: str) -> frozenset[str]:
        """Return the files of a job, those that are being written or removed included. Raises Unavailable."""
        with self.translated():
            whole = await self.files.find({blobs.OF_JOB: job_id}, {"_id": 1}).to_list()
            return frozenset(str(each["_id"]) for each in whole) | await self.pending.of_job(job_id)

    async def of_run(self, job_id: str, run: int) -> frozenset[str]:
        """Return the whole files that a run of a job has made. Raises Unavailable."""
        with self.translated():
            made = await self.files.find({blobs.OF_JOB: job_id, "metadata.run": run}, {"_id": 1}).to_list()
        return frozenset(str(each["_id"]) for each in made)

    async def erase(self, blob_id: str, job_id: str, *, known: bool | None = None) -> bool:
        """Remove a file of a deleted job, also one that is being written. Raises BlobHeld, Unavailable.

        False if another job's erasure has removed it. Its note stays until `settle`, so that who goes on
        after a crash finds it by the job. `known`: what `condemn` returned, if it was asked before.
        """
        known = await self.condemn(blob_id, job_id) if known is None else known
        with self.translated():
            whole = (await self.files.delete_one({"_id": blob_id})).deleted_count
            chunks = (await self.chunks.delete_many({"files_id": blob_id})).deleted_count
        return known or whole > 0 or chunks > 0

    async def condemn(self, blob_id: str, job_id: str) -> bool:
        """Note that this job's erasure removes the file next: from now on nobody can hold it.

        True if that was noted before. Raises BlobHeld, Unavailable.
        """
        with self.translated():
            known = await self.pending.is_condemned(blob_id, job_id)
            if not await self.pending.condemn(blob_id, job_id):
                raise BlobHeld(f"somebody is about to ask for work on {self.name} {blob_id}")
        return known

    async def spare(self, blob_id: str, job_id: str) -> None:
        """Take back what `condemn` has noted. Raises Unavailable."""
        with self.translated():
            await self.pending.spare(blob_id, job_id)

    @asynccontextmanager
    async def held(self, blob_id: str) -> AsyncIterator[bool]:
        """Keep a file from being removed for the block, and at most `HELD` seconds; False if it goes already.

        Where the block does not learn whether its event is in the log, the file is held all that time. Raises
        Unavailable.
        """
        with self.translated():
            until = datetime.now(UTC) + timedelta(seconds=HELD)
            holds = await self.pending.hold(blob_id, until)
        try:
            yield holds
        except (Unavailable, MaybeAccepted, asyncio.CancelledError):
            raise
        except BaseException:
            await self._release(blob_id, holds)
            raise
        await self._release(blob_id, holds)

    async def _release(self, blob_id: str, holds: bool) -> None:
        with suppress(Unavailable), self.translated():
            if holds:
                await self.pending.release(blob_id)

    async def written(self, job_id: str) -> bool:
        """Return True if a writer may still bring chunks for this job. Raises Unavailable."""
        with self.translated():
            return await self.pending.written(job_id, datetime.now(UTC) - timedelta(seconds=QUIET))

    async def settle(self, job_id: str) -> None:
        """Drop the notes of files that `erase` has removed. Raises Unavailable."""
        with self.translated():
            await self.pending.forget(job_id)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raise Unavailable, naming the bucket, for whatever the driver raises in the block.

        Where the database's disk is full it is NoRoom.
        """
        try:
            with translated(f"the storage of {self.name}"):
                yield
        except Unavailable as error:
            if isinstance(error.__cause__, OperationFailure) and _is_full(error.__cause__):
                raise NoRoom(f"the storage of {self.name} is full") from error.__cause__
            raise


class Buckets(Struct, frozen=True):
    """All that is stored of jobs."""

    videos: Bucket
    audio: Bucket
    transcripts: Bucket

    @classmethod
    def of(cls, database: AsyncDatabase[Any]) -> "Buckets":
        """Return the buckets of a database."""
        return cls(*(Bucket(database, name) for name in (blobs.VIDEOS, blobs.AUDIO, blobs.TRANSCRIPTS)))


def _is_full(error: OperationFailure) -> bool:
    failed: Any = [error.details or {}, *(error.details or {}).get("writeErrors", ())]
    return any(each.get("code") == _FULL or _NO_SPACE in each.get("errmsg", "") for each in failed)


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

    async def finish(self, *, filename: str, account: str, job_id: str, words: str = "") -> Content:
        """Write what is left, then the files document: from now on the file exists. Raises Unavailable.

        `words` are those of a transcript, to be searched.
        """
        if self._buffer:
            await self._insert(len(self._buffer))
        await self._inserted()
        content = self.content
        blob = Blob(
            id=self._id,
            bytes=content.bytes,
            chunk_size=CHUNK,
            uploaded=datetime.now(UTC),
            filename=filename,
            account=account,
            job_id=job_id,
            words=words,
        )
        with self._bucket.translated():
            await self._bucket.files.insert_one(blob.document())
            finished = await self._bucket.pending.finish(self._id)
        if not finished and self._n:
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
        with self._bucket.translated():
            if self._n == 0:
                await self._bucket.pending.begin(self._id)
                self._noted = time.monotonic()
            elif time.monotonic() - self._noted > RENEW_AFTER:
                await self._bucket.pending.renew(self._id)
                self._noted = time.monotonic()
        self._n += len(chunks)
        self._inserting = asyncio.create_task(self._bucket.chunks.insert_many(chunks))

    async def _inserted(self) -> None:
        if self._inserting is None:
            return
        with self._bucket.translated():
            try:
                await asyncio.shield(self._inserting)
            except PyMongoError:
                self._failed = True
                raise
        self._inserting = None
