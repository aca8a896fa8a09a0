import asyncio
from contextlib import suppress

from events.tasks import cancelled


async def test_a_task_that_loses_a_cancellation_ends_all_the_same() -> None:
    lost = asyncio.Event()
    begun = asyncio.Event()

    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            begun.set()
            await asyncio.Event().wait()
        lost.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf())
    await begun.wait()
    async with asyncio.timeout(10):
        await cancelled([task])
    assert lost.is_set()
    assert task.cancelled()
