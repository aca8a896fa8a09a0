"""A broker that is killed and started again: publisher, reader and worker go on, and lose nothing.

They share a file, and so a broker: to start one takes eight seconds of a core.
"""

import asyncio
from contextlib import aclosing

import pytest
from making import started
from waiting import wait_for

from events.envelope import decode
from events.log import topology
from events.log.publisher import Publisher
from events.log.reader import StreamReader
from events.log.stream import First, Next, RawRecord
from tests.events.log.test_reader import jobs, publish, take
from tests.events.work.test_work import Echo, Running, length, log_until, upload

pytestmark = pytest.mark.servers


async def test_nothing_confirmed_is_lost_and_nothing_is_read_twice(node):
    confirmed: list[str] = []
    records: list[RawRecord] = []
    states: list[str] = []
    half, is_back = asyncio.Event(), asyncio.Event()

    async def publish() -> None:
        async with Publisher(node.url, name="test", timeout=3.0, attempts=30) as publisher:
            for n in range(400):
                if n == 399:
                    await is_back.wait()  # so that the reader, too, has to come back
                event = started(f"j{n}")
                await publisher.publish(event)
                confirmed.append(event.id)
                if n == 150:
                    half.set()

    async def read() -> None:
        reader = StreamReader(node.stream_url, First(), on_state=states.append, silence=3.0)
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                records.extend(batch)

    publishing, reading = asyncio.create_task(publish()), asyncio.create_task(read())
    async with asyncio.timeout(20):
        await half.wait()
    await wait_for(lambda: records)
    await node.kill()
    await node.start()
    is_back.set()
    async with asyncio.timeout(120):
        await publishing
    await wait_for(lambda: set(confirmed) <= {decode(record.body).id for record in records}, 60)
    reading.cancel()
    offsets = [record.offset for record in records]
    assert offsets == sorted(set(offsets))
    assert states[0] == states[-1] == "connected"
    assert any(state.startswith("disconnected: ") for state in states)


@pytest.mark.long
async def test_a_reader_of_what_comes_next_misses_nothing_that_is_published_while_the_broker_was_away(
    node,
):
    await publish(node.url, 0, 5)
    connected = asyncio.Event()
    reader = StreamReader(node.stream_url, Next(), on_state=lambda _: connected.set(), silence=3.0)
    reading = asyncio.create_task(take(reader, 50))
    await connected.wait()
    await node.kill()
    await node.start()
    await publish(node.url, 5, 55)
    assert sorted(jobs(await reading)) == sorted(f"j{n}" for n in range(5, 55))


@pytest.mark.long
async def test_a_worker_takes_no_more_than_its_slots_also_after_it_lost_its_connection(node, eventually):
    await upload(node, "j1", "j2", "j3")
    handler = Echo()
    handler.release.clear()
    async with Running(node, handler, grace=0.1):
        await eventually(lambda: length(handler.seen), 1)
        await node.kill()
        await node.start()
        # The worker has found the message under way again, and the other two wait for a slot.
        await eventually(lambda: node.depth(topology.VIDEO), 2)
        assert await length(handler.seen) == 1


async def test_work_under_way_survives_a_broker_restart_and_is_done_once(node, eventually):
    await upload(node, "j1")
    handler = Echo()
    handler.release.clear()
    async with Running(node, handler):
        await eventually(lambda: length(handler.seen), 1)
        await node.kill()
        await node.start()
        await eventually(lambda: node.depth(topology.VIDEO), 0)  # the worker has its message again
        handler.release.set()
        events = await log_until(node, "job.started")
        # The redelivered message is counted by a copy, which then finds the work under way or done.
        await eventually(lambda: node.depth(topology.VIDEO), 0)
    assert await node.depth(topology.VIDEO) == 0
    assert [each.type for each in events].count("job.started") == 1
    assert len(handler.seen) == 1
