"""The CRC-32 of audio whose conversion did not report it: computed when needed, and kept beside the file."""

import asyncio
import zlib
from contextlib import aclosing

from gateway.errors import BlobRemoved
from gateway.storage import Bucket
from service.blobs import CRC32, Blob


class Checksums:
    """CRC-32 of stored audio."""

    def __init__(self, audio: Bucket) -> None:
        self._audio, self._computing = audio, asyncio.Lock()

    async def of(self, blob: Blob) -> int:
        """Return the CRC-32 of an audio, which may have to be read for it.

        One is computed at a time: who waits for the same finds it then. Raises BlobRemoved, BlobDamaged,
        Unavailable.
        """
        if blob.crc32 is not None:
            return blob.crc32
        async with self._computing:
            now = await self._audio.find(blob.id)
            if now is None:
                raise BlobRemoved("an audio in this archive is not stored any more")
            if now.crc32 is not None:
                return now.crc32
            crc32 = 0
            async with aclosing(self._audio.read(blob, 0, blob.bytes - 1)) as chunks:
                async for chunk in chunks:
                    crc32 = zlib.crc32(chunk, crc32)
            with self._audio.translated():
                await self._audio.files.update_one({"_id": blob.id}, {"$set": {CRC32: crc32}})
        return crc32
