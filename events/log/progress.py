"""Progress of conversions. It is not state: it travels on a transient exchange and is never stored.

A sender publishes at most twice a second for a job. A percentage that is lost is replaced by the next one.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog
from msgspec import Struct

from events.errors import Unavailable
from events.log import amqp, topology

log = structlog.get_logger()

INTERVAL = 0.5
"""Seconds between two progress messages of one job."""

_PATIENCE = 2.0
_PAUSE = 5.0
_EXCHANGE = {"exchange": topology.PROGRESS, "exchange_type": "topic", "durable": False}


class Progress(Struct, frozen=True, kw_only=True):
    """The progress of an attempt. `percent` is 0 to 100, None while the length is unknown."""

    job_id: str
    account: str
    run: int
    attempt: int
    percent: float | None
    seconds_done: float
    seconds_total: float | None
    speed: float | None
    time: datetime


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Progress)


class ProgressSender:
    """Sends progress while the broker can be reached. Never raises, and waits two seconds at most."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: amqp.Connection | None = None
        self._channel: amqp.Channel | None = None
        self._not_before = 0.0

    async def send(self, progress: Progress) -> None:
        """Send it if the broker answers; after a failure the next five seconds' messages are dropped."""
        now = asyncio.get_running_loop().time()
        if now < self._not_before:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                channel = await self._open()
            channel.send(topology.PROGRESS, progress.job_id, _encoder.encode(progress))
        except (Unavailable, TimeoutError) as error:
            self._not_before = now + _PAUSE
            log.debug("progress_lost", job_id=progress.job_id, error=str(error))

    async def _open(self) -> amqp.Channel:
        if self._channel is not None and self._channel.is_open:
            return self._channel
        self._not_before = asyncio.get_running_loop().time() + _PAUSE  # taken back on success
        if self._connection is None or not self._connection.is_open:
            self._connection = await amqp.connect(self._url, name="progress", timeout=_PATIENCE)
        channel = await self._connection.channel()
        # The exchange is transient: after a restart of the broker it is gone.
        await channel.call("exchange_declare", **_EXCHANGE)
        self._channel, self._not_before = channel, 0.0
        return channel

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()


async def progress_feed(url: str) -> AsyncIterator[Progress]:
    """Yield the progress of all jobs from now on; reconnects for ever, missing the messages in between."""
    pause = 0.2
    while True:
        try:
            async with amqp.connected(url, name="progress feed") as connection:
                arrived: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1000)
                channel = await _subscribe(connection, arrived)
                pause = 0.2
                async for progress in _until_closed(channel, arrived):
                    yield progress
        except Unavailable as error:
            log.debug("progress_feed_away", error=str(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


async def _subscribe(connection: amqp.Connection, arrived: asyncio.Queue[bytes]) -> amqp.Channel:
    channel = await connection.channel()
    await channel.call("exchange_declare", **_EXCHANGE)
    declared = await channel.call("queue_declare", queue="", exclusive=True, auto_delete=True)
    queue = declared.method.queue
    await channel.call("queue_bind", queue=queue, exchange=topology.PROGRESS, routing_key="#")

    def on_message(_: Any, __: Any, body: bytes) -> None:
        if not arrived.full():
            arrived.put_nowait(body)

    await channel.consume(queue, on_message, auto_ack=True)
    return channel


async def _until_closed(channel: amqp.Channel, arrived: asyncio.Queue[bytes]) -> AsyncIterator[Progress]:
    while channel.is_open:
        getting: asyncio.Future[Any] = asyncio.ensure_future(arrived.get())
        try:
            await asyncio.wait([getting, channel.closed], return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                return
            yield _decoder.decode(getting.result())
        except msgspec.DecodeError as error:
            log.warning("progress_unreadable", error=str(error))
        finally:
            getting.cancel()
