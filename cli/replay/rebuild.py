"""`rebuild`: build the job views anew from the log, beside the live ones, then switch to them.

Reads the log and writes the next version's collection, nothing else: no work is done again, no mail is
sent. Killed at any moment, it goes on from its checkpoint when it is run again. Differences from the live
views are shown and do not keep it from switching: they are what a rebuild is for. With --no-switch they
decide the exit code.
"""

import argparse
import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Coroutine
from typing import Any, NamedTuple

from msgspec import structs
from pymongo.asynchronous.database import AsyncDatabase

from cli.errors import Refused, WrongArgument
from cli.exits import Exit
from cli.log.keys import all_keys
from cli.log.log import Log
from cli.numbers import at_most
from cli.remarks import say
from cli.replay.views.build import Builder
from cli.replay.views.comparison import compare
from cli.replay.views.findings import SHOWN
from cli.replay.views.generations import GENERATION
from cli.replay.views.verification import check
from cli.replay.views.versions import Version, live
from cli.servers import Servers
from events.errors import LeaseLost, RetentionGap
from events.log.bounds import Bounds
from events.views.leases import Lease
from events.views.store import Checkpoint, JobViews

LEASE_SECONDS = 6.0
READERS_SEE_A_SWITCH = 3.0
"""Seconds after which nobody uses the old version any more (`views` caches the alias for one)."""
_LOST = "the lease of rebuilds was lost; what was built stays, another run goes on with it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--yes", action="store_true", help="do it; without this, only say what would be done")
    add("--restart", action="store_true", help="throw away what an interrupted rebuild has built")
    add("--no-compare", dest="compare", action="store_false", help="do not compare with the live views")
    add(
        "--no-switch",
        dest="switch",
        action="store_false",
        help="build and compare only; exit code 1: they differ",
    )
    add("--drop-old", action="store_true", help="remove the version that was live, after the switch")
    add(
        "--partial",
        action="store_true",
        help="go on although the log has lost its beginning, and old jobs with it",
    )
    add(
        *("--generation",),
        type=int,
        default=GENERATION,
        metavar="N",
        help=f"events gathered before a job is written ({GENERATION}); more: fewer are written twice",
    )
    add(
        "--limit",
        type=at_most,
        default=SHOWN,
        metavar="N",
        help=f"name at most N different jobs ({SHOWN})",
    )


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Plan, and with --yes build, compare and switch. Raises Refused, LogDamaged, Unavailable."""
    if arguments.generation < 1:
        raise WrongArgument("--generation takes a number from 1 up")
    url = servers.need("stream_url")
    async with servers.database() as database:
        if not arguments.yes:
            await _plan(arguments, database, Log(url, say))
            print("dry run: nothing was done; --yes does it")
            return Exit.OK
        async with _alone(database) as (lease, lost), all_keys(servers) as keys:
            log = Log(url, say, keys)
            return await _unless(lost, _rebuild(arguments, database, log, lease))


class Plan(NamedTuple):
    """The live version, the version to build with its checkpoint, and the bounds of the log."""

    old: Version
    new: Version
    checkpoint: Checkpoint | None
    ends: Bounds


async def _plan(arguments: argparse.Namespace, database: AsyncDatabase[Any], log: Log) -> Plan:
    """Print what would be done as things stand; only with the lease do they stay so. Raises Refused."""
    old = await live(database)
    new = Version(database, old.number + 1)
    checkpoint, ends, was = await new.checkpoint(), await log.ends(), await old.checkpoint()
    print(f"log: offsets {ends.first} to {ends.last}" if ends else "log: empty")
    print(
        f"live: {old.name}, {await old.count():,} jobs, "
        + (f"at offset {was.offset}" if was else "nothing yet")
    )
    if checkpoint and not arguments.restart:
        print(f"build: {new.name}, going on after offset {checkpoint.offset} (--restart begins anew)")
    else:
        print(f"build: {new.name}, from the beginning")
    if arguments.switch:
        print(
            f"then: switch from {old.name} to {new.name}"
            + (f", drop {old.name}" if arguments.drop_old else "")
        )
    if ends is None:
        raise Refused("the log is empty: there is nothing to build from")
    if ends.first > 0 and not arguments.partial:
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


async def _rebuild(
    arguments: argparse.Namespace, database: AsyncDatabase[Any], log: Log, lease: Lease
) -> Exit:
    old, new, checkpoint, ends = await _plan(arguments, database, log)
    if arguments.restart:
        await new.drop()
        checkpoint = None
    check(new, checkpoint, ends)
    if checkpoint is not None:  # what was killed may have written views that it has not counted
        checkpoint = structs.replace(checkpoint, jobs=None)
    builder = Builder(new, checkpoint, arguments.generation)
    await builder.prepare()
    await builder.build(log, ends)
    exit_ = Exit.OK
    if arguments.compare:
        say(f"comparing {old.name} with {new.name}")
        findings = await compare(old, new)
        findings.show(arguments.limit)
        exit_ = findings.exit
    if not arguments.switch:
        return exit_
    # A long comparison leaves the new version behind: its readers must not go back in time.
    if (now := await log.ends()) is not None:
        await builder.build(log, now)
    if not await lease.take():  # lost since it was renewed last, and nobody has noticed yet
        raise LeaseLost(_LOST)
    await _switch(database, old, new)
    if arguments.drop_old:
        await asyncio.sleep(READERS_SEE_A_SWITCH)
        if await JobViews(database).live_number() == old.number:
            raise Refused(f"{old.name} is live again: it is not dropped")
        await old.drop()
        print(f"dropped: {old.name}")
    return Exit.OK


async def _switch(database: AsyncDatabase[Any], old: Version, new: Version) -> None:
    if not await JobViews(database).switch(old.number, new.number):
        raise Refused(
            f"{old.name} is not live any more: somebody else has switched; {new.name} stays as it is"
        )
    print(f"switched: {new.name} is live")
