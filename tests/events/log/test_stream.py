"""How a subscription ends, and what is left of it."""

import asyncio
import contextlib

import pytest
from waiting import wait_for

from events.log import topology
from events.log.stream import First, Subscription, _ended


def driving() -> set[asyncio.Task[object]]:
    """The driver's tasks: each connection has some while it is open."""
    return {task for task in asyncio.all_tasks() if "/rstream/" in repr(task)}


async def test_an_event_loop_that_ends_does_not_wait_for_a_driver_that_swallows_cancellations():
    async def close() -> None:
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    driver = asyncio.create_task(close())
    waiting = asyncio.ensure_future(_ended(driver, within=60.0))
    await asyncio.sleep(0)
    for task in driver, waiting:  # as the end of an event loop does
        task.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait({waiting})
    assert driver.done()


@pytest.mark.servers
async def test_a_subscription_that_is_closed_leaves_no_connection(broker):
    await topology.declare(broker.url)
    before = driving()
    subscription = Subscription(broker.stream_url, "events", "test")
    await subscription.open(First())
    assert driving() - before
    subscription.close()
    await wait_for(lambda: not driving() - before, 30)


@pytest.mark.long
@pytest.mark.servers
async def test_nor_does_one_that_is_closed_while_the_broker_hangs(wire):
    broker, proxy = wire
    await topology.declare(broker.url)
    before = driving()
    subscription = Subscription(broker.stream_url, "events", "test")
    await subscription.open(First())
    proxy.freeze()
    subscription.close()
    await wait_for(lambda: not driving() - before, 30)
