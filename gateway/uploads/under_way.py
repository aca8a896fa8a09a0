"""Uploads under way, so that a stop can wait for them, and take no new ones."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gateway.errors import ShuttingDown

_CLEAN_UP = 1.0
_STOPPING = "this server is about to stop; another one will take the upload"


class UploadsUnderWay:
    """The uploads under way, by the tasks that handle them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def count(self) -> int:
        """The number of uploads."""
        return len(self._tasks)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count the current task's upload for the block. Raises ShuttingDown once closed, also within."""
        if self._closed:
            raise ShuttingDown(_STOPPING)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a request is always handled in one
        self._tasks.add(task)
        self._idle.clear()
        try:
            yield
        except asyncio.CancelledError:
            if not self._closed:
                raise
            task.uncancel()  # it was `close`, and the client can still be told
            raise ShuttingDown(_STOPPING) from None
        finally:
            self._tasks.discard(task)
            if not self._tasks:
                self._idle.set()

    async def close(self, grace: float) -> int:
        """Take no new ones, wait up to `grace` seconds, cancel the rest, and return their number."""
        self._closed = True
        await self._wait(grace)
        left = len(self._tasks)
        for task in self._tasks:
            task.cancel()
        await self._wait(_CLEAN_UP)
        return left

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
