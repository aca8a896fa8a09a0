"""Fills a pipe while a program reads it: it takes no disk, and fetching and converting overlap."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from io import FileIO

PIPE_BYTES = 1 << 20
"""Bytes of a pipe, where the kernel lets us choose (Linux): the fewer wake-ups the better."""
_F_SETPIPE_SZ = 1031
PAUSE = 0.002
"""Seconds to wait when a wide pipe is full: it has room as soon as 4 kB were read, and waking up for each
such piece took longer than all the rest."""


class PipeWriter:
    """The writing end of a pipe."""

    def __init__(self, descriptor: int, pause: float) -> None:
        self._descriptor, self._pause = descriptor, pause

    async def write(self, data: bytes | memoryview) -> None:
        """Write all bytes, as fast as they are read. Raises BrokenPipeError if the reading end is closed."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                await self._room()

    async def _room(self) -> None:
        loop = asyncio.get_running_loop()
        room = asyncio.Event()
        loop.add_writer(self._descriptor, room.set)
        try:
            await room.wait()
        finally:
            loop.remove_writer(self._descriptor)
        await asyncio.sleep(self._pause)


Fill = Callable[[PipeWriter], Awaitable[None]]
"""Writes all that the pipe shall bring. A BrokenPipeError ends it quietly."""


@asynccontextmanager
async def filled_pipe(fill: Fill) -> AsyncIterator[FileIO]:
    """Open a pipe's reading end for the block, and fill the pipe meanwhile.

    When filling fails, the pipe ends early. Whatever the block makes of that, the failure is raised instead.
    A block that ends before all was written stops the filling.
    """
    reading, writing = os.pipe()
    with FileIO(reading, "r") as outlet, FileIO(writing, "w") as inlet:
        os.set_blocking(writing, False)
        pause = PAUSE if _widened(writing) else 0.0
        filling = asyncio.create_task(_fill(fill, inlet, pause))
        try:
            yield outlet
        except Exception as error:
            if (failure := await _ended(filling)) is not None:
                raise failure from error
            raise
        except BaseException:
            await _ended(filling)
            raise
        if (failure := await _ended(filling)) is not None:
            raise failure


async def _fill(fill: Fill, inlet: FileIO, pause: float) -> None:
    try:
        with suppress(BrokenPipeError):
            await fill(PipeWriter(inlet.fileno(), pause))
    finally:
        inlet.close()


async def _ended(filling: asyncio.Task[None]) -> BaseException | None:
    """Stop the filling unless it is done. Return its failure, if it failed."""
    filling.cancel()
    await asyncio.wait([filling])
    return None if filling.cancelled() else filling.exception()


def _widened(descriptor: int) -> bool:
    try:
        import fcntl

        return fcntl.fcntl(descriptor, _F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES
    except (ImportError, OSError):
        return False
