"""The converter's part of the stored files: videos to read, audio to write (see `service.blobs`).

The driver's own writer of GridFS holds 48 MB a file and leaves chunks behind on errors. This one holds a
batch.
"""

import asyncio
import hashlib
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from typing import Any

from bson.binary import Binary
from msgspec import Struct
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.mongodb_errors import translated
from service import blobs
from service.blobs import AUDIO, VIDEOS, Blob, Pending
from workers.converter.errors import StorageAway, VideoLost
from workers.converter.source.video import Video

CHUNK = 1024 * 1024
BATCH = 4
"""Chunks in one message to the database: about so much is in memory at a time."""
RENEW_AFTER = 10.0
"""Seconds after which a writer notes again that it is at work. Who deletes the job waits for a silent one."""


class Stored(Struct, frozen=True, kw_only=True):
    """A stored file: its id, size and hash, and its CRC-32, which a ZIP of many needs."""

    audio_id: str
    bytes: int
    sha256: str
    crc32: int


class _Digest:
    """SHA-256 and CRC-32 of what was read so far."""

    def __init__(self) -> None:
        self.sha256, self.crc32 = hashlib.sha256(), 0

    def update(self, piece: bytes) -> None:
        self.sha256.update(piece)
        self.crc32 = zlib.crc32(piece, self.crc32)


class Storage:
    """The bucket `videos`, to read, and the bucket `audio`, to write."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._database = database
        self._videos, self._video_chunks = database[f"{VIDEOS}.files"], database[f"{VIDEOS}.chunks"]
        self._audio, self._audio_chunks = database[f"{AUDIO}.files"], database[f"{AUDIO}.chunks"]
        self._pending = Pending(database, AUDIO)

    async def prepare(self) -> None:
        """Create the indexes that GridFS asks for. Raises StorageAway."""
        with translated("the storage of audio", StorageAway):
            await blobs.prepare(self._database, AUDIO)

    async def open(self, video_id: str, *, size: int) -> Video:
        """Find a video of so many bytes. Raises VideoLost (gone, or of another size), StorageAway."""
        with translated("the storage of videos", StorageAway):
            document = await self._videos.find_one({"_id": video_id})
        if document is None:
            raise VideoLost
        if document["length"] != size or document["chunkSize"] <= 0:
            raise VideoLost(damaged=True)
        return Video(self._video_chunks, video_id, size, document["chunkSize"])

    async def keep(
        self,
        audio_id: str,
        audio: FileIO,
        *,
        filename: str,
        account: str,
        job_id: str,
        run: int = 0,
        attempt: int = 0,
        peaks: bytes = b"",
    ) -> Stored:
        """Store a file from its beginning under a new id. Raises StorageAway; then nothing of it is kept."""
        blob = Blob(
            id=audio_id,
            bytes=0,
            chunk_size=CHUNK,
            uploaded=datetime.now(UTC),
            filename=filename,
            account=account,
            job_id=job_id,
            run=run,
            attempt=attempt,
            peaks=Binary(peaks),
        )
        with translated("the storage of audio", StorageAway):
            try:
                stored = await self._write(audio_id, audio, job_id)
                await self._finish(replace(blob, bytes=stored.bytes, uploaded=datetime.now(UTC)))
            except BaseException as error:
                # Also when cancelled. What the database still carries out later, or does not let us remove
                # now, the sweeper will: the note in `pending` stays.
                with suppress(PyMongoError, TimeoutError):
                    async with asyncio.timeout(2.0):
                        await self._audio.delete_one({"_id": audio_id})
                        await self._audio_chunks.delete_many({"files_id": audio_id})
                        if isinstance(error, StorageAway):  # all that was asked for was carried out
                            await self._pending.drop(audio_id)
                raise
        return stored

    async def _write(self, audio_id: str, audio: FileIO, job_id: str) -> Stored:
        digest, size, n = _Digest(), 0, 0
        audio.seek(0)
        await self._pending.begin(audio_id, job_id)
        noted = time.monotonic()
        while pieces := await asyncio.to_thread(_pieces, audio, digest):
            chunks = [
                {"files_id": audio_id, "n": n + at, "data": Binary(piece)} for at, piece in enumerate(pieces)
            ]
            await self._audio_chunks.insert_many(chunks)
            if time.monotonic() - noted > RENEW_AFTER:
                await self._pending.renew(audio_id)
                noted = time.monotonic()
            n, size = n + len(pieces), size + sum(map(len, pieces))
        sha256 = digest.sha256.hexdigest()
        return Stored(audio_id=audio_id, bytes=size, sha256=sha256, crc32=digest.crc32)

    async def _finish(self, blob: Blob) -> None:
        await self._audio.insert_one(blob.document())
        if not await self._pending.finish(blob.id):
            raise StorageAway(
                "the storage of audio lost what was written: the job was deleted, or it took longer than the"
                " sweeper waits"
            )


def _pieces(audio: FileIO, digest: _Digest) -> list[bytes]:
    """Read the next batch."""
    pieces: list[bytes] = []
    while len(pieces) < BATCH and (piece := audio.read(CHUNK)):
        digest.update(piece)
        pieces.append(piece)
    return pieces
