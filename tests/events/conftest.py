"""A node that a test may kill, a wire that freezes, and waiting for a value."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from broker import Broker, FreezingProxy

from events.log import topology
from infra.local.servers.rabbitmq import RabbitMQ


class Node(Broker):
    """A whole broker of the test's own, seen as its default virtual host."""

    def __init__(self, server: RabbitMQ) -> None:
        super().__init__(server.amqp_url, server.stream_url, "")
        self.kill, self.start = server.kill, server.start


@pytest.fixture
async def node(private_rabbitmq: RabbitMQ) -> Node:
    """A node with our topology, of the test's own."""
    await topology.declare(private_rabbitmq.amqp_url)
    return Node(private_rabbitmq)


class Proxied(RabbitMQ):
    """A node that sends its stream clients through a proxy."""

    proxy_port = 0

    def _configuration(self) -> str:
        own, other = (f"stream.advertised_port = {port}" for port in (self.stream_port, self.proxy_port))
        return super()._configuration().replace(own, other)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[tuple[Broker, FreezingProxy]]:
    """A node of the test's own, and the wire by which its stream is read."""
    server = Proxied(tmp_path / "rabbitmq")
    proxy = FreezingProxy(server.stream_port)
    server.proxy_port = await proxy.start()
    try:
        await server.start()
        yield Broker(server.amqp_url, server.stream_url, ""), proxy
    finally:
        proxy.stop()
        await server.kill()


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
