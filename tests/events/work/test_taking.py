"""Messages from several queues, for one that has room for one: on classic and on quorum queues."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from events.log import amqp
from events.log.amqp import Channel
from events.work.taking import Taking
from events.work.turns import RUN

pytestmark = pytest.mark.servers

FIRST, SECOND = QUEUES = ("first", "second")


class Scene:
    """Two queues of one kind, and somebody who fills them and looks into them."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self._url, self._stack = url, stack

    async def channel(self, **options) -> Channel:
        connection = await self._stack.enter_async_context(amqp.connected(self._url, name="test"))
        return await connection.channel(**options)

    async def declare(self, kind: str) -> None:
        self._channel = await self.channel(confirms=True)
        for queue in QUEUES:
            await self._channel.call(
                "queue_declare", queue=queue, durable=True, arguments={"x-queue-type": kind}
            )

    async def taking(self, patience: float = 10.0) -> tuple[Channel, Taking]:
        channel = await self.channel(prefetch=1)
        return channel, Taking(channel, QUEUES, patience)

    async def put(self, queue: str, *bodies: str) -> None:
        for body in bodies:
            await self._channel.publish("", queue, body.encode(), {}, body)

    async def look(self, queue: str) -> tuple[int, int]:
        """Return how many messages wait in a queue, and how many listen to it."""
        found = (await self._channel.call("queue_declare", queue=queue, passive=True)).method
        return found.message_count, found.consumer_count


@pytest.fixture(params=["classic", "quorum"])
async def scene(broker, request) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        made = Scene(broker.url, stack)
        await made.declare(request.param)
        yield made


async def test_queues_are_emptied_in_turns_one_message_at_a_time(scene, eventually):
    await scene.put(FIRST, *(f"a{n}" for n in range(RUN + 1)))
    await scene.put(SECOND, "b0", "b1")
    channel, taking = await scene.taking()
    left, bodies = RUN + 3, []
    while delivery := await taking.next():
        left -= 1
        assert sum([(await scene.look(each))[0] for each in QUEUES]) == left, "more than one was sent"
        bodies.append(delivery.body.decode())
        channel.ack(delivery.tag)
    assert bodies == [*(f"a{n}" for n in range(RUN)), "b0", f"a{RUN}", "b1"]


@pytest.mark.parametrize("queue", QUEUES)
async def test_who_has_nothing_to_do_hears_of_the_first_message_to_come(scene, eventually, queue):
    channel, taking = await scene.taking()
    assert await taking.next() is None
    listening = asyncio.create_task(taking.listen([channel.closed]))
    await eventually(lambda: listeners(scene), [1, 1])
    await scene.put(queue, "a", "b")
    arrived = await listening
    assert [(each.queue, each.body) for each in arrived] == [(queue, b"a")]
    _, other = await scene.taking()
    found = await other.next()
    assert found is not None, "the second message is another's, who is idle"
    assert found.body == b"b"


async def test_of_two_that_listen_each_gets_a_message(scene, eventually):
    takings = [await scene.taking() for _ in range(2)]
    listening = [asyncio.create_task(taking.listen([channel.closed])) for channel, taking in takings]
    await eventually(lambda: listeners(scene), [2, 2])
    await scene.put(FIRST, "a", "b")
    arrived = await asyncio.gather(*listening)
    assert sorted(each.body for some in arrived for each in some) == [b"a", b"b"]


async def test_who_listens_long_asks_again(scene):
    channel, taking = await scene.taking(patience=2.0)  # of a busy broker, too
    assert await taking.listen([channel.closed]) == []
    await scene.put(SECOND, "a")
    assert await taking.next() is not None


async def listeners(scene: Scene) -> list[int]:
    return [(await scene.look(queue))[1] for queue in QUEUES]
