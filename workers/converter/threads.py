"""Work in threads, on files that are closed afterwards."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_R = TypeVar("_R")


async def in_thread(function: Callable[..., _R], *arguments: object) -> _R:
    """Run a function in a thread, to its end even when cancelled: then nothing touches its files any more."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
