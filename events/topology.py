"""What must stand in the broker, declared in this one place, idempotently, by every service.

    topic exchange `events` ── `#` ──────────────────────────► stream `events`
                            ── job.uploaded, job.requeued ───► queue `video` ─► converter
                            ── job.converted, job.failed ────► queue `mp3`   ─► notifier
    topic exchange `progress` (transient) ── job id ─────────► a queue of each gateway's own

Retries and parked work go by the default exchange, never through `events`. A missing binding loses
events silently (`mandatory` does not tell, as long as any other binding matches), so `missing` asks the
management API, the only place where bindings can be listed.
"""

import asyncio
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx

from events import amqp
from events.errors import Unavailable
from events.types import JobConverted, JobFailed, JobRequeued, JobUploaded

EXCHANGE = "events"
STREAM = "events"
PROGRESS = "progress"
VIDEO = "video"
MP3 = "mp3"

SEGMENT_BYTES = 64_000_000
"""Retention removes whole segments, so they are smaller than the 500 MB default. Fixed for ever by the
first declaration; retention itself is set by policy and can be changed."""

BINDINGS: tuple[tuple[str, str], ...] = (
    (STREAM, "#"),
    (VIDEO, JobUploaded.TYPE),
    (VIDEO, JobRequeued.TYPE),
    (MP3, JobConverted.TYPE),
    (MP3, JobFailed.TYPE),
)
"""(queue, routing key) of every binding of the exchange `events`."""


def parked(queue: str) -> str:
    """The queue that keeps what could not be done, for an operator."""
    return f"{queue}.parked"


def retry(queue: str, delay: float) -> str:
    """The queue in which work waits `delay` seconds before it returns to `queue`."""
    return f"{queue}.retry.{round(delay * 1000)}ms"


async def declare(url: str) -> None:
    """Declare everything. Raises Unavailable when the broker is away or holds something else by a name."""
    async with amqp.connected(url, name="topology") as connection:
        channel = await connection.channel()
        await channel.call("exchange_declare", exchange=EXCHANGE, exchange_type="topic", durable=True)
        await channel.call("exchange_declare", exchange=PROGRESS, exchange_type="topic", durable=False)
        stream = {"x-queue-type": "stream", "x-stream-max-segment-size-bytes": SEGMENT_BYTES}
        await channel.call("queue_declare", queue=STREAM, durable=True, arguments=stream)
        for queue in (VIDEO, MP3):
            await channel.call("queue_declare", queue=queue, durable=True)
            await channel.call("queue_declare", queue=parked(queue), durable=True)
        for queue, key in BINDINGS:
            await channel.call("queue_bind", queue=queue, exchange=EXCHANGE, routing_key=key)


async def declare_retry(channel: amqp.Channel, queue: str, delay: float) -> str:
    """Declare the queue of one delay, in seconds; expired work goes back by the default exchange."""
    name = retry(queue, delay)
    arguments = {
        "x-message-ttl": round(delay * 1000),
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
    }
    await channel.call("queue_declare", queue=name, durable=True, arguments=arguments)
    return name


async def missing(url: str, management_url: str, *, timeout: float = 5.0) -> tuple[str, ...]:
    """Name each binding of `events` that is not there; an empty tuple means all is well.

    `url` is the broker's AMQP URL (its path is the virtual host), `management_url` the management
    API's, `http://user:password@host:port`. Raises Unavailable when that does not answer.
    """
    vhost = quote(unquote(urlsplit(url).path.removeprefix("/")) or "/", safe="")
    parts = urlsplit(management_url)
    path = parts.path.rstrip("/").removesuffix("/api")
    base = f"{parts.scheme}://{parts.hostname}:{parts.port or 15672}{path}"
    auth = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    try:
        async with httpx.AsyncClient(timeout=timeout, auth=auth) as client:
            answer = await client.get(f"{base}/api/exchanges/{vhost}/{EXCHANGE}/bindings/source")
            answer.raise_for_status()
            rows: list[dict[str, Any]] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"the broker's management API does not answer: {error}") from error
    present = {(row["destination"], row["routing_key"]) for row in rows}
    return tuple(
        f"binding {EXCHANGE} -> {queue} ({key})" for queue, key in BINDINGS if (queue, key) not in present
    )


async def declare_when_up(url: str, *, patience: float = 60.0) -> None:
    """Declare, waiting up to `patience` seconds for a broker that is still starting."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await declare(url)
        except Unavailable:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.5)
