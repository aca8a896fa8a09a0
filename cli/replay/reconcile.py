"""`reconcile`: find what the log has lost and the views still know, and publish it again.

With --work, what the log knows and nobody has done is handed to the queues again, which lost it: that is no
event, and changes nothing where a queue has it after all.
"""

import asyncio
import functools
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
import msgspec
from msgspec import Struct

from cli.exits import Exit
from cli.log.log import Log
from cli.replay.options.named import limited
from cli.replay.subcommand import subcommand
from cli.replay.views.losses import Loss, losses, waiting
from cli.replay.views.versions import version_named
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.times import shown
from cli.tree.printer import Column, Printer, printing
from cli.tree.types import TIME
from events.envelope import Event, encode
from events.errors import NotConfirmed, Unavailable
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.log.stream import FromTime
from events.privacy.job_keys import JobKeys

TIMEOUT = 30.0


class Search(Struct, frozen=True):
    """The search for lost events: in these views, from then on; and for work that no queue has."""

    views: str
    since: FromTime | None
    work: bool


def searched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare where it is looked, and give the function `search`."""

    @click.option(
        "--views", default="live", show_default=True, metavar="V", help="the views from before the loss"
    )
    @click.option(
        "--since",
        type=TIME,
        help="look at what happened from then on, instead of reading the whole log: 10:00, a date, 2h",
    )
    @click.option(
        "--work",
        is_flag=True,
        help="hand out what waits, too: after a restore no queue has it; where one has it, nothing changes",
    )
    @functools.wraps(function)
    def given(*first: Any, views: str, since: datetime | None, work: bool, **options: Any) -> Any:
        return function(*first, search=Search(views, FromTime(since) if since else None, work), **options)

    return given


class Lost(Struct, frozen=True, kw_only=True):
    """An event that the log lacks. `why` is why it cannot be published again; empty: it can."""

    job_id: str
    event_id: str
    type: str
    time: datetime
    why: str
    is_work: bool


@subcommand(
    examples=[
        "tonearm replay reconcile",
        "tonearm replay reconcile --yes",
        "tonearm replay reconcile --since 2h --work --yes",
    ],
    exits={Exit.DIFFERENT: "the log lacks something, and --yes was not given"},
    output=Lost,
    writes=True,
)
@searched
@limited("events")
@click.option("--yes", is_flag=True, help="do it; without this, only say what the log lacks")
@printing
async def reconcile(servers: Servers, search: Search, limit: int, yes: bool, out: Printer) -> Exit:
    """Find what the log has lost and the views still know, and publish it again.

    For a log that lost its newest events: an older volume restored, a power cut. What a view proves of a lost
    event is published once more, under the same id: to the stream alone where the job has gone on since, as
    work where something is still to be done. Nothing is published of a sound or a video that is not stored
    any more. Then `rebuild` makes views of that log.
    """
    log = Log(servers.need("stream_url"), say)
    async with servers.database() as database:
        version = await version_named(database, search.views)
        lost = [loss async for loss in losses(log, database, version, search.since)]
        known = {loss.entry.id for loss in lost}
        work = [event async for event in waiting(version, known)] if search.work else []
    _show(lost, limit, out)
    if search.work:
        out.beside(f"work that waits: {len(work):,}")
    if not lost and not work:
        return Exit.OK
    if not yes:
        out.beside("dry run: nothing was published; --yes does it")
        return Exit.DIFFERENT
    provable = [loss for loss in lost if loss.event]
    await _publish(servers, provable, work)
    if provable:
        out.beside(f"told again: {len(provable):,} events; `replay rebuild --yes` makes the views of them")
    if work:
        out.beside(f"handed out: {len(work):,} pieces of work")
    return Exit.OK


COLUMNS = (
    Column[Lost]("JOB", lambda each: each.job_id),
    Column[Lost]("EVENT", lambda each: each.type),
    Column[Lost]("TIME", lambda each: shown(each.time)),
    Column[Lost]("", lambda each: f"cannot: {each.why}" if each.why else "can be told again", cut=True),
)


def _show(losses: list[Loss], most: int, out: Printer) -> None:
    named = losses[:most] if out.for_people else losses
    out.table(map(msgspec.json.encode, map(_named, named)), Lost, COLUMNS)
    if len(losses) > len(named):
        print(f"… and {len(losses) - most:,} more")
    provable = sum(loss.event is not None for loss in losses)
    work = sum(loss.event is not None and loss.is_work for loss in losses)
    jobs = len({loss.view.job_id for loss in losses})
    out.beside(
        f"the log lacks {len(losses):,} events of {jobs:,} jobs: {provable:,} can be told again,"
        f" {work:,} of them as work"
    )
    for type_, count in Counter(loss.entry.type for loss in losses if not loss.event).most_common():
        out.beside(f"  cannot: {type_:<22} {count:>8,}")


def _named(loss: Loss) -> Lost:
    entry = loss.entry
    return Lost(
        job_id=loss.view.job_id,
        event_id=entry.id,
        type=entry.type,
        time=entry.time,
        why=loss.why,
        is_work=loss.is_work,
    )


async def _publish(servers: Servers, losses: list[Loss], waiting: list[Event]) -> None:
    """Publish in the old order, then hand out. It may be broken off and begun again: the ids are the same."""
    url = servers.need("rabbitmq_url")
    await topology.declare(url)
    try:
        async with servers.database() as database, amqp.connected(url, name="replay reconcile") as connection:
            keys = JobKeys(database)
            channel = await connection.channel(confirms=True)
            async with Publisher(url, name="replay reconcile", keys=keys) as publisher:
                for loss in losses:
                    assert loss.event is not None  # noqa: S101
                    if loss.is_work:
                        await publisher.publish(loss.event)
                    else:
                        await _send(channel, "", topology.STREAM, await keys.seal(loss.event))
            for event in waiting:
                await _send(channel, topology.WORK, topology.work_queue(event), await keys.seal(event))
    except (Unavailable, TimeoutError) as error:
        raise NotConfirmed("it broke off; to run it again goes on") from error


async def _send(channel: amqp.Channel, exchange: str, key: str, event: Event) -> None:
    async with asyncio.timeout(TIMEOUT):
        await channel.publish(exchange, key, encode(event), {}, event.id)
