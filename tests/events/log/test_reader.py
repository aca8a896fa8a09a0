"""The reader's promises, against a real broker that is restarted, cut and replaced."""

import asyncio
from contextlib import aclosing, suppress

import pytest
from making import started

from events.envelope import decode
from events.errors import CheckpointBeyondEnd, CheckpointMismatch, RetentionGap, Unavailable
from events.log import topology
from events.log.bounds import bounds
from events.log.publisher import Publisher
from events.log.reader import StreamReader
from events.log.stream import First, FromOffset, RawRecord
from events.views.projector import after
from events.views.store import Checkpoint

pytestmark = pytest.mark.servers


async def take(reader: StreamReader, count: int) -> list[RawRecord]:
    records: list[RawRecord] = []
    async with asyncio.timeout(90), aclosing(reader.batches()) as batches:
        async for batch in batches:
            records += batch
            if len(records) >= count:
                return records
    raise AssertionError("the reader ended")


async def publish(url: str, first: int, last: int) -> None:
    await topology.declare_when_up(url)
    async with Publisher(url, name="test", attempts=30) as publisher:
        await asyncio.gather(*(publisher.publish(started(f"j{n}")) for n in range(first, last)))


def jobs(records: list[RawRecord]) -> list[str]:
    return [decode(record.body).subject for record in records]


async def test_an_empty_log_has_no_bounds(broker):
    await topology.declare(broker.url)
    assert await bounds(broker.stream_url) is None


async def test_bounds_are_the_first_and_the_last_event(broker):
    await topology.declare(broker.url)
    await publish(broker.url, 0, 20)
    ends = await bounds(broker.stream_url)
    records = await take(StreamReader(broker.stream_url, First()), 20)
    assert ends == (records[0].offset, records[-1].offset)


async def test_reading_starts_at_an_offset(broker):
    await topology.declare(broker.url)
    await publish(broker.url, 0, 20)
    everything = await take(StreamReader(broker.stream_url, First()), 20)
    rest = await take(StreamReader(broker.stream_url, FromOffset(everything[7].offset)), 13)
    assert rest == everything[7:]


@pytest.mark.long
@pytest.mark.parametrize("read_before", [True, False], ids=["after reading", "at the end of the log"])
async def test_a_half_open_connection_is_noticed(wire, read_before, eventually):
    broker, proxy = wire
    await publish(broker.url, 0, 3)
    before = await take(StreamReader(broker.stream_url, First()), 3)
    end = Checkpoint(before[-1].offset, decode(before[-1].body).id)
    states: list[str] = []
    seen: list[RawRecord] = [] if read_before else list(before)

    async def read() -> None:
        start = First() if read_before else after(end)
        reader = StreamReader(broker.stream_url, start, on_state=states.append, silence=1.0)
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                seen.extend(batch)

    async def counted() -> tuple[int, int]:
        return len(states[:1]), len(seen)

    reading = asyncio.create_task(read())
    await eventually(counted, (1, 3))
    proxy.freeze()
    await publish(broker.url, 3, 6)
    await eventually(counted, (1, 6))
    reading.cancel()
    assert sorted(jobs(seen)) == [f"j{n}" for n in range(6)]
    assert any("delivery stopped" in state or "nothing was delivered" in state for state in states), states


async def test_resuming_after_the_right_event_goes_on_behind_it(broker):
    await topology.declare(broker.url)
    await publish(broker.url, 0, 10)
    records = await take(StreamReader(broker.stream_url, First()), 10)
    checkpoint = Checkpoint(records[3].offset, decode(records[3].body).id)
    assert await take(StreamReader(broker.stream_url, after(checkpoint)), 6) == records[4:]


async def test_another_event_at_the_checkpoint_is_an_error(broker):
    await topology.declare(broker.url)
    await publish(broker.url, 0, 10)
    with pytest.raises(CheckpointMismatch, match="offset 3"):
        await take(StreamReader(broker.stream_url, after(Checkpoint(3, "another"))), 1)


async def test_a_checkpoint_beyond_the_end_is_an_error(broker):
    await topology.declare(broker.url)
    await publish(broker.url, 0, 10)
    with pytest.raises(CheckpointBeyondEnd, match="offset 5000"):
        await take(StreamReader(broker.stream_url, after(Checkpoint(5000, "x")), silence=1.0), 1)


async def test_a_gap_made_by_retention_is_an_error(broker, eventually):
    """Retention removes whole segments, so the log must be longer than two of them."""
    await topology.declare(broker.url)
    await publish(broker.url, 0, 1)
    [first] = await take(StreamReader(broker.stream_url, First()), 1)
    await broker.policy("cut", "^events$", {"max-length-bytes": 1_000_000})
    await broker.fill(topology.STREAM, 3 * topology.SEGMENT_BYTES)

    async def cut() -> bool:
        await broker.fill(topology.STREAM, 1_000_000)
        with suppress(Unavailable):  # the segment that is asked for may go at this moment
            ends = await bounds(broker.stream_url)
            return ends is not None and ends.first > first.offset
        return False

    await eventually(cut, True)
    checkpoint = Checkpoint(first.offset, decode(first.body).id)
    with pytest.raises(RetentionGap, match="begins at"):
        await take(StreamReader(broker.stream_url, after(checkpoint)), 1)


async def test_a_reader_that_is_cancelled_while_it_connects_ends() -> None:
    """The driver swallows cancellation there; a stop of ours was lost with it."""
    met, left = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await reader.read()
        left.set()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        batches = StreamReader(f"rabbitmq-stream://a:b@127.0.0.1:{port}/", First()).batches()
        reading = asyncio.ensure_future(anext(batches))
        await met.wait()
        reading.cancel()
        done, _ = await asyncio.wait({reading}, timeout=2.0)
        assert done
        assert reading.cancelled()
        async with asyncio.timeout(10):
            await left.wait()
