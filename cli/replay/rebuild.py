"""`rebuild`: build the job views anew from the log, beside the live ones, then switch to them."""

import asyncio
import contextlib
import functools
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

import click
import msgspec
from msgspec import Struct, structs
from pymongo.asynchronous.database import AsyncDatabase

from cli.errors import Refused
from cli.exits import Exit
from cli.log.keys import all_keys
from cli.log.log import Log
from cli.replay.options.named import limited
from cli.replay.subcommand import subcommand
from cli.replay.views.build import Builder
from cli.replay.views.comparison import compare
from cli.replay.views.findings import Findings
from cli.replay.views.generations import GENERATION
from cli.replay.views.verification import check
from cli.replay.views.versions import Version, live
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from cli.tree.types import COUNT
from events.errors import LeaseLost, RetentionGap
from events.log.bounds import Bounds
from events.views.leases import Lease
from events.views.store import Checkpoint, JobViews

LEASE_SECONDS = 6.0
READERS_SEE_A_SWITCH = 3.0
"""Seconds after which nobody uses the old version any more (`views` caches the alias for one)."""
_LOST = "the lease of rebuilds was lost; what was built stays, another run goes on with it"


class Wanted(Struct, frozen=True, kw_only=True):
    """The tasks besides building, and their limits: see the options."""

    restart: bool
    compare: bool
    switch: bool
    drop_old: bool
    partial: bool
    generation: int
    limit: int


def wanted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare what is to be done, and give the function `how`."""

    @click.option("--restart", is_flag=True, help="throw away what an interrupted rebuild has built")
    @click.option("--compare/--no-compare", default=True, help="compare with the live views, or do not")
    @click.option(
        "--switch/--no-switch",
        default=True,
        help="switch, or build and compare only; exit code 1: they differ",
    )
    @click.option("--drop-old", is_flag=True, help="remove the version that was live, after the switch")
    @click.option(
        "--partial", is_flag=True, help="go on although the log has lost its beginning, and old jobs with it"
    )
    @click.option(
        "--generation",
        type=COUNT,
        default=GENERATION,
        show_default=True,
        help="events gathered before a job is written; more: fewer are written twice",
    )
    @limited("different jobs")
    @functools.wraps(function)
    def given(*first: Any, **options: Any) -> Any:
        how = Wanted(**{name: options.pop(name) for name in Wanted.__struct_fields__})
        return function(*first, how=how, **options)

    return given


class Rebuilt(Struct, frozen=True, kw_only=True):
    """The result of a rebuild, or of a dry run: the live version, the new one, and their differences."""

    old: str
    new: str
    dry_run: bool = False
    findings: Findings | None = None
    switched: bool = False
    dropped: bool = False


@subcommand(
    examples=[
        "tonearm replay rebuild",
        "tonearm replay rebuild --yes",
        "tonearm replay rebuild --yes --no-switch",
    ],
    exits={Exit.DIFFERENT: "with --no-switch: they differ"},
    output=Rebuilt,
    writes=True,
)
@wanted
@click.option("--yes", is_flag=True, help="do it; without this, only say what would be done")
@printing
async def rebuild(servers: Servers, how: Wanted, yes: bool, out: Printer) -> Exit:
    """Build the job views anew from the log, beside the live ones, then switch to them.

    It reads the log and writes the next version's collection, nothing else: no work is done again, no mail is
    sent. Killed at any moment, it goes on when it is run again. Differences from the live views are shown and
    do not keep it from switching: they are what a rebuild is for.
    """
    url = servers.need("stream_url")
    async with servers.database() as database:
        if not yes:
            plan = await _plan(how, database, Log(url, say), out)
            planned = Rebuilt(old=plan.old.name, new=plan.new.name, dry_run=True)
            out.line(msgspec.json.encode(planned), "dry run: nothing was done; --yes does it")
            return Exit.OK
        async with _alone(database) as (lease, lost), all_keys(servers) as keys:
            log = Log(url, say, keys)
            return await _unless(lost, _rebuild(how, database, log, lease, out))


class Plan(NamedTuple):
    """The live version, the version to build with its checkpoint, and the bounds of the log."""

    old: Version
    new: Version
    checkpoint: Checkpoint | None
    ends: Bounds


async def _plan(how: Wanted, database: AsyncDatabase[Any], log: Log, out: Printer) -> Plan:
    """Print what would be done as things stand; only with the lease do they stay so. Raises Refused."""
    old = await live(database)
    new = Version(database, old.number + 1)
    checkpoint, ends, was = await new.checkpoint(), await log.ends(), await old.checkpoint()
    out.beside(f"log: offsets {ends.first} to {ends.last}" if ends else "log: empty")
    out.beside(
        f"live: {old.name}, {await old.count():,} jobs, "
        + (f"at offset {was.offset}" if was else "nothing yet")
    )
    if checkpoint and not how.restart:
        out.beside(f"build: {new.name}, going on after offset {checkpoint.offset} (--restart begins anew)")
    else:
        out.beside(f"build: {new.name}, from the beginning")
    if how.switch:
        out.beside(
            f"then: switch from {old.name} to {new.name}" + (f", drop {old.name}" if how.drop_old else "")
        )
    if ends is None:
        raise Refused("the log is empty: there is nothing to build from")
    if ends.first > 0 and not how.partial:
        raise RetentionGap(
            f"the log begins at offset {ends.first}: jobs from before would be lost. --partial goes on"
        )
    return Plan(old, new, checkpoint, ends)


@contextlib.asynccontextmanager
async def _alone(database: AsyncDatabase[Any]) -> AsyncIterator[tuple[Lease, asyncio.Event]]:
    """Hold the lease of rebuilds; the event is set when it is lost. A killed one's expires while we wait.

    Raises Refused.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}"
    async with contextlib.AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(LEASE_SECONDS * 2):
                lease = Lease(database, "rebuild", holder, LEASE_SECONDS)
                lost = await stack.enter_async_context(lease.held())
        except TimeoutError:
            raise Refused("another rebuild is at work") from None
        yield lease, lost


async def _unless(lost: asyncio.Event, work: Coroutine[Any, Any, Exit]) -> Exit:
    """Do the work, and stop it where it is when the lease is lost. Raises LeaseLost."""
    working, losing = asyncio.create_task(work), asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        raise LeaseLost(_LOST)
    finally:
        working.cancel()
        losing.cancel()
        await asyncio.gather(working, losing, return_exceptions=True)


async def _rebuild(how: Wanted, database: AsyncDatabase[Any], log: Log, lease: Lease, out: Printer) -> Exit:
    old, new, checkpoint, ends = await _plan(how, database, log, out)
    if how.restart:
        await new.drop()
        checkpoint = None
    check(new, checkpoint, ends)
    if checkpoint is not None:  # what was killed may have written views that it has not counted
        checkpoint = structs.replace(checkpoint, jobs=None)
    builder = Builder(new, checkpoint, how.generation)
    await builder.prepare()
    await builder.build(log, ends)
    done = Rebuilt(old=old.name, new=new.name, findings=await _compared(how, old, new, out))
    if how.switch:
        # A long comparison leaves the new version behind: its readers must not go back in time.
        if (now := await log.ends()) is not None:
            await builder.build(log, now)
        if not await lease.take():  # lost since it was renewed last, and nobody has noticed yet
            raise LeaseLost(_LOST)
        await _switch(database, old, new)
        out.beside(f"switched: {new.name} is live")
        if how.drop_old:
            await _drop(database, old)
            out.beside(f"dropped: {old.name}")
        done = structs.replace(done, switched=True, dropped=how.drop_old)
    out.one(msgspec.json.encode(done), lambda: None)
    return Exit.OK if how.switch or done.findings is None else done.findings.exit


async def _compared(how: Wanted, old: Version, new: Version, out: Printer) -> Findings | None:
    """Compare, and show people what differs."""
    if not how.compare:
        return None
    say(f"comparing {old.name} with {new.name}")
    findings = await compare(old, new)
    if out.for_people:
        findings.show(out, how.limit)
    return findings


async def _switch(database: AsyncDatabase[Any], old: Version, new: Version) -> None:
    if not await JobViews(database).switch(old.number, new.number):
        raise Refused(
            f"{old.name} is not live any more: somebody else has switched; {new.name} stays as it is"
        )


async def _drop(database: AsyncDatabase[Any], old: Version) -> None:
    await asyncio.sleep(READERS_SEE_A_SWITCH)
    if await JobViews(database).live_number() == old.number:
        raise Refused(f"{old.name} is live again: it is not dropped")
    await old.drop()
