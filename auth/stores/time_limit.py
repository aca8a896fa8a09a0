"""A limit of time that holds against drivers, too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_AGAIN = 1.0
"""Seconds until what did not end is cancelled once more."""


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError when the block takes longer, and cancel it twice.

    Once is not enough: `asyncio.wait_for`, which drivers use, loses a cancellation that comes together with
    what it waits for (before Python 3.12), and the driver then goes on without any limit.
    """
    async with asyncio.timeout(seconds + _AGAIN), asyncio.timeout(seconds):
        yield
