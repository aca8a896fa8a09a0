"""The references of the log: pika and rstream with nothing around them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pika
import rstream
from rstream import ConsumerOffsetSpecification, OffsetType

STREAM = "bench"
"""A stream of its own, so that no service of the product has a part in the reference."""


@asynccontextmanager
async def echo(environment: Mapping[str, str]) -> AsyncIterator[Callable[[bytes], Awaitable[float]]]:
    """Give a call that publishes a body and returns the seconds until a consumer here got it."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[float] = asyncio.Queue()
    # pika's blocking connection belongs to one thread.
    with ThreadPoolExecutor(1) as thread:
        connection, channel = await loop.run_in_executor(thread, _open, environment["RABBITMQ_URL"])
        consumer = bare_consumer(environment["STREAM_URL"])
        try:
            await consumer.subscribe(
                STREAM,
                lambda message, context: arrived.put_nowait(time.perf_counter()),
                offset_specification=ConsumerOffsetSpecification(OffsetType.NEXT, None),
            )

            async def send(body: bytes) -> float:
                begin = time.perf_counter()
                await loop.run_in_executor(thread, channel.basic_publish, "", STREAM, body)
                return await arrived.get() - begin

            yield send
        finally:
            await consumer.close()
            await loop.run_in_executor(thread, connection.close)


def _open(url: str) -> tuple[Any, Any]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare(STREAM, durable=True, arguments={"x-queue-type": "stream"})
    channel.confirm_delivery()
    return connection, channel


async def read(url: str, stream: str, count: int, decoder: Callable[[bytes], Any] | None) -> float:
    """Read so many messages from the first on, do nothing with them, and return the seconds."""
    left, done = count, asyncio.Event()

    def take(message: Any, context: rstream.MessageContext) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            done.set()

    consumer = bare_consumer(url)
    begin = time.perf_counter()
    try:
        await consumer.subscribe(
            stream,
            take,
            decoder=decoder,
            offset_specification=ConsumerOffsetSpecification(OffsetType.FIRST, None),
        )
        await done.wait()
        return time.perf_counter() - begin
    finally:
        await consumer.close()


def bare_consumer(url: str) -> rstream.Consumer:
    """Make a consumer as rstream's own examples do."""
    parts = urlsplit(url)
    return rstream.Consumer(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 5552,
        username=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path.removeprefix("/")) or "/",
    )
