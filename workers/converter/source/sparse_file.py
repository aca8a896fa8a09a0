"""A copy of a stored video with holes: bytes that were not fetched read as zeros.

The file has the video's size, and takes the disk of the bytes that were fetched, no more.
"""

import asyncio
import hashlib
import os
from bisect import bisect
from collections.abc import AsyncGenerator, Iterable, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from io import SEEK_CUR, SEEK_SET, FileIO, RawIOBase
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any

from workers.converter.containers.sample_table import Range
from workers.converter.errors import VideoLost
from workers.converter.source.video import AT_ONCE, Chunk, Video
from workers.converter.threads import in_thread


class SparseFile:
    """Fetches parts of a video into an empty file, each at its place."""

    def __init__(self, video: Video, file: FileIO) -> None:
        self._video, self._file = video, file
        self._there = bytearray(video.count)
        file.truncate(video.size)

    @property
    def whole(self) -> bool:
        """True if no hole is left."""
        return 0 not in self._there

    def lacks(self, start: int, end: int) -> bool:
        """Return True if any of these bytes is not fetched yet."""
        chunks = self._video.covering(start, end)
        return 0 in self._there[chunks.start : chunks.stop]

    def lacking(self, ranges: Iterable[Range]) -> list[int]:
        """Return the ascending numbers of the chunks that these bytes need and that are not fetched yet."""
        wanted = bytearray(self._video.count)
        for start, end in ranges:
            chunks = self._video.covering(start, end)
            wanted[chunks.start : chunks.stop] = b"\1" * len(chunks)
        return [
            n for n, (want, have) in enumerate(zip(wanted, self._there, strict=True)) if want and not have
        ]

    async def fetch(self, ranges: Iterable[Range]) -> None:
        """Write these bytes, and all of their chunks. Raises VideoLost, StorageAway, OSError."""
        async with aclosing(self._video.read(self.lacking(ranges))) as coming:
            async for chunks in coming:
                await in_thread(self._put, chunks)

    async def sift(self, ranges: Sequence[Range], *, sha256: str | None = None) -> None:
        """Write these bytes, ascending and without overlap, and no other bytes of their chunks.

        With a hash all of the video is fetched and checked. Raises VideoLost, StorageAway, OSError.
        """
        digest, at, size = hashlib.sha256(), 0, self._video.chunk_size
        if sha256 is None:
            async with aclosing(self._video.read(self.lacking(ranges))) as coming:
                async for chunks in coming:
                    await in_thread(self._put_only, [(n * size, data) for n, data in chunks], ranges)
            return
        async with aclosing(self.read()) as batches:
            async for pieces in batches:
                places = list(accumulate(map(len, pieces), initial=at))
                await in_thread(put_into, digest, pieces)
                await in_thread(self._put_only, list(zip(places, pieces, strict=False)), ranges)
                at = places[-1]
        if digest.hexdigest() != sha256:
            raise VideoLost(damaged=True)

    async def complete(self, sha256: str) -> None:
        """Write the whole video. Raises VideoLost if it is not the uploaded one, StorageAway, OSError."""
        digest = hashlib.sha256()
        async with aclosing(self.read(keep=True)) as pieces:
            async for piece in pieces:
                await in_thread(put_into, digest, piece)
        if digest.hexdigest() != sha256:
            raise VideoLost(damaged=True)

    async def read(self, *, keep: bool = False) -> AsyncGenerator[list[bytes], None]:
        """Yield the whole video in order, a few MB at a time. Bytes that are in the file come from there.

        `keep` writes the others to the file. Raises VideoLost, StorageAway, OSError.
        """
        size = self._video.chunk_size
        for there, run in groupby(range(self._video.count), self._there.__getitem__):
            numbers = list(run)
            if there:
                start, end = numbers[0] * size, (numbers[-1] + 1) * size
                for at in range(start, end, AT_ONCE):
                    length = min(AT_ONCE, end - at)
                    yield [await in_thread(os.pread, self._file.fileno(), length, at)]
                continue
            async with aclosing(self._video.read(numbers)) as coming:
                async for chunks in coming:
                    if keep:
                        await in_thread(self._put, chunks)
                    yield [data for _, data in chunks]

    def at(self, start: int, end: int) -> bytes:
        """Return bytes from the file."""
        return os.pread(self._file.fileno(), end - start, start)

    def _put(self, chunks: list[Chunk]) -> None:
        for n, data in chunks:
            self._write(memoryview(data), n * self._video.chunk_size)
            self._there[n] = 1

    def _put_only(self, pieces: list[tuple[int, bytes]], ranges: Sequence[Range]) -> None:
        for at, data in pieces:
            for n in range(bisect(ranges, at, key=itemgetter(1)), len(ranges)):
                start, end = ranges[n]
                if start >= at + len(data):
                    break
                self._write(memoryview(data)[max(start - at, 0) : end - at], max(start, at))

    def _write(self, data: memoryview, at: int) -> None:
        while data:  # a write may take less
            written = os.pwrite(self._file.fileno(), data, at)
            data, at = data[written:], at + written


def put_into(digest: Any, pieces: list[bytes]) -> None:
    """Add the next bytes to a hash."""
    for piece in pieces:
        digest.update(piece)


class VideoReader(RawIOBase):
    """A video as a file, for code that knows of no database. Bytes are fetched when they are read.

    It is for a thread beside the event loop, which must run meanwhile. That must be none of the threads of
    `to_thread`, for which the loop may have to wait. `close` ends a read under way, by an error.
    """

    def __init__(self, sparse: SparseFile, size: int, file: FileIO) -> None:
        self._sparse, self._size, self._file = sparse, size, file
        self._loop, self._at = asyncio.get_running_loop(), 0
        self._fetching: Future[None] | None = None
        self._busy = asyncio.Lock()

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Go anywhere, also beyond the end."""
        base = 0 if whence == SEEK_SET else self._at if whence == SEEK_CUR else self._size
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Read, and fetch the bytes that are lacking before. Raises VideoLost, StorageAway, OSError."""
        end = min(self._at + size, self._size) if size >= 0 else self._size
        if end <= self._at:
            return b""
        if self._sparse.lacks(self._at, end):
            fetch = self._fetch(self._at, end)
            self._fetching = asyncio.run_coroutine_threadsafe(fetch, self._loop)
            if self.closed:
                self._fetching.cancel()
            self._fetching.result()
        data = os.pread(self._file.fileno(), end - self._at, self._at)
        self._at += len(data)
        return data

    def close(self) -> None:
        """Close the file, and cancel a fetch under way."""
        super().close()
        if self._fetching is not None:
            self._fetching.cancel()

    async def idle(self) -> None:
        """Wait, once closed, until nothing touches the file any more."""
        async with self._busy:
            pass

    async def _fetch(self, start: int, end: int) -> None:
        async with self._busy:
            await self._sparse.fetch([(start, end)])
