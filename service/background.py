"""Tasks that run for as long as a service does. None of them ends unseen."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import structlog

from events.tasks import cancelled

log = structlog.get_logger()

_FIRST_PAUSE, _LAST_PAUSE = 1.0, 30.0
"""Seconds before a task that has ended begins again: doubled each time."""
_WELL_AFTER = 60.0
"""Seconds after which a task counts as well again."""

Work = Callable[[], Awaitable[None]]
"""Works for ever, and handles the trouble that it foresees."""


@asynccontextmanager
async def kept_running(**works: Work) -> AsyncIterator[None]:
    """Keep these running for the block. One that ends, however it does, is logged by name and begun again.

    A service's checks decide whether it is ready: not every task is needed to serve.
    """
    running = [asyncio.create_task(_kept(name, work), name=name) for name, work in works.items()]
    try:
        yield
    finally:
        await cancelled(running)


async def _kept(name: str, work: Work) -> NoReturn:
    loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
    while True:
        began = loop.time()
        try:
            await work()
            log.error("background_ended", task=name, again_in=pause)
        except Exception:
            log.exception("background_failed", task=name, again_in=pause)
        if loop.time() - began > _WELL_AFTER:
            pause = _FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LAST_PAUSE)
