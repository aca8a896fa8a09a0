"""Ending tasks for certain: one cancellation may get lost.

CPython 3.11's `asyncio.wait_for`, by which pymongo writes to its sockets, drops a cancellation that arrives
together with the result (https://github.com/python/cpython/issues/86296), and rstream drops
one while it connects.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN = 0.5
"""Seconds after which a task that goes on is cancelled once more."""


async def cancelled(tasks: Iterable[asyncio.Task[Any]], *, again: float = _AGAIN) -> None:
    """Cancel the tasks, each `again` seconds, until all have ended, however they do."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again)
