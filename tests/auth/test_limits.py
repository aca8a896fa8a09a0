import asyncio
from contextlib import suppress

import pytest

from auth.stores.time_limit import within


async def test_a_driver_that_loses_a_cancellation_is_given_up_all_the_same() -> None:
    async def driven() -> None:
        async with within(0.05):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.Event().wait()

    async with asyncio.timeout(10):
        with pytest.raises(TimeoutError):
            await driven()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_ends_in_time_is_left_alone() -> None:
    async with within(5):
        assert await asyncio.sleep(0, "done") == "done"
