"""A node that a test may kill, a wire that freezes, and waiting for a value."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from broker import Broker, FreezingProxy

from events import topology
from infra.local.rabbitmq import RabbitMQ


class Node(Broker):
    """A whole broker of the test's own, seen as its default virtual host."""

    def __init__(self, server: RabbitMQ) -> None:
        super().__init__(server.amqp_url, server.stream_url, "")
        self.kill, self.start = server.kill, server.start


@pytest.fixture
async def node(private_rabbitmq: RabbitMQ) -> Node:
    """Restarted once in good order: a broker killed within seconds of its first stream forgets it."""
    await topology.declare(private_rabbitmq.amqp_url)
    await private_rabbitmq.restart()
    await topology.declare_when_up(private_rabbitmq.amqp_url)
    return Node(private_rabbitmq)


@pytest.fixture
async def frozen_wire(broker: Broker) -> AsyncIterator[FreezingProxy]:
    """The broker's stream port behind a proxy; the advertised address goes around it (see the test)."""
    parts = urlsplit(broker.stream_url)
    proxy = FreezingProxy(broker.stream_url)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(
            proxy.carry(reader, far_writer), proxy.carry(far_reader, writer), return_exceptions=True
        )

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy.url = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
    yield proxy
    server.close()
    for writer in proxy.writers:
        writer.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[object]], object], Awaitable[None]]:
    async def wait(look: Callable[[], Awaitable[object]], wanted: object, timeout: float = 30.0) -> None:
        seen: object = "nothing"
        try:
            async with asyncio.timeout(timeout):
                while (seen := await look()) != wanted:  # noqa: ASYNC110 - other processes set no event
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"waited {timeout:g} s for {wanted!r}, last saw {seen!r}") from None

    return wait
