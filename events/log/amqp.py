"""pika for asyncio: a connection and a channel whose operations are awaited.

pika's own asyncio adapter speaks in callbacks, has no recovery, and forgets pending callbacks when a
channel closes. Here every operation is a future that also ends when the channel does, so nothing waits
for an answer that will not come. A lost connection is not mended here: its owner opens another.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError

from events.envelope import CONTENT_TYPE
from events.errors import Unavailable, reason

logging.getLogger("pika").setLevel(logging.CRITICAL)  # it logs what becomes an exception here

HEARTBEAT = 20
"""Seconds between AMQP heartbeats; two missed ones close the connection."""

ACCESS_REFUSED = 403
"""AMQP 0-9-1, 1.2: the reply code for a missing permission."""


class ConnectionLost(Unavailable):
    """The connection or channel to the broker closed; the outcome of what was under way is unknown."""


class NotAllowed(ConnectionLost):
    """The broker's user has no permission for this. The broker has closed the channel."""


class Refused(Unavailable):
    """The broker nacked a message: no promise was made about it."""


class Unroutable(Unavailable):
    """The broker confirmed a message that it put nowhere: the queue for it is missing or down."""


class Delivery(NamedTuple):
    """A message from a queue, to be acknowledged or handed back by its tag."""

    queue: str
    tag: int
    redelivered: bool
    headers: Mapping[str, Any]
    body: bytes


class Channel:
    """One AMQP channel. Not shared between tasks that publish and tasks that consume."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._confirms: dict[int, tuple[asyncio.Future[None], str]] = {}
        self._published = 0
        self._forbidden = False
        self._returned: set[str] = set()
        self._empty: asyncio.Future[None] | None = None
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        channel.add_on_close_callback(self._on_close)
        channel.add_on_return_callback(self._on_return)
        channel.add_on_cancel_callback(lambda _: self._end("the broker cancelled the consumer"))
        channel.add_callback(self._on_empty, [pika.spec.Basic.GetEmpty], one_shot=False)

    @property
    def is_open(self) -> bool:
        """True while the channel can be used."""
        return not self.closed.done() and bool(self._channel.is_open)

    async def call(self, method: str, **arguments: Any) -> Any:
        """Call a pika channel method and await the broker's answer. Raises ConnectionLost, NotAllowed."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def on_answer(frame: Any) -> None:
            if not answer.done():
                answer.set_result(frame)

        try:
            getattr(self._channel, method)(callback=on_answer, **arguments)
        except AMQPError as error:
            raise ConnectionLost(f"{method}: {error!r}") from error
        await asyncio.wait({answer, self.closed}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            lost = NotAllowed if self._forbidden else ConnectionLost
            raise lost(f"{method}: {self.closed.result()}")
        return answer.result()

    async def confirm(self) -> None:
        """Turn on publisher confirms. Delivery tags count from 1 on each channel."""
        await self.call("confirm_delivery", ack_nack_callback=self._on_confirm)

    async def publish(
        self, exchange: str, key: str, body: bytes, headers: dict[str, str | int], message_id: str
    ) -> None:
        """Publish a persistent message and return when the broker has confirmed it.

        Raises Unroutable when no queue took it. Raises Refused when it was nacked and ConnectionLost
        when the channel closed first; after either, as after a time-out of the caller's, the message
        may be stored or not.
        """
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE, delivery_mode=2, message_id=message_id, headers=dict(headers) or None
        )
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._channel.basic_publish(exchange, key, body, properties, mandatory=True)
        except AMQPError as error:
            raise ConnectionLost(f"publish: {error!r}") from error
        self._published += 1
        self._confirms[self._published] = (confirmed, message_id)
        await confirmed

    def send(self, exchange: str, key: str, body: bytes) -> None:
        """Publish a transient message and wait for nothing. Raises ConnectionLost."""
        try:
            self._channel.basic_publish(exchange, key, body, pika.BasicProperties(delivery_mode=1))
        except AMQPError as error:
            raise ConnectionLost(f"send: {error!r}") from error

    async def consume(
        self, queue: str, on_message: Callable[[Any, Any, bytes], None], *, auto_ack: bool = False
    ) -> str:
        """Start consuming; `on_message(method, properties, body)` must only enqueue. Returns the tag."""
        frame = await self.call(
            "basic_consume",
            queue=queue,
            on_message_callback=lambda _, method, properties, body: on_message(method, properties, body),
            auto_ack=auto_ack,
        )
        return str(frame.method.consumer_tag)

    async def get(self, queue: str) -> Delivery | None:
        """Take one message; None when the queue holds none. One call at a time. Raises ConnectionLost."""
        found: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self._empty = empty = asyncio.get_running_loop().create_future()

        def on_message(_: Any, method: Any, properties: Any, body: bytes) -> None:
            found.set_result(_delivery(queue, method, properties, body))

        try:
            self._channel.basic_get(queue, on_message)
        except AMQPError as error:
            raise ConnectionLost(f"basic_get: {error!r}") from error
        await asyncio.wait({found, empty, self.closed}, return_when=asyncio.FIRST_COMPLETED)
        if found.done():
            return found.result()
        if not empty.done():
            raise ConnectionLost(f"basic_get: {self.closed.result()}")
        return None

    async def listen(self, queue: str, on_message: Callable[[Delivery], None]) -> str:
        """Start consuming what has to be acknowledged; `on_message` must only enqueue. Returns the tag."""
        return await self.consume(
            queue,
            lambda method, properties, body: on_message(_delivery(queue, method, properties, body)),
        )

    def ack(self, tag: int) -> None:
        """Acknowledge one delivery. On a closed channel the broker has already taken it back."""
        if self.is_open:
            self._channel.basic_ack(tag)

    def hand_back(self, tag: int) -> None:
        """Return a delivery to its queue, by `nack`: from RabbitMQ 4.3 on, delivery limits count `reject`."""
        if self.is_open:
            self._channel.basic_nack(tag, requeue=True)

    def close(self) -> None:
        """Close without waiting."""
        if self._channel.is_open:
            self._channel.close()
        self._end("closed by us")

    def _on_empty(self, _: Any) -> None:
        if self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def _on_return(self, _: Any, method: Any, properties: Any, body: bytes) -> None:
        """Note a message that no queue took: it comes back first, and is confirmed after that."""
        self._returned.add(properties.message_id)

    def _on_confirm(self, frame: Any) -> None:
        tag, refused = frame.method.delivery_tag, isinstance(frame.method, pika.spec.Basic.Nack)
        tags = [t for t in self._confirms if t <= tag] if frame.method.multiple else [tag]
        for each in tags:
            confirmed, message_id = self._confirms.pop(each, (None, ""))
            if confirmed is None or confirmed.done():
                continue
            if refused:
                confirmed.set_exception(Refused("the broker refused the message"))
            elif message_id in self._returned:
                self._returned.discard(message_id)
                confirmed.set_exception(Unroutable("no queue took the message"))
            else:
                confirmed.set_result(None)

    def _on_close(self, _: Any, reason: BaseException) -> None:
        self._forbidden = getattr(reason, "reply_code", 0) == ACCESS_REFUSED
        self._end(repr(reason))

    def _end(self, reason: str) -> None:
        if not self.closed.done():
            self.closed.set_result(reason)
        pending, self._confirms = self._confirms, {}
        for confirmed, _ in pending.values():
            if not confirmed.done():
                confirmed.set_exception(ConnectionLost(reason))


def _delivery(queue: str, method: Any, properties: Any, body: bytes) -> Delivery:
    return Delivery(queue, method.delivery_tag, bool(method.redelivered), properties.headers or {}, body)


class Connection:
    """One AMQP connection. Made by `connect`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        connection.add_on_close_callback(self._on_close)

    @property
    def is_open(self) -> bool:
        """True while the connection can be used."""
        return not self.closed.done()

    async def channel(self, *, confirms: bool = False, prefetch: int = 0) -> Channel:
        """Open a channel. Raises ConnectionLost."""
        opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            self._connection.channel(on_open_callback=opened.set_result)
        except AMQPError as error:
            raise ConnectionLost(f"channel: {error!r}") from error
        await asyncio.wait({opened, self.closed}, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            raise ConnectionLost(self.closed.result())
        channel = Channel(opened.result())
        if confirms:
            await channel.confirm()
        if prefetch:
            await channel.call("basic_qos", prefetch_count=prefetch)
        return channel

    async def close(self, timeout: float = 2.0) -> None:
        """Close in good order, or give up after `timeout` seconds."""
        if self._connection.is_open:
            self._connection.close()
        await asyncio.wait({self.closed}, timeout=timeout)

    def _on_close(self, _: Any, reason: BaseException) -> None:
        if not self.closed.done():
            self.closed.set_result(repr(reason))


async def connect(url: str, *, name: str, timeout: float = 10.0) -> Connection:
    """Open a connection that the broker shows as `name`. Raises Unavailable within `timeout` seconds."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT
    parameters.blocked_connection_timeout = 60
    parameters.socket_timeout = parameters.stack_timeout = timeout
    parameters.client_properties = {"connection_name": name}
    opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_open(_: Any) -> None:
        if not opened.done():
            opened.set_result(None)

    def on_error(_: Any, error: BaseException) -> None:
        if not opened.done():
            opened.set_exception(
                Unavailable(f"the broker at {parameters.host}:{parameters.port}: {reason(error)}")
            )

    raw = AsyncioConnection(parameters, on_open_callback=on_open, on_open_error_callback=on_error)
    connection = Connection(raw)
    try:
        async with asyncio.timeout(timeout):
            await opened
    except BaseException as error:
        with contextlib.suppress(Exception):  # pika trips over closing what is half open
            raw.close()
        if isinstance(error, TimeoutError):
            raise Unavailable(
                f"the broker at {parameters.host}:{parameters.port} did not answer in {timeout:g} s"
            ) from None
        raise
    return connection


@contextlib.asynccontextmanager
async def connected(url: str, *, name: str, timeout: float = 10.0) -> AsyncIterator[Connection]:
    """Open a connection for a block. Raises Unavailable."""
    connection = await connect(url, name=name, timeout=timeout)
    try:
        yield connection
    finally:
        await connection.close()
