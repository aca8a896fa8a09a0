"""`info`: what the log holds, how far the views have come, how the queues stand."""

import argparse
import contextlib
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

from cli.errors import causes
from cli.exits import Exit
from cli.log.log import Line, Log, line
from cli.remarks import Meter, say
from cli.replay.views.versions import live, versions
from cli.servers import Servers
from events.errors import Unavailable
from events.log import amqp, topology
from events.log.bounds import Bounds
from events.log.stream import First
from events.work import DELAYS

_QUEUES = topology.WORK_QUEUES
_PARTS = {
    "exchange": (topology.EXCHANGE, topology.PROGRESS),
    "queue": (topology.STREAM, *_QUEUES, *map(topology.parked, _QUEUES)),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--types", action="store_true", help="count the events by type (reads the whole log)")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Print what can be found out; what cannot, with the reason, and then return UNAVAILABLE."""
    log = Log(servers.need("stream_url"), say)
    ends: Bounds | None = None
    newest: Line | None = None
    away = False

    async def section(name: str, printing: Awaitable[None]) -> None:
        nonlocal away
        try:
            await printing
        except Unavailable as error:
            away = True
            print(f"{name}: {causes(error)}")

    async def the_log() -> None:
        nonlocal ends, newest
        ends = await log.ends()
        newest = line(await log.at(ends.last)) if ends else None
        await _log(log, ends, newest)
        if arguments.types and ends:
            await _types(log, ends)

    await section("log", the_log())
    await section("views", _views(servers, ends, newest))
    await section("queues", _queues(servers))
    await section("topology", _topology(servers))
    return Exit.UNAVAILABLE if away else Exit.OK


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
    async with amqp.connected(servers.need("rabbitmq_url"), name="replay info") as connection:
        print("queues: messages ready")
        for queue in _QUEUES:
            retries = [topology.retry(queue, delay) for delay in DELAYS]
            for name in (queue, *retries, topology.parked(queue)):
                print(f"  {name:<28} {await _ready(connection, name):>12}")


async def _ready(connection: amqp.Connection, queue: str) -> str:
    frame = await _passively(connection, "queue_declare", queue=queue)
    return f"{frame.method.message_count:,}" if frame else "not there"


async def _passively(connection: amqp.Connection, method: str, **named: str) -> Any:
    """Return the broker's answer; None when there is nothing of that name. Raises Unavailable."""
    channel = await connection.channel()  # the broker closes it when there is none
    try:
        frame = await channel.call(method, **named, passive=True)
    except Unavailable as error:
        if connection.is_open and "NOT_FOUND" in str(error):
            return None
        raise
    channel.close()
    return frame


async def _topology(servers: Servers) -> None:
    if not servers.rabbitmq_url:
        return
    async with amqp.connected(servers.need("rabbitmq_url"), name="replay info") as connection:
        missing = [
            f"{kind} {name}"
            for kind, names in _PARTS.items()
            for name in names
            if await _passively(connection, f"{kind}_declare", **{kind: name}) is None
        ]
    if missing:
        print("topology: MISSING " + "; ".join(missing))
    if not servers.rabbitmq_management_url:
        print(
            ("" if missing else "topology: exchanges and queues are there; ")
            + "bindings were not listed: RABBITMQ_MANAGEMENT_URL is not set, and nothing else can list them"
        )
    elif f"exchange {topology.EXCHANGE}" not in missing:
        unbound = await topology.missing(
            servers.need("rabbitmq_url"), servers.need("rabbitmq_management_url")
        )
        if unbound:
            print("topology: MISSING " + "; ".join(unbound))
        elif not missing:
            print("topology: complete")


def _stored(row: Line) -> str:
    return datetime.fromtimestamp(row.chunk_time, UTC).isoformat(timespec="seconds")


def _ago(row: Line) -> str:
    return str(datetime.now(UTC) - datetime.fromtimestamp(row.chunk_time, UTC)).partition(".")[0]
