"""The converter's part of the stored files: videos to read, results to write (see `service.blobs`).

The driver's own writer of GridFS holds 48 MB a file and leaves chunks behind on errors. This one holds a
batch.
"""

import asyncio
import hashlib
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO, FileIO
from typing import Any, BinaryIO

from bson.binary import Binary
from msgspec import Struct
from msgspec.structs import asdict, replace
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.mongodb_errors import translated
from service import blobs
from service.blobs import AUDIO, NO_PEAKS, TRANSCRIPTS, VIDEOS, Blob, Pending
from workers.converter.errors import StorageAway, VideoLost
from workers.converter.source.video import Video

CHUNK = 1024 * 1024
BATCH = 4
"""Chunks in one message to the database: about so much is in memory at a time."""
RENEW_AFTER = 10.0
"""Seconds after which a writer notes again that it is at work. Who deletes the job waits for a silent one."""


class Stored(Struct, frozen=True, kw_only=True):
    """A stored file: its id, size and hash, and its CRC-32, which a ZIP of many needs."""

    blob_id: str
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


class Maker(Struct, frozen=True, kw_only=True):
    """The attempt that a file is a result of, and whose it is."""

    account: str
    job_id: str
    run: int = 0
    attempt: int = 0


class Storage:
    """The bucket `videos`, to read, and the buckets `audio` and `transcripts`, to write."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._videos, self._video_chunks = database[f"{VIDEOS}.files"], database[f"{VIDEOS}.chunks"]
        self._audio, self._transcripts = _Bucket(database, AUDIO), _Bucket(database, TRANSCRIPTS)

    async def prepare(self) -> None:
        """Create the indexes that GridFS asks for. Raises StorageAway."""
        for bucket in (self._audio, self._transcripts):
            await bucket.prepare()

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
        self, audio_id: str, audio: FileIO, maker: Maker, *, filename: str, peaks: bytes = b""
    ) -> Stored:
        """Store a file from its beginning under a new id. Raises StorageAway; then nothing of it is kept."""
        blob = _blob(audio_id, maker, filename=filename, peaks=Binary(peaks))
        return await self._audio.keep(blob, audio)

    async def keep_transcript(self, transcript_id: str, text: bytes, maker: Maker, *, words: str) -> Stored:
        """Store a text under a new id, with its words to be searched. Raises as `keep` does."""
        return await self._transcripts.keep(_blob(transcript_id, maker, words=words), BytesIO(text))


def _blob(
    blob_id: str, maker: Maker, *, filename: str = "", peaks: Binary = NO_PEAKS, words: str = ""
) -> Blob:
    return Blob(
        id=blob_id,
        bytes=0,
        chunk_size=CHUNK,
        uploaded=datetime.now(UTC),
        filename=filename,
        peaks=peaks,
        words=words,
        **asdict(maker),
    )


class _Bucket:
    """A bucket to write new files into."""

    def __init__(self, database: AsyncDatabase[Any], name: str) -> None:
        self._name, self._database = name, database
        self._files, self._chunks = database[f"{name}.files"], database[f"{name}.chunks"]
        self._pending = Pending(database, name)

    async def prepare(self) -> None:
        """Create the indexes. Raises StorageAway."""
        with translated(f"the storage of {self._name}", StorageAway):
            await blobs.prepare(self._database, self._name)

    async def keep(self, blob: Blob, content: BinaryIO | FileIO) -> Stored:
        """Write a file. Raises StorageAway; then nothing of it is kept."""
        with translated(f"the storage of {self._name}", StorageAway):
            try:
                stored = await self._write(blob.id, content, blob.job_id)
                await self._finish(replace(blob, bytes=stored.bytes, uploaded=datetime.now(UTC)))
            except BaseException as error:
                # Also when cancelled. What the database still carries out later, or does not let us remove
                # now, the sweeper will: the note in `pending` stays.
                with suppress(PyMongoError, TimeoutError):
                    async with asyncio.timeout(2.0):
                        await self._files.delete_one({"_id": blob.id})
                        await self._chunks.delete_many({"files_id": blob.id})
                        if isinstance(error, StorageAway):  # all that was asked for was carried out
                            await self._pending.drop(blob.id)
                raise
        return stored

    async def _write(self, blob_id: str, content: BinaryIO | FileIO, job_id: str) -> Stored:
        digest, size, n = _Digest(), 0, 0
        content.seek(0)
        await self._pending.begin(blob_id, job_id)
        noted = time.monotonic()
        while pieces := await asyncio.to_thread(_pieces, content, digest):
            chunks = [
                {"files_id": blob_id, "n": n + at, "data": Binary(piece)} for at, piece in enumerate(pieces)
            ]
            await self._chunks.insert_many(chunks)
            if time.monotonic() - noted > RENEW_AFTER:
                await self._pending.renew(blob_id)
                noted = time.monotonic()
            n, size = n + len(pieces), size + sum(map(len, pieces))
        sha256 = digest.sha256.hexdigest()
        return Stored(blob_id=blob_id, bytes=size, sha256=sha256, crc32=digest.crc32)

    async def _finish(self, blob: Blob) -> None:
        await self._files.insert_one(blob.document())
        if not await self._pending.finish(blob.id):
            raise StorageAway(
                f"the storage of {self._name} lost what was written: the job was deleted, or it took longer"
                " than the sweeper waits"
            )


def _pieces(content: BinaryIO | FileIO, digest: _Digest) -> list[bytes]:
    """Read the next batch."""
    pieces: list[bytes] = []
    while len(pieces) < BATCH and (piece := content.read(CHUNK)):
        digest.update(piece)
        pieces.append(piece)
    return pieces
