"""`info`: how it is. What flows, what waits, what failed, who takes the work, how full the disk is."""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from cli.disk import line_of_disk, line_of_room
from cli.errors import causes
from cli.exits import Exit
from cli.log.log import Line, Log, line
from cli.log.places import End
from cli.overview import (
    line_of_jobs,
    lines_of_nodes,
    lines_of_parked,
    lines_of_queues,
)
from cli.remarks import Meter, say
from cli.replay.subcommand import subcommand
from cli.replay.views.versions import live, versions
from cli.servers import Servers
from cli.times import shown
from cli.workers import alive, lines_of_workers
from events.errors import Unavailable
from events.log import amqp, topology
from events.log.bounds import Bounds
from events.log.depths import passively, queues
from events.log.heartbeats import Heartbeat
from events.log.management import asked
from events.log.stream import First, FromTime
from events.tasks import cancelled
from events.work import parked
from events.work.parked import ParkedWork
from infra.local import given, state
from infra.local.servers import control

MINUTE = timedelta(minutes=1)
RECENT = 10 * MINUTE
SHOWN = 5
"""Pieces of parked work of each queue that are named."""
_QUEUES = topology.WORK_QUEUES
_PARTS = {
    "exchange": tuple(name for name, _ in topology.EXCHANGES),
    "queue": (topology.STREAM, *_QUEUES, *map(topology.parked, _QUEUES)),
}


@subcommand(
    examples=["tonearm replay info", "tonearm replay info --types"],
    exits={Exit.UNAVAILABLE: "a server is away; what can be found out without it is printed"},
)
@click.option("--types", is_flag=True, help="count the events by type (reads the whole log)")
async def info(servers: Servers, types: bool) -> Exit:
    """Say how it is: what flows, what waits, what failed, who takes the work, how full the disks are."""
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
        if types and ends:
            await _types(log, ends)

    url = servers.need("rabbitmq_url") if servers.rabbitmq_url else ""
    hearing = asyncio.create_task(alive(url)) if url else None  # meanwhile
    try:
        await section("log", the_log())
        await section("views", _views(servers, ends))
        await section("queues", _queues(servers))
        if hearing is not None:
            _workers(await hearing)
    finally:
        await cancelled([hearing] if hearing else [])
    await section("topology", _topology(servers))
    await section("disk", _disk(servers))
    return Exit.UNAVAILABLE if away else Exit.OK


async def _log(log: Log, ends: Bounds | None, newest: Line | None) -> None:
    if ends is None or newest is None:
        print("log: empty")
        return
    async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
        oldest = line((await anext(batches))[0])
    print(f"log: offsets {ends.first} to {ends.last}, at most {ends.last - ends.first + 1:,} events")
    print(f"     from {shown(_stored(oldest))} to {shown(_stored(newest))}, {_age(newest)} ago")
    if ends.first:
        print(f"     what stood before offset {ends.first} is gone (retention)")
    print(f"     in the last {RECENT // MINUTE} minutes: {await _recent(log, newest)}")


async def _recent(log: Log, newest: Line) -> str:
    """Return what has flowed of late, by type."""
    since = datetime.now(UTC) - RECENT
    if _stored(newest) < since:
        return "nothing"
    counts: Counter[str] = Counter()
    async with contextlib.aclosing(log.between(FromTime(since), End())) as batches:
        async for batch in batches:
            counts.update(each.event.type if each.event else "(not an event)" for each in batch)
    return ", ".join(f"{count:,} {type_}" for type_, count in counts.most_common()) or "nothing"


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


async def _views(servers: Servers, ends: Bounds | None) -> None:
    if not servers.mongodb_url:
        print("views: MONGODB_URL is not set")
        return
    async with servers.database() as database:
        current = await live(database)
        found = await versions(database)
        print(f"jobs: {line_of_jobs(await current.jobs_by_state())}")
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
        found = await queues(connection)
        given_up = [work for queue in _QUEUES for work in await _parked(connection, queue)]
    print("queues: messages ready, and who waits for work; empty queues of retries are left out")
    for each in (*lines_of_queues(found), *lines_of_parked(given_up)):
        print(f"  {each}")


async def _parked(connection: amqp.Connection, queue: str) -> list[ParkedWork]:
    """Look at the first of a queue's parked work; at none where that may not be looked at."""
    with contextlib.suppress(Unavailable):  # there is no such queue, or no permission
        async with parked.held(connection, queue, SHOWN) as held:
            return held.works
    return []


def _workers(found: list[Heartbeat]) -> None:
    print("workers: " + ("those that were heard" if found else "none was heard"))
    for each in lines_of_workers(found):
        print(f"  {each}")


async def _topology(servers: Servers) -> None:
    if not servers.rabbitmq_url:
        return
    url = servers.need("rabbitmq_url")
    async with amqp.connected(url, name="replay info") as connection:
        missing = [
            f"{kind} {name}"
            for kind, names in _PARTS.items()
            for name in names
            if await passively(connection, f"{kind}_declare", **{kind: name}) is None
        ]
    bindings: set[tuple[str, str]] | None = None
    if f"exchange {topology.EXCHANGE}" not in missing:
        bindings = await _bindings(url, servers.rabbitmq_management_url)
    if bindings is not None:
        missing += topology.unbound(bindings)
    if missing:
        print("topology: MISSING " + "; ".join(missing))
    if bindings is None:
        print(
            ("" if missing else "topology: exchanges and queues are there; ")
            + "bindings were not listed: RABBITMQ_MANAGEMENT_URL is not set,"
            " and rabbitmqctl cannot ask this broker from here"
        )
        return
    if not missing:
        print("topology: complete")
    print(
        f"bindings of {topology.EXCHANGE}: "
        + ", ".join(f"{key} → {queue}" for queue, key in sorted(bindings))
    )


async def _bindings(url: str, management_url: str) -> set[tuple[str, str]] | None:
    """Return the queue and the key of each binding; None where nothing can list them. Raises Unavailable."""
    if management_url:
        return await topology.bindings(url, management_url)
    known = state.running(_local_directory())
    if known is None or known.environment.get("RABBITMQ_URL") != url:
        return None
    return await control.bindings(known, topology.EXCHANGE)


async def _disk(servers: Servers) -> None:
    if servers.rabbitmq_management_url:
        with contextlib.suppress(Unavailable):  # to list bindings a user needs less rights than for this
            for each in lines_of_nodes(await asked(servers.rabbitmq_management_url, "nodes")):
                print(f"disk: {each}")
    if servers.mongodb_url:
        with contextlib.suppress(Unavailable):
            async with servers.database() as database:
                stats = await database.command("dbStats")
            if total := int(stats.get("fsTotalSize") or 0):
                print(f"disk: MongoDB: {line_of_room(int(stats['fsUsedSize']), total)}")
    if state.running(folder := _local_directory()):
        print(f"disk: {line_of_disk(folder)}")


def _local_directory() -> Path:
    return given.settings(os.environ).directory


def _stored(row: Line) -> datetime:
    return datetime.fromtimestamp(row.chunk_time, UTC)


def _age(row: Line) -> str:
    return str(datetime.now(UTC) - _stored(row)).partition(".")[0]
