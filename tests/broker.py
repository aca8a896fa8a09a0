"""What tests ask of a broker beside what the product asks: depths, policies, raw messages, a frozen wire."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from events import amqp, topology

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


@dataclass
class FreezingProxy:
    """A TCP proxy that can stop carrying bytes without closing anything: a half-open connection."""

    url: str
    frozen: bool = False
    froze: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes one way; once frozen, this connection never carries again."""
        self.writers.append(writer)
        while data := await reader.read(65536):
            if self.frozen:
                self.froze.set()
                return
            writer.write(data)
            await writer.drain()
