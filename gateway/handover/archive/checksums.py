"""The CRC-32 of audio whose conversion did not tell it: computed when needed, and kept beside the file."""

import asyncio
import zlib
from collections.abc import Iterable
from contextlib import aclosing

from msgspec.structs import replace

from gateway.errors import BlobRemoved
from gateway.handover.archive.records import File
from gateway.storage import Bucket
from service.blobs import CRC32


class Checksums:
    """CRC-32 of stored audio."""

    def __init__(self, audio: Bucket) -> None:
        self._audio, self._computing = audio, asyncio.Lock()

    async def known(self, files: Iterable[File]) -> tuple[File, ...]:
        """Return the files with the CRC-32 of each of which it is known. Raises Unavailable."""
        files = tuple(files)
        kept = await self._kept([file.audio_id for file in files if file.crc32 is None])
        return tuple(
            replace(file, crc32=kept.get(file.audio_id)) if file.crc32 is None else file for file in files
        )

    async def of(self, file: File) -> int:
        """Return the CRC-32 of a file, which may have to be read for it.

        One is computed at a time: who waits for the same finds it then. Raises BlobRemoved, BlobDamaged,
        Unavailable.
        """
        if file.crc32 is not None:
            return file.crc32
        async with self._computing:
            kept = await self._kept([file.audio_id])
            if file.audio_id in kept:
                return kept[file.audio_id]
            crc32 = await self._compute(file.audio_id)
            with self._audio.translated():
                await self._audio.files.update_one({"_id": file.audio_id}, {"$set": {CRC32: crc32}})
        return crc32

    async def _kept(self, audio_ids: list[str]) -> dict[str, int]:
        wanted = {"_id": {"$in": audio_ids}, CRC32: {"$exists": True}}
        if not audio_ids:
            return {}
        with self._audio.translated():
            found = await self._audio.files.find(wanted, {CRC32: 1}).to_list()
        return {str(each["_id"]): int(each["metadata"]["crc32"]) for each in found}

    async def _compute(self, audio_id: str) -> int:
        blob = await self._audio.find(audio_id)
        if blob is None:
            raise BlobRemoved("an audio in this archive is not stored any more")
        crc32 = 0
        async with aclosing(self._audio.read(blob, 0, blob.bytes - 1)) as chunks:
            async for chunk in chunks:
                crc32 = zlib.crc32(chunk, crc32)
        return crc32
