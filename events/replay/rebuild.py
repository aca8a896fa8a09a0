"""`rebuild`: build the job views anew from the log, beside the live ones, then switch to them.

Reads the log and writes the next version's collection, nothing else: no work is done again, no mail is
sent. Killed at any moment, it goes on from its checkpoint when it is run again (see `building`).
"""

import argparse
import asyncio
import contextlib
import os
import socket
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from events.errors import RetentionGap
from events.leases import Lease
from events.reader import Bounds
from events.replay.building import build
from events.replay.exits import Exit, Refused, WrongArgument
from events.replay.findings import NAMED
from events.replay.folding import GENERATION
from events.replay.log import Log
from events.replay.remarks import say
from events.replay.servers import Servers
from events.replay.stored import Version, live
from events.replay.verifying import check
from events.replay.versions import compare
from events.views import Checkpoint, JobViews

SUMMARY = "build the job views anew beside the live ones, compare, switch"
LEASE_SECONDS = 6.0
READERS_SEE_A_SWITCH = 3.0
"""Seconds after which nobody uses the old version any more (`views` caches the alias for one)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--yes", action="store_true", help="do it; without this, only say what would be done")
    add("--restart", action="store_true", help="throw away what an interrupted rebuild has built")
    add("--no-compare", dest="compare", action="store_false", help="do not compare with the live views")
    add("--no-switch", dest="switch", action="store_false", help="build and compare only")
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
    add("--limit", type=int, default=NAMED, metavar="N", help=f"name at most N different jobs ({NAMED})")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Plan, and with --yes build, compare and switch. Raises Refused, LogDamaged, Unavailable."""
    if arguments.generation < 1:
        raise WrongArgument("--generation takes a number from 1 up")
    log = Log(servers.need("stream_url"), say)
    async with servers.database() as database:
        old = await live(database)
        new = Version(database, old.number + 1)
        checkpoint, ends = await new.checkpoint(), await log.ends()
        await _plan(arguments, old, new, checkpoint, ends)
        if ends is None:
            raise Refused("the log is empty: there is nothing to build from")
        if ends.first > 0 and not arguments.partial:
            raise RetentionGap(
                f"the log begins at offset {ends.first}: jobs from before would be lost. --partial goes on"
            )
        if not arguments.yes:
            print("dry run: nothing was done; --yes does it")
            return Exit.OK
        async with _alone(database):
            if arguments.restart:
                await new.drop()
                checkpoint = None
            check(new, checkpoint, ends)
            await build(log, new, checkpoint, ends, arguments.generation)
            return await _finish(arguments, database, old, new)


async def _plan(
    arguments: argparse.Namespace,
    old: Version,
    new: Version,
    checkpoint: Checkpoint | None,
    ends: Bounds | None,
) -> None:
    was = await old.checkpoint()
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


@contextlib.asynccontextmanager
async def _alone(database: AsyncDatabase[Any]) -> Any:
    """Hold the lease of rebuilds. A killed one's expires while we wait. Raises Refused."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    async with contextlib.AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(LEASE_SECONDS * 2):
                await stack.enter_async_context(Lease(database, "rebuild", holder, LEASE_SECONDS).held())
        except TimeoutError:
            raise Refused("another rebuild is at work") from None
        yield


async def _finish(
    arguments: argparse.Namespace, database: AsyncDatabase[Any], old: Version, new: Version
) -> Exit:
    if arguments.compare:
        say(f"comparing {old.name} with {new.name}")
        (await compare(old, new)).show(arguments.limit)
    if not arguments.switch:
        return Exit.OK
    if not await JobViews(database).switch(old.number, new.number):
        raise Refused(
            f"{old.name} is not live any more: somebody else has switched; {new.name} stays as it is"
        )
    print(f"switched: {new.name} is live")
    if arguments.drop_old:
        await asyncio.sleep(READERS_SEE_A_SWITCH)
        await old.drop()
        print(f"dropped: {old.name}")
    return Exit.OK
