"""The publisher's promises, against a real broker."""

import asyncio
from contextlib import aclosing

import pytest
from making import started, uploaded

from events.envelope import decode
from events.errors import NotConfirmed, Unavailable
from events.log import topology
from events.log.publisher import Publisher
from events.log.reader import StreamReader
from events.log.stream import First

pytestmark = pytest.mark.servers


async def read(stream_url: str, count: int) -> list[str]:
    ids: list[str] = []
    async with asyncio.timeout(60), aclosing(StreamReader(stream_url, First()).batches()) as batches:
        async for batch in batches:
            ids += [decode(record.body).id for record in batch]
            if len(ids) >= count:
                return ids
    raise AssertionError("the reader ended")


async def test_a_confirmed_event_is_in_the_stream_and_in_its_work_queue(broker):
    await topology.declare(broker.url)
    event = uploaded("j1")
    async with Publisher(broker.url, name="test") as publisher:
        await publisher.publish(event)
    assert await read(broker.stream_url, 1) == [event.id]
    assert await broker.depth(topology.VIDEO) == 1


async def test_work_in_bulk_goes_into_a_queue_of_its_own_and_is_counted_by_its_type(broker):
    await topology.declare(broker.url)
    counted: list[str] = []
    async with Publisher(
        broker.url, name="test", observer=lambda type_, *_: counted.append(type_)
    ) as publisher:
        await publisher.publish(uploaded("j1", bulk=True))
    assert [await broker.depth(queue) for queue in topology.VIDEOS] == [0, 1]
    assert len(await read(broker.stream_url, 1)) == 1
    assert counted == ["job.uploaded"]


async def test_concurrent_publishes_are_all_confirmed_and_all_logged(broker):
    await topology.declare(broker.url)
    events = [started(f"j{n}") for n in range(500)]
    async with Publisher(broker.url, name="test") as publisher:
        await asyncio.gather(*(publisher.publish(event) for event in events))
    assert sorted(await read(broker.stream_url, 500)) == sorted(event.id for event in events)


async def test_an_event_that_the_stream_would_not_get_is_never_reported_as_published(broker):
    await topology.declare(broker.url)
    await broker.unbind(topology.STREAM, "#")
    async with Publisher(broker.url, name="test", attempts=2) as publisher:
        with pytest.raises(NotConfirmed, match="no queue took the message"):
            await publisher.publish(started("j1"))


async def test_a_broker_without_the_stream_is_unavailable(broker):
    with pytest.raises(Unavailable, match="events"):
        async with Publisher(broker.url, name="test"):
            pass


async def test_a_broker_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable):
        async with Publisher("amqp://guest:guest@127.0.0.1:1/", name="test", timeout=1.0):
            pass
