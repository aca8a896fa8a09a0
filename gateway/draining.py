"""Uploads under way, so that a stop can wait for them, and take no new ones."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gateway.errors import ShuttingDown


class Uploading:
    """Counts the uploads under way."""

    def __init__(self) -> None:
        self.count = 0
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count an upload for the block. Raises ShuttingDown once closed."""
        if self._closed:
            raise ShuttingDown("this server is about to stop; another one will take the upload")
        self.count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.count -= 1
            if self.count == 0:
                self._idle.set()

    async def close(self, grace: float) -> int:
        """Take no new ones, wait up to `grace` seconds for the others; how many are still under way."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._idle.wait()
        return self.count
