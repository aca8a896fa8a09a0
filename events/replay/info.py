"""`info`: what the log holds, how far the views have come, how the queues stand."""

import argparse
import contextlib
from collections import Counter
from datetime import UTC, datetime

from events import amqp, topology
from events.errors import Unavailable
from events.reader import Bounds, First
from events.replay.exits import Exit
from events.replay.log import Line, Log, line
from events.replay.remarks import Meter, say
from events.replay.servers import Servers
from events.replay.stored import live, versions

SUMMARY = "tell what the log holds, how far the views have come, how the queues stand"
RETRY_DELAYS = (5, 30, 120, 600)
"""Seconds; those of `events.work.Worker`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--types", action="store_true", help="count the events by type (reads the whole log)")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Print what can be found out; what cannot, with the reason."""
    log = Log(servers.need("stream_url"), say)
    ends = await log.ends()
    newest = line((await log.last(1, ends))[0]) if ends else None
    await _log(log, ends, newest)
    if arguments.types and ends:
        await _types(log, ends)
    await _views(servers, ends, newest)
    await _queues(servers)
    await _topology(servers)
    return Exit.OK


async def _log(log: Log, ends: Bounds | None, newest: Line | None) -> None:
    if ends is None or newest is None:
        print("log: empty")
        return
    async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
        oldest = line((await anext(batches))[0])
    print(f"log: offsets {ends.first} to {ends.last}, at most {ends.last - ends.first + 1:,} events")
    print(f"     stored from {_stored(oldest)} to {_stored(newest)}")
    print(f"     events from {oldest.time.isoformat()} to {newest.time.isoformat()}")
    if ends.first:
        print(f"     what stood before offset {ends.first} is gone (retention)")


async def _types(log: Log, ends: Bounds) -> None:
    counts: Counter[str] = Counter()
    with Meter("count", ends.last - ends.first) as meter:
        async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
            async for batch in batches:
                lines = [line(record) for record in batch]
                counts.update(each.event.type if each.event else "(not an event)" for each in lines)
                meter.at(batch[-1].offset - ends.first, len(batch))
    print(f"types: {counts.total():,} events")
    for type_, count in counts.most_common():
        print(f"  {type_:<28} {count:>12,}")


async def _views(servers: Servers, ends: Bounds | None, newest: Line | None) -> None:
    if not servers.mongodb_url:
        print("views: MONGODB_URL is not set")
        return
    async with servers.database() as database:
        current = await live(database)
        found = await versions(database)
        print(f"views: {current.name} is live" + ("" if found else ", and holds nothing yet"))
        for version in found:
            checkpoint = await version.checkpoint()
            place = (
                f"at offset {checkpoint.offset}{_lag(checkpoint.offset, ends)}"
                if checkpoint
                else "no checkpoint"
            )
            mark = "*" if version.number == current.number else " "
            print(f" {mark}{version.name}: {await version.count():,} jobs, {place}")
    if newest and ends:
        print(f"     the newest event is {_ago(newest)} old")


def _lag(offset: int, ends: Bounds | None) -> str:
    if ends is None:
        return ""
    behind = ends.last - offset
    if behind < 0:
        return f": BEYOND the log's end ({ends.last}); this is not the log it was made from"
    return f", at most {behind:,} events behind" if behind else ", up to date"


async def _queues(servers: Servers) -> None:
    if not servers.rabbitmq_url:
        print("queues: RABBITMQ_URL is not set")
        return
    print("queues: messages ready")
    async with amqp.connected(servers.rabbitmq_url, name="replay info") as connection:
        for queue in (topology.VIDEO, topology.MP3):
            retries = [topology.retry(queue, delay) for delay in RETRY_DELAYS]
            for name in (queue, *retries, topology.parked(queue)):
                print(f"  {name:<28} {await _ready(connection, name):>12}")


async def _ready(connection: amqp.Connection, queue: str) -> str:
    channel = await connection.channel()  # the broker closes it when there is no such queue
    try:
        frame = await channel.call("queue_declare", queue=queue, passive=True)
    except Unavailable:
        return "not there"
    channel.close()
    return f"{frame.method.message_count:,}"


async def _topology(servers: Servers) -> None:
    if not servers.rabbitmq_url:
        return
    if not servers.rabbitmq_management_url:
        print("topology: RABBITMQ_MANAGEMENT_URL is not set, and nothing else can list bindings")
        return
    missing = await topology.missing(servers.rabbitmq_url, servers.rabbitmq_management_url)
    print("topology: complete" if not missing else "topology: MISSING " + "; ".join(missing))


def _stored(told: Line) -> str:
    return datetime.fromtimestamp(told.chunk_time, UTC).isoformat(timespec="seconds")


def _ago(told: Line) -> str:
    return str(datetime.now(UTC) - datetime.fromtimestamp(told.chunk_time, UTC)).partition(".")[0]
