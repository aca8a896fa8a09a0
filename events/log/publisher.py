"""Publishes events. A publish ends when the broker has confirmed it.

The publisher owns a private connection with one confirm channel that is used for the exchange `events`
and nothing else: before RabbitMQ 4.0.1 other publishes on the channel could cost confirmed events when
the stream's leader crashes (rabbitmq-server PR 12236).

A nack, a time-out or a closed channel means *unknown*: the event may be in the log. So the channel is
dropped and the same event, with the same id, is published again; readers keep the first.

A confirm alone does not mean that the stream has it. When the stream is down or unbound, the broker
confirms and drops (seen on 3.10, after a kill soon after the stream was first declared). So `mandatory`
is set, by which the broker returns an event that no queue took. And every new channel first makes sure that
the stream is up.
"""

import asyncio
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from events import tracing
from events.envelope import Event, encode
from events.errors import NotConfirmed, Unavailable
from events.log import amqp, topology
from events.observers import PublishObserver, unobserved
from events.privacy.sealing import NO_KEYS, Keys
from events.routing import routing_key, type_of

log = structlog.get_logger()


class ConfirmedChannel:
    """A confirm channel on a connection of its own that is opened when needed, and again after trouble."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        timeout: float,
        attempts: int,
        needs: tuple[str, ...] = (),
        observer: PublishObserver = unobserved,
    ) -> None:
        """`needs` names the queues that must be up before a channel is used."""
        self._url, self._name, self._timeout, self._attempts = url, name, timeout, attempts
        self._needs, self._observer = needs, observer
        self._connection: amqp.Connection | None = None
        self._channel: amqp.Channel | None = None
        self._opening = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """True while a channel is open."""
        return self._channel is not None and self._channel.is_open

    async def publish(
        self, exchange: str, key: str, body: bytes, headers: dict[str, str | int], message_id: str
    ) -> None:
        """Return once the broker has confirmed. Raises NotConfirmed after the last attempt.

        Takes at most `attempts` times `timeout` seconds and some back-off.
        """
        for attempt in range(1, self._attempts + 1):
            channel: amqp.Channel | None = None
            began = time.perf_counter()
            try:
                async with asyncio.timeout(self._timeout):
                    channel = await self._open()
                    await channel.publish(exchange, key, body, headers, message_id)
                self._observer(key, True, time.perf_counter() - began)
                return
            except (Unavailable, TimeoutError) as error:
                # Other publishes under way on this channel fail with it and come back the same way.
                self._drop(channel)
                self._observer(key, False, time.perf_counter() - began)
                log.warning("publish_unknown", key=key, attempt=attempt, error=str(error) or "timed out")
                if attempt == self._attempts:
                    why = str(error) or "timed out"
                    raise NotConfirmed(
                        f"no publish of {key} confirmed in {attempt} attempts: {why}"
                    ) from error
            await asyncio.sleep(min(0.1 * 2**attempt, 2.0))

    async def open(self) -> None:
        """Open ahead of the first publish. Raises Unavailable."""
        await self._open()

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
        self._channel = self._connection = None

    async def _open(self) -> amqp.Channel:
        if self._channel is not None and self._channel.is_open:
            return self._channel
        async with self._opening:
            if self._channel is not None and self._channel.is_open:
                return self._channel
            if self._connection is None or not self._connection.is_open:
                self._connection = await amqp.connect(self._url, name=self._name, timeout=self._timeout)
            for queue in self._needs:
                probe = await self._connection.channel()
                await probe.call("queue_declare", queue=queue, passive=True)
                probe.close()
            self._channel = await self._connection.channel(confirms=True)
            return self._channel

    def _drop(self, used: amqp.Channel | None) -> None:
        """Close the channel that failed, and its connection, which may be half open.

        Another publish may have opened the next one by now; that is left alone.
        """
        if used is None or used is not self._channel:
            return
        connection, self._channel, self._connection = self._connection, None, None
        used.close()
        if connection is not None:
            closing = asyncio.get_running_loop().create_task(connection.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


class Publisher:
    """Appends events to the log: one confirmed publish per state change."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        timeout: float = 5.0,
        attempts: int = 5,
        observer: PublishObserver = unobserved,
        keys: Keys = NO_KEYS,
    ) -> None:
        """`name` is what the broker shows; `timeout` in seconds for each of the `attempts`.

        `keys` seal the personal fields of jobs' events; without them events go as they are.
        """
        self._keys = keys
        self._channel = ConfirmedChannel(
            url,
            name=f"{name}: events",
            timeout=timeout,
            attempts=attempts,
            needs=(topology.STREAM,),
            observer=lambda key, confirmed, seconds: observer(type_of(key), confirmed, seconds),
        )

    @property
    def ready(self) -> bool:
        """True while the private channel is open, as far as is known."""
        return self._channel.ready

    async def expect(self, job_id: str, account: str) -> None:
        """Make what publishing a job's first event needs, while the caller waits for something else anyway.

        Never raises: the publish itself reports trouble.
        """
        with suppress(Unavailable):
            await self._keys.make(job_id, account)

    async def publish(self, event: Event) -> None:
        """Return once the event is confirmed by the stream and by the work queues it goes to.

        Raises NotConfirmed when the outcome stays unknown (publish the same event again later), Unavailable
        when its job's key cannot be had, and InvalidEvent when it is too long to be one.
        """
        with tracing.publishing(topology.EXCHANGE, await self._keys.seal(event)) as traced:
            await self._channel.publish(topology.EXCHANGE, routing_key(traced), encode(traced), {}, traced.id)

    async def open(self) -> None:
        """Connect ahead of the first publish. Raises Unavailable."""
        await self._channel.open()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()
