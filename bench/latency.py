"""`latency`: from publishing an event to a client seeing it, over a bare publish and a bare consumer.

One event at a time: the next is published when the last was seen. Nothing here measures throughput.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient

from bench.bare_log import echo
from bench.client import Watch, signed_in
from bench.measure import Options, Say
from bench.stack import Stack, running_stack
from bench.table import Row, Trial, percentile, rows_of
from events.envelope import Event, encode, job_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.types import JobStarted
from events.views.store import JobViews

EVENTS, WARM_UP = 300, 30
AGAINST = "bare pika confirm to bare rstream"

Round = Callable[[Event], Awaitable[float]]
"""Publishes the event and returns the seconds until it was seen."""


async def measure(options: Options, say: Say) -> list[Row]:
    """Take turns between the three ways, the same number of events on each."""
    count = options.scaled(EVENTS, 20)
    found: list[Row] = []
    async with (
        running_stack() as stack,
        signed_in(stack.environment) as client,
        client.watching() as watch,
        Publisher(stack.environment["RABBITMQ_URL"], name="bench") as publisher,
        stored_views(stack) as views,
        echo(stack.environment) as send,
    ):
        bare: Round = lambda event: send(encode(event))  # noqa: E731
        ways = {
            "publish to seen on SSE": to_client(publisher, watch),
            "publish to stored view": to_store(publisher, views),
        }
        for way in (bare, *ways.values()):
            await _times(way, client.account, WARM_UP)
        for turn in range(options.repetitions):
            say(f"latency {turn + 1} of {options.repetitions}: {count} events each")
            reference = await _times(bare, client.account, count)
            for name, way in ways.items():
                found += _rows(name, await _times(way, client.account, count), reference)
    return rows_of(found)


async def _times(way: Round, account: str, count: int) -> list[float]:
    """Return the seconds of each of `count` events. Each is about a job of its own, and no queue takes it."""
    payload = JobStarted(run=1, attempt=1, worker="bench")
    return [
        await way(job_event(payload, job_id=new_id(), account=account, source="bench")) for _ in range(count)
    ]


def to_client(publisher: Publisher, watch: Watch) -> Round:
    """Publish, and see it on the gateway's stream of events."""

    async def way(event: Event) -> float:
        begin = time.perf_counter()
        await publisher.publish(event)
        return await watch.event(event.id) - begin

    return way


def to_store(publisher: Publisher, views: JobViews) -> Round:
    """Publish, and find the view in the database, asking all the time."""

    async def way(event: Event) -> float:
        begin = time.perf_counter()
        await publisher.publish(event)
        while await views.get(event.subject) is None:  # noqa: ASYNC110 – the database does not call us
            await asyncio.sleep(0.0005)
        return time.perf_counter() - begin

    return way


@asynccontextmanager
async def stored_views(stack: Stack) -> AsyncIterator[JobViews]:
    """Reach the stored views, for the block."""
    mongo: AsyncMongoClient[Any] = AsyncMongoClient(stack.environment["MONGODB_URL"], tz_aware=True)
    async with mongo:
        yield JobViews(mongo.get_default_database())


def _rows(name: str, times: list[float], reference: list[float]) -> list[Row]:
    return [
        Row(
            measure=f"{name}, p{percent}",
            unit="ms",
            better="less",
            against=AGAINST,
            trials=(Trial(1000 * percentile(times, percent), 1000 * percentile(reference, percent)),),
        )
        for percent in (50, 99)
    ]
