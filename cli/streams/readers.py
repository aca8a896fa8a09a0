"""The reader of standard output, for commands that run in an event loop: is it still there?"""

import asyncio
import contextlib
import os
import stat
import sys
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def while_read() -> AsyncIterator[None]:
    """Raise BrokenPipeError in the block once nobody reads standard output, also with nothing to write."""
    loop, task, gone = asyncio.get_running_loop(), asyncio.current_task(), False
    descriptor = sys.stdout.fileno()
    if task is None or not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        yield
        return

    def end() -> None:
        nonlocal gone
        gone = True
        loop.remove_reader(descriptor)
        task.cancel()

    loop.add_reader(descriptor, end)  # it becomes readable by the error alone
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        task.uncancel()
        raise BrokenPipeError from None
    finally:
        loop.remove_reader(descriptor)
