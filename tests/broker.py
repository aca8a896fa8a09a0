"""What tests ask of a broker beside what the product asks: depths, policies, raw messages, a frozen wire."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from events.log import amqp, topology

_MEGABYTE = 1_000_000


@dataclass
class Broker:
    """A virtual host of a running broker."""

    url: str
    stream_url: str
    management_url: str

    async def depth(self, queue: str) -> int:
        """Messages ready in a classic queue."""
        async with amqp.connected(self.url, name="test") as connection:
            channel = await connection.channel()
            frame = await channel.call("queue_declare", queue=queue, passive=True)
            return int(frame.method.message_count)

    async def consumers(self, queue: str) -> int:
        """How many consumers a queue has."""
        async with amqp.connected(self.url, name="test") as connection:
            channel = await connection.channel()
            frame = await channel.call("queue_declare", queue=queue, passive=True)
            return int(frame.method.consumer_count)

    async def put(self, queue: str, body: bytes, headers: dict[str, str | int] | None = None) -> None:
        """Place a message into a queue by the default exchange."""
        async with amqp.connected(self.url, name="test") as connection:
            channel = await connection.channel(confirms=True)
            await channel.publish("", queue, body, headers or {}, "test")

    async def fill(self, queue: str, size: int) -> None:
        """Place `size` bytes of messages that are no events into a queue."""
        async with amqp.connected(self.url, name="test") as connection:
            channel = await connection.channel(confirms=True)
            body = b"x" * min(size, _MEGABYTE)
            for _ in range(max(1, size // _MEGABYTE)):
                await channel.publish("", queue, body, {}, "test")

    async def unbind(self, queue: str, key: str) -> None:
        """Remove a binding of the exchange `events`."""
        async with amqp.connected(self.url, name="test") as connection:
            channel = await connection.channel()
            await channel.call("queue_unbind", queue=queue, exchange=topology.EXCHANGE, routing_key=key)

    async def policy(self, name: str, pattern: str, definition: dict[str, Any]) -> None:
        """Set a policy, as an operator changes retention."""
        async with self._management() as client:
            answer = await client.put(
                f"/api/policies/{self._vhost}/{name}",
                json={"pattern": pattern, "definition": definition, "apply-to": "queues"},
            )
            answer.raise_for_status()

    @property
    def _vhost(self) -> str:
        return quote(urlsplit(self.url).path.removeprefix("/") or "/", safe="%")

    def _management(self) -> httpx.AsyncClient:
        parts = urlsplit(self.management_url)
        base = f"{parts.scheme}://{parts.hostname}:{parts.port}"
        return httpx.AsyncClient(base_url=base, auth=(parts.username or "", parts.password or ""), timeout=10)


class FreezingProxy:
    """A TCP proxy that can stop carrying bytes without closing anything: half-open connections."""

    def __init__(self, port: int) -> None:
        """`port` is where it carries to, on this machine."""
        self._port = port
        self._age = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def freeze(self) -> None:
        """Let the connections there are carry nothing any more; new ones do."""
        self._age += 1

    def stop(self) -> None:
        """Close everything."""
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, far_writer]
        both = (self._carry(reader, far_writer), self._carry(far_reader, writer))
        await asyncio.gather(*both, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        age = self._age
        while data := await reader.read(65536):
            if age == self._age:
                writer.write(data)
                await writer.drain()
        if age == self._age:
            writer.close()
