"""Finds out how it stands, from every server that can be reached."""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path

from cli.errors import causes
from cli.log.log import Line, Log, line
from cli.log.places import End
from cli.replay.standing.facts import (
    RECENT,
    Binding,
    Depth,
    GivenUp,
    Standing,
    TheLog,
    Topology,
    View,
    Views,
    Waiting,
)
from cli.replay.views.versions import live, versions
from cli.streams.remarks import Meter
from cli.system.disk import line_of_disk, line_of_room
from cli.system.overview import lines_of_nodes
from cli.system.servers import Servers
from cli.system.workers import alive
from events.errors import Unavailable
from events.log import amqp, topology
from events.log.bounds import Bounds
from events.log.depths import passively, queues
from events.log.management import asked
from events.log.stream import First, FromTime
from events.tasks import cancelled
from events.work import parked
from events.work.parked import ParkedWork
from infra.local import given, state
from infra.local.servers import control

SHOWN = 5
"""Pieces of parked work of each queue that are named."""
_QUEUES = topology.WORK_QUEUES
_PARTS = {
    "exchange": tuple(name for name, _ in topology.EXCHANGES),
    "queue": (topology.STREAM, *_QUEUES, *map(topology.parked, _QUEUES)),
}
_NO_EVENT = "(not an event)"


class Inquiry:
    """One look at everything."""

    def __init__(self, servers: Servers, log: Log, *, types: bool) -> None:
        """With `types` the whole log is read, and its events are counted."""
        self._servers, self._log, self._types = servers, log, types
        self._found = Standing()

    async def run(self) -> Standing:
        """Find out what can be. Raises InvalidSetting."""
        found, servers = self._found, self._servers
        url = servers.need("rabbitmq_url") if servers.rabbitmq_url else ""
        hearing = asyncio.create_task(alive(url)) if url else None  # meanwhile
        try:
            await self._part("log", self._the_log())
            await self._part("views", self._views())
            await self._part("queues", self._waiting())
            if hearing is not None:
                found.workers = await hearing
        finally:
            await cancelled([hearing] if hearing else [])
        await self._part("topology", self._topology())
        await self._part("disk", self._disks())
        return found

    async def _part(self, name: str, finding: Awaitable[None]) -> None:
        try:
            await finding
        except Unavailable as error:
            self._found.away[name] = causes(error)

    async def _the_log(self) -> None:
        ends = await self._log.ends()
        if ends is None:
            return
        newest = line(await self._log.at(ends.last))
        async with contextlib.aclosing(self._log.read(First(), ends.last)) as batches:
            oldest = line((await anext(batches))[0])
        self._found.log = TheLog(
            first=ends.first,
            last=ends.last,
            oldest=_stored(oldest),
            newest=_stored(newest),
            recent=await self._recent(newest),
            types=await self._of_type(ends) if self._types else None,
        )

    async def _recent(self, newest: Line) -> dict[str, int]:
        since = datetime.now(UTC) - RECENT
        counts: Counter[str] = Counter()
        if _stored(newest) >= since:
            async with contextlib.aclosing(self._log.between(FromTime(since), End())) as batches:
                async for batch in batches:
                    counts.update(each.event.type if each.event else _NO_EVENT for each in batch)
        return dict(counts.most_common())

    async def _of_type(self, ends: Bounds) -> dict[str, int]:
        counts: Counter[str] = Counter()
        with Meter("count", ends.last - ends.first) as meter:
            async with contextlib.aclosing(self._log.read(First(), ends.last)) as batches:
                async for batch in batches:
                    lines = [line(record) for record in batch]
                    counts.update(each.event.type if each.event else _NO_EVENT for each in lines)
                    meter.at(batch[-1].offset - ends.first, len(batch))
        return dict(counts.most_common())

    async def _views(self) -> None:
        if not self._servers.mongodb_url:
            self._found.unset.append("views")
            return
        async with self._servers.database() as database:
            current = await live(database)
            jobs = await current.jobs_by_state()
            found = []
            for version in await versions(database):
                checkpoint = await version.checkpoint()
                found.append(
                    View(
                        name=version.name,
                        live=version.number == current.number,
                        jobs=await version.count(),
                        offset=checkpoint.offset if checkpoint else None,
                    )
                )
        self._found.views = Views(live=current.name, jobs=jobs, versions=found)

    async def _waiting(self) -> None:
        if not self._servers.rabbitmq_url:
            self._found.unset.append("queues")
            return
        url = self._servers.need("rabbitmq_url")
        async with amqp.connected(url, name="replay info") as connection:
            found = await queues(connection)
            works = [work for queue in _QUEUES for work in await _parked(connection, queue)]
        self._found.waiting = Waiting(
            queues=[Depth(name=each.name, ready=each.ready, consumers=each.consumers) for each in found],
            given_up=[_given_up(work) for work in works],
        )

    async def _topology(self) -> None:
        if not self._servers.rabbitmq_url:
            return
        url = self._servers.need("rabbitmq_url")
        async with amqp.connected(url, name="replay info") as connection:
            missing = [
                f"{kind} {name}"
                for kind, names in _PARTS.items()
                for name in names
                if await passively(connection, f"{kind}_declare", **{kind: name}) is None
            ]
        bindings: set[tuple[str, str]] | None = None
        if f"exchange {topology.EXCHANGE}" not in missing:
            bindings = await _bindings(url, self._servers.rabbitmq_management_url)
        if bindings is not None:
            missing += topology.unbound(bindings)
        listed = [Binding(queue=queue, key=key) for queue, key in sorted(bindings or ())]
        self._found.topology = Topology(missing=missing, bindings=None if bindings is None else listed)

    async def _disks(self) -> None:
        servers, found = self._servers, self._found.disks
        if servers.rabbitmq_management_url:
            with contextlib.suppress(Unavailable):  # to list bindings a user needs less rights than for this
                found += lines_of_nodes(await asked(servers.rabbitmq_management_url, "nodes"))
        if servers.mongodb_url:
            with contextlib.suppress(Unavailable):
                async with servers.database() as database:
                    stats = await database.command("dbStats")
                if total := int(stats.get("fsTotalSize") or 0):
                    found.append(f"MongoDB: {line_of_room(int(stats['fsUsedSize']), total)}")
        if state.running(folder := _local_directory()):
            found.append(line_of_disk(folder))


async def _parked(connection: amqp.Connection, queue: str) -> list[ParkedWork]:
    """Look at the first of a queue's parked work; at none where that may not be looked at."""
    with contextlib.suppress(Unavailable):  # there is no such queue, or no permission
        async with parked.held(connection, queue, SHOWN) as held:
            return held.works
    return []


def _given_up(work: ParkedWork) -> GivenUp:
    return GivenUp(
        queue=work.queue,
        type=work.event.type if work.event else "",
        subject=work.event.subject if work.event else "",
        attempt=work.attempt,
        reason=work.reason,
    )


async def _bindings(url: str, management_url: str) -> set[tuple[str, str]] | None:
    """Return the queue and the key of each binding; None where nothing can list them. Raises Unavailable."""
    if management_url:
        return await topology.bindings(url, management_url)
    known = state.running(_local_directory())
    if known is None or known.environment.get("RABBITMQ_URL") != url:
        return None
    return await control.bindings(known, topology.EXCHANGE)


def _local_directory() -> Path:
    return given.settings(os.environ).directory


def _stored(row: Line) -> datetime:
    return datetime.fromtimestamp(row.chunk_time, UTC)
