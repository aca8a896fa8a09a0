"""One video in GridFS, read by its chunks in any order. Each must be there, at its length."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import zip_longest
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from events.mongodb_errors import translated
from workers.converter.errors import StorageAway, VideoLost

AT_ONCE = 4 << 20
"""Bytes in one answer of the database. Two are held in memory: one to work on, one to come."""

Chunk = tuple[int, bytes]
"""Number and data."""


class Video:
    """A stored video of `size` bytes. Chunk `n` begins at byte `n * chunk_size`; only the last is shorter."""

    def __init__(
        self, chunks: AsyncCollection[dict[str, Any]], video_id: str, size: int, chunk_size: int
    ) -> None:
        self._chunks, self._id = chunks, video_id
        self.size, self.chunk_size = size, chunk_size
        self.fetched = 0
        """Bytes that came from the database so far."""

    @property
    def count(self) -> int:
        """The number of chunks."""
        return -(-self.size // self.chunk_size)

    def covering(self, start: int, end: int) -> range:
        """Return the numbers of the chunks that hold these bytes."""
        end = min(end, self.size)
        return range(start // self.chunk_size, -(-end // self.chunk_size) if start < end else 0)

    async def read(self, numbers: Sequence[int]) -> AsyncGenerator[list[Chunk], None]:
        """Yield the chunks with these ascending numbers, a few at a time. The next few are fetched meanwhile.

        Raises VideoLost(damaged) when one is missing or not of its length, StorageAway.
        """
        several = max(1, AT_ONCE // self.chunk_size)
        batches = [numbers[at : at + several] for at in range(0, len(numbers), several)]
        coming: asyncio.Task[list[bytes]] | None = None
        try:
            for batch, following in zip_longest(batches, batches[1:]):
                pieces = await (coming or self._batch(batch))
                coming = asyncio.create_task(self._batch(following)) if following else None
                yield list(zip(batch, pieces, strict=True))
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.wait([coming])
                _ = coming.cancelled() or coming.exception()  # of no interest any more

    async def _batch(self, numbers: Sequence[int]) -> list[bytes]:
        """Fetch no more than one answer may hold: SecantusDB reads all that a cursor yields into memory."""
        first, last = numbers[0], numbers[-1]
        run = last - first + 1 == len(numbers)
        wanted = {"$gte": first, "$lte": last} if run else {"$in": list(numbers)}
        with translated("the storage of videos", StorageAway):
            found = await self._chunks.find({"files_id": self._id, "n": wanted}, sort=[("n", 1)]).to_list()
        if [chunk["n"] for chunk in found] != list(numbers):
            raise VideoLost(damaged=True)
        pieces = [chunk["data"] for chunk in found]
        if any(len(piece) != self._length(n) for n, piece in zip(numbers, pieces, strict=True)):
            raise VideoLost(damaged=True)
        self.fetched += sum(map(len, pieces))
        return pieces

    def _length(self, n: int) -> int:
        return min(self.chunk_size, self.size - n * self.chunk_size)
