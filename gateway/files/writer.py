"""Writes one piece of an upload: chunks of GridFS first, then the offset, both on condition of the epoch.

A chunk bears the epoch of its writer, and gives way to the same or a later one only. So what an old writer
still has on its way to the database arrives before its successor's chunk, which replaces it, or is refused.
What it leaves beyond the offset is nobody's, and the next writer writes over it.

The last chunk of a piece may be a part of one. The next piece takes that part up and writes the chunk again,
longer.
"""

import asyncio
from time import monotonic

from bson.binary import Binary
from pymongo.errors import BulkWriteError, DuplicateKeyError

from events.tasks import cancelled
from gateway.errors import BlobDamaged
from gateway.files.checksums import Checksum
from gateway.files.hashes import RunningHash
from gateway.files.records import Record, Records, expiry
from gateway.storage import BATCH, CHUNK, RENEW_AFTER, Bucket

COUNT_AFTER = 0.25
"""Seconds after which stored bytes are counted: so many of them a killed process may lose on a fast line."""
_DUPLICATE = 11000


class Fenced(Exception):
    """Another request has taken the upload over, or wants to."""


class PieceWriter:
    """The writer of one piece. Holds two batches, as that of any upload.

    Where the piece has a checksum, nothing of it counts before all of it has come.
    """

    def __init__(
        self,
        videos: Bucket,
        records: Records[Record],
        record: Record,
        running: RunningHash,
        *,
        checksum: Checksum | None,
        life: float,
    ) -> None:
        """`record` is as it stood when its writer began; `life`: seconds until an upload expires."""
        self._videos, self._records, self._life = videos, records, life
        self._hash, self._checksum = running, checksum
        self._stored = record.offset
        """Bytes in the storage, those among them that do not count yet."""
        self._buffer, self._at = bytearray(), record.offset
        """What is to be stored, and its place in the file: the start of a chunk."""
        self._turn = asyncio.Lock()
        self._noted, self._counted = 0.0, monotonic()
        self._storing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self.record = record
        """As of the last sign of life."""

    @property
    def position(self) -> int:
        """Bytes of the file that have come so far."""
        return self._at + len(self._buffer)

    async def begin(self) -> None:
        """Take up the part of a chunk with which the last piece ended.

        Raises Fenced when the sweeper has taken the file, BlobDamaged, Unavailable.
        """
        await self._note()
        if part := self._at % CHUNK:
            n = self._at // CHUNK
            with self._videos.translated():
                chunk = await self._videos.chunks.find_one({"files_id": self.record.id, "n": n})
            if chunk is None or len(chunk["data"]) < part:
                raise BlobDamaged(f"upload {self.record.id} lacks its chunk {n}")
            self._buffer += chunk["data"][:part]
            self._at -= part
        if self._hash.position < self._stored:
            reading = self._hash.read_on(self._videos, self.record.id, lambda: self._stored)
            self._reading = asyncio.create_task(reading)

    async def write(self, data: bytes) -> None:
        """Take more bytes; returns at once while the database keeps up. Raises Fenced, Unavailable."""
        if self._checksum is not None:
            self._checksum.update(data)
        async with self._turn:
            self._buffer += data
            while len(self._buffer) >= BATCH:
                await self._store(BATCH)

    async def rest(self, *, is_idle: bool) -> None:
        """Show a sign of life; where nothing has come for a while, first store what is here.

        Raises Fenced, Unavailable.
        """
        async with self._turn:
            if is_idle:
                await self._flush()
            await self._settled()
            await self._commit(self._stored if self._checksum is None else self.record.offset)
        if monotonic() - self._noted > RENEW_AFTER:
            await self._note()

    async def finish(self) -> None:
        """Store and count all that has come. Raises ChecksumMismatch, Fenced, Unavailable."""
        async with self._turn:
            await self._flush()
            if self._checksum is not None:
                self._checksum.check()
            if self._stored > self.record.offset:
                await self._commit(self._stored)

    async def end(self) -> RunningHash | None:
        """Stop, and let the next writer begin; return the hash if it is one of bytes that count.

        Raises Unavailable.
        """
        tasks = [each for each in (self._storing, self._reading) if each is not None]
        await cancelled(tasks)
        await asyncio.gather(*tasks, *filter(None, [self._counting]), return_exceptions=True)
        await self._records.end(self.record)
        return self._hash if self._hash.position <= self.record.offset else None

    async def _note(self) -> None:
        """Keep the sweeper away from what is stored, for as long as the upload lives."""
        with self._videos.translated():
            try:
                await self._videos.pending.keep(self.record.id, self.record.expires)
            except DuplicateKeyError:
                raise Fenced from None
        self._noted = monotonic()

    async def _flush(self) -> None:
        await self._settled()  # perhaps that was all
        if self.position > self._stored:
            await self._store(len(self._buffer))
        await self._settled()

    async def _store(self, size: int) -> None:
        await self._settled()
        at = self._at
        parts = [Binary(self._buffer[i : min(i + CHUNK, size)]) for i in range(0, size, CHUNK)]
        whole = size - size % CHUNK  # a part stays, to be written again
        del self._buffer[:whole]
        self._at += whole
        self._storing = asyncio.create_task(self._put(at, parts))

    async def _settled(self) -> None:
        if self._storing is not None:
            await asyncio.shield(self._storing)
            self._storing = None

    async def _put(self, at: int, parts: list[Binary]) -> None:
        """Store chunks, the first of which begins at this place. Count them, if it is time."""
        await self._put_chunks(at // CHUNK, parts)
        upto, is_behind = at + sum(map(len, parts)), self._hash.position != self._stored
        for start, part in enumerate(parts) if not is_behind else ():
            known = self._stored - at - start * CHUNK  # what the last piece had of this chunk
            self._hash.update(memoryview(part)[max(known, 0) :])
        self._stored = upto
        if self._checksum is None and monotonic() - self._counted > COUNT_AFTER:
            await self._commit(self._stored)

    async def _commit(self, offset: int) -> None:
        """Count bytes, one count after the other.

        A count goes on where its waiter is cancelled: the database may have made it by then, and the next one
        builds on it.
        """
        if self._counting is not None:
            await asyncio.wait({self._counting})
        self._counting = asyncio.create_task(self._count(offset))
        await asyncio.shield(self._counting)

    async def _count(self, offset: int) -> None:
        record = await self._records.commit(self.record, offset, expires=expiry(self._life))
        if record is None:
            raise Fenced
        self.record, self._counted = record, monotonic()

    async def _put_chunks(self, first: int, parts: list[Binary]) -> None:
        mine = {"files_id": self.record.id}
        epoch, chunks = self.record.epoch, self._videos.chunks
        new = [{**mine, "n": n, "data": part, "epoch": epoch} for n, part in enumerate(parts, first)]
        with self._videos.translated():
            try:
                await chunks.insert_many(new, ordered=False)
            except BulkWriteError as error:
                taken = error.details["writeErrors"]
                if any(each["code"] != _DUPLICATE for each in taken):
                    raise
                again = [new[each["index"]] for each in taken]
            else:
                return
            for chunk in again:
                older = {**mine, "n": chunk["n"], "epoch": {"$lte": epoch}}
                put = {"$set": {"data": chunk["data"], "epoch": epoch}}
                try:
                    await chunks.update_one(older, put, upsert=True)
                except DuplicateKeyError:
                    raise Fenced from None
