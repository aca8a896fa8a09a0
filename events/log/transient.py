"""Messages that are never stored: what is sent while nobody listens is lost.

A sender and a feed, each on a connection of its own that is opened again for ever.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
import structlog

from events.errors import Unavailable
from events.log import amqp, topology

log = structlog.get_logger()

_M = TypeVar("_M")

_PATIENCE = 2.0
"""Seconds that the broker may take to open a channel."""

_PAUSE = 5.0
"""Seconds after a failure in which nothing is sent."""

_HELD = 1000
"""Messages that wait for a feed's reader; what comes beyond is lost."""

_TRANSIENT = {"exchange": topology.PROGRESS, "exchange_type": "topic", "durable": False}


class TransientSender:
    """Sends by the transient exchange while the broker can be reached. Never raises."""

    def __init__(self, url: str, *, name: str) -> None:
        """`name` is what the broker shows."""
        self._url, self._name = url, name
        self._connection: amqp.Connection | None = None
        self._channel: amqp.Channel | None = None
        self._opening = asyncio.Lock()
        self._not_before = 0.0

    async def send(self, key: str, body: bytes) -> None:
        """Send it if the broker answers within two seconds.

        After a failure, nothing is sent for five.
        """
        if asyncio.get_running_loop().time() < self._not_before:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                channel = await self._open()
            channel.send(topology.PROGRESS, key, body)
        except (Unavailable, TimeoutError) as error:
            self._not_before = asyncio.get_running_loop().time() + _PAUSE
            log.debug("message_lost", key=key, error=str(error))

    async def _open(self) -> amqp.Channel:
        async with self._opening:
            if self._channel is not None and self._channel.is_open:
                return self._channel
            if self._connection is None or not self._connection.is_open:
                self._connection = await amqp.connect(self._url, name=self._name, timeout=_PATIENCE)
            channel = await self._connection.channel()
            # The exchange is transient: after a restart of the broker it is gone.
            await channel.call("exchange_declare", **_TRANSIENT)
            self._channel = channel
            return channel

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()


async def feed(
    url: str, keys: Sequence[str], *, name: str, exchange: str = topology.PROGRESS
) -> AsyncGenerator[bytes | None, None]:
    """Yield what is published with these binding keys from now on, for ever; None when it begins to listen.

    A second None means that the connection was lost meanwhile, and messages with it.
    """
    pause = 0.2
    while True:
        try:
            async with amqp.connected(url, name=name) as connection:
                arrived: asyncio.Queue[bytes] = asyncio.Queue(maxsize=_HELD)
                channel = await _subscribe(connection, exchange, keys, arrived)
                pause = 0.2
                yield None
                while (body := await _next(channel, arrived)) is not None:
                    yield body
        except Unavailable as error:
            log.debug("feed_away", feed=name, error=str(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


async def messages(
    url: str, keys: Sequence[str], kind: type[_M], *, name: str, began: Callable[[], None] = lambda: None
) -> AsyncGenerator[_M, None]:
    """Yield the messages with these keys, but for those that are no `kind`; reconnects for ever.

    `began` is called whenever it begins to listen.
    """
    decode = msgspec.json.Decoder(kind).decode
    async with aclosing(feed(url, keys, name=name)) as bodies:
        async for body in bodies:
            if body is None:
                began()
                continue
            try:
                yield decode(body)
            except msgspec.DecodeError as error:
                log.warning("message_unreadable", feed=name, error=str(error))


async def _subscribe(
    connection: amqp.Connection, exchange: str, keys: Sequence[str], arrived: asyncio.Queue[bytes]
) -> amqp.Channel:
    """Listen by a queue of this connection's own, which goes with it."""
    channel = await connection.channel()
    if exchange == topology.PROGRESS:
        await channel.call("exchange_declare", **_TRANSIENT)
    declared = await channel.call("queue_declare", queue="", exclusive=True, auto_delete=True)
    queue = declared.method.queue
    for key in keys:
        await channel.call("queue_bind", queue=queue, exchange=exchange, routing_key=key)

    def on_message(_: Any, __: Any, body: bytes) -> None:
        if not arrived.full():
            arrived.put_nowait(body)

    await channel.consume(queue, on_message, auto_ack=True)
    return channel


async def _next(channel: amqp.Channel, arrived: asyncio.Queue[bytes]) -> bytes | None:
    """Return the next message; None when the channel has closed."""
    getting = asyncio.ensure_future(arrived.get())
    ends: list[asyncio.Future[Any]] = [getting, channel.closed]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return getting.result() if getting.done() else None
    finally:
        getting.cancel()
