"""`reconcile`: find what the log has lost and the views still know, and tell the log again.

With --work, what the log knows and nobody has done is handed to the queues again, which lost it: that is no
event, and changes nothing where a queue has it after all.
"""

import asyncio
import contextlib
import functools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, NamedTuple

import click
import msgspec
from msgspec import DecodeError, Struct
from pymongo.asynchronous.database import AsyncDatabase

from cli.errors import Refused
from cli.exits import Exit
from cli.log.log import SKEW, Log
from cli.remarks import Meter, say
from cli.replay.naming import limited
from cli.replay.subcommand import subcommand
from cli.replay.views.proof import ABOUT, asks_for_work, proven_event
from cli.replay.views.versions import Version, version_named
from cli.servers import Servers
from cli.times import shown
from cli.tree.printer import Printer, printing
from cli.tree.types import TIME
from events.envelope import Event, encode
from events.errors import NotConfirmed, Unavailable
from events.ids import event_id
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.log.stream import First, FromOffset, FromTime, Start
from events.privacy.job_keys import JobKeys
from events.projections.job_view import Entry, JobView
from events.types import JobConverted, JobNotified, JobRequeued, JobUploaded
from events.views.documents import unpack
from events.views.projector import identity

TIMEOUT = 30.0


class Loss(NamedTuple):
    """An entry of a view's timeline that the log lacks. `event` is None where it is not proven: `why`."""

    view: JobView
    entry: Entry
    event: Event | None
    why: str

    @property
    def is_work(self) -> bool:
        """True if something is still to be done about it."""
        return asks_for_work(self.view, self.entry)


class Search(Struct, frozen=True):
    """Where lost events are looked for: in these views, from then on, and work that no queue has."""

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
    """An event that the log lacks. `why` is why it cannot be told again; empty: it can."""

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
    """Find what the log has lost and the views still know, and tell the log again.

    For a log that lost its newest events: an older volume restored, a power cut. What a view proves of a lost
    event is published once more, under the same id: to the stream alone where the job has gone on since, as
    work where something is still to be done. Nothing is told of a sound or a video that is not stored any
    more. Then `rebuild` makes views of that log.
    """
    log = Log(servers.need("stream_url"), say)
    async with servers.database() as database:
        version = await version_named(database, search.views)
        losses = [loss async for loss in _losses(log, database, version, search.since)]
        lost = {loss.entry.id for loss in losses}
        waiting = [event async for event in _waiting(version, lost)] if search.work else []
    _show(losses, limit, out)
    if search.work:
        out.beside(f"work that waits: {len(waiting):,}")
    if not losses and not waiting:
        return Exit.OK
    if not yes:
        out.beside("dry run: nothing was published; --yes does it")
        return Exit.DIFFERENT
    provable = [loss for loss in losses if loss.event]
    await _publish(servers, provable, waiting)
    if provable:
        out.beside(f"told again: {len(provable):,} events; `replay rebuild --yes` makes the views of them")
    if waiting:
        out.beside(f"handed out: {len(waiting):,} pieces of work")
    return Exit.OK


async def _losses(
    log: Log, database: AsyncDatabase[Any], version: Version, since: FromTime | None
) -> AsyncIterator[Loss]:
    """Yield the entries of the views that the log lacks, in their old order."""
    ends = await log.ends()
    start: Start = FromTime(since.time - SKEW) if since else First()
    known = await _ids(log, start, ends.last) if ends else set()
    lacking = [
        (view, entry)
        async for view in _views(version)
        for entry in view.timeline
        if entry.id not in known and (since is None or entry.time >= since.time)
    ]
    if ends and lacking and (now := await log.ends()) is not None and now.last > ends.last:
        # A log at work has grown meanwhile, and the views with it.
        newer = await _ids(log, FromOffset(ends.last + 1), now.last)
        lacking = [(view, entry) for view, entry in lacking if entry.id not in newer]
    for view, entry in sorted(lacking, key=lambda each: each[1].offset):
        yield await _loss(database, view, entry)


async def _waiting(version: Version, lost: set[str]) -> AsyncIterator[Event]:
    """Yield the events that the log has and about which something is still to be done."""
    async for view in _views(version):
        for entry in view.timeline:
            if entry.id not in lost and asks_for_work(view, entry) and (event := proven_event(view, entry)):
                yield event


async def _ids(log: Log, start: Start, to: int) -> set[str]:
    """Return the ids of a part of the log: some 150 bytes of memory each."""
    found: set[str] = set()
    with Meter("read", to) as meter:
        async with contextlib.aclosing(log.read(start, to)) as batches:
            async for batch in batches:
                found.update(identity(record.body) for record in batch)
                meter.at(batch[-1].offset, len(batch))
    return found


async def _views(version: Version) -> AsyncIterator[JobView]:
    async for batch in version.documents():
        for each in batch:
            try:
                yield unpack(each)
            except (KeyError, TypeError, DecodeError) as error:
                raise Refused(f"the stored view {each['_id']} is damaged") from error


async def _loss(database: AsyncDatabase[Any], view: JobView, entry: Entry) -> Loss:
    message_id = await _message_id(database, view, entry) if entry.type == JobNotified.TYPE else ""
    event = proven_event(view, entry, message_id=message_id)
    if event is None:
        return Loss(view, entry, None, "the view does not keep what it said")
    if gone := await _gone(database, view, entry):
        return Loss(view, entry, None, gone)
    return Loss(view, entry, event, "")


async def _message_id(database: AsyncDatabase[Any], view: JobView, entry: Entry) -> str:
    """Return the id of the mail, which the notifier has noted under the id of the event it is about."""
    about = event_id(view.job_id, entry.note.removeprefix(ABOUT), entry.run)
    note = await database["mails"].find_one({"_id": about})
    return str(note["message_id"]) if note else ""


async def _gone(database: AsyncDatabase[Any], view: JobView, entry: Entry) -> str:
    """Return a sentence about the blob that this event would promise and that is gone; empty for none."""
    if view.deletion is not None:
        return ""
    if entry.type == JobConverted.TYPE and view.audio and not view.audio_gone:
        whole = {"_id": view.audio.audio_id, "length": view.audio.bytes}
        return "" if await database["audio.files"].find_one(whole) else "its audio is not stored any more"
    if entry.type in (JobUploaded.TYPE, JobRequeued.TYPE) and view.video and asks_for_work(view, entry):
        whole = {"_id": view.video.video_id, "length": view.video.bytes}
        return "" if await database["videos.files"].find_one(whole) else "its video is not stored any more"
    return ""


def _show(losses: list[Loss], most: int, out: Printer) -> None:
    for place, loss in enumerate(losses):
        view, entry, event, why = loss
        what = "can be told again" if event else f"cannot: {why}"
        told = Lost(
            job_id=view.job_id,
            event_id=entry.id,
            type=entry.type,
            time=entry.time,
            why=why,
            is_work=loss.is_work,
        )
        if place < most or not out.for_people:
            text = f"{view.job_id}  {entry.type:<22} {shown(entry.time)}  {what}"
            out.line(msgspec.json.encode(told), text)
    if len(losses) > most and out.for_people:
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
