"""Generators that block, read in a thread of their own."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import NamedTuple, TypeVar

T = TypeVar("T")

_AHEAD = 64
"""Items that wait at most."""


class _End(NamedTuple):
    error: Exception | None = None


async def from_thread(source: Callable[[], Iterator[T]], name: str) -> AsyncIterator[T]:
    """Yield what the generator yields. While it blocks, others run. Its error comes out here.

    The thread is a daemon: it ends with the programme if its generator never does.
    """
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[T | _End] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    wanted = True

    def put(item: T | _End) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: this is the end of the programme
            loop.call_soon_threadsafe(items.put_nowait, item)

    def pump() -> None:
        try:
            for item in source():
                room.acquire()
                if not wanted:
                    return
                put(item)
        except Exception as error:  # whatever it is, it is not this thread's to judge
            put(_End(error))
        else:
            put(_End())

    threading.Thread(target=pump, name=name, daemon=True).start()
    try:
        while not isinstance(item := await items.get(), _End):
            room.release()
            yield item
        if item.error is not None:
            raise item.error
    finally:
        wanted = False
        room.release()
