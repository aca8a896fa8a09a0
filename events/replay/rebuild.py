"""`rebuild`: build the job views anew from the log, beside the live ones, then switch to them.

Reads the log and writes the next version's collection, nothing else: no work is done again, no mail is
sent. Killed at any moment, it goes on from its checkpoint when it is run again:

- The checkpoint moves to the end of a generation only after every job handed out up to there is written.
- What was written beyond it is met again: the insert is refused, the stored view is loaded, the events are
  folded onto it (those it has change nothing), and written guarded by the offset it has seen.

So a job is written once, by a plain insert, unless it goes on after it had settled.
"""

import argparse
import asyncio
import contextlib
import os
import socket
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded
from events.errors import RetentionGap
from events.leases import Lease
from events.projector import after, identity
from events.reader import Bounds
from events.replay.exits import Exit, Refused
from events.replay.findings import NAMED
from events.replay.folding import Settled, Window
from events.replay.log import Log
from events.replay.remarks import Meter, say
from events.replay.servers import Servers
from events.replay.stored import Version, live
from events.replay.verify import check
from events.replay.versions import compare
from events.views import Checkpoint, JobViews

SUMMARY = "build the job views anew beside the live ones, compare, switch"
LEASE_SECONDS = 6.0
CLOSE = 1000
"""Events that may be left to the projector after the switch; with more, reading goes on first."""
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
    add("--limit", type=int, default=NAMED, metavar="N", help=f"name at most N different jobs ({NAMED})")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Plan, and with --yes build, compare and switch. Raises Refused, LogDamaged, Unavailable."""
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
            await build(log, new, checkpoint, ends)
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


async def build(log: Log, version: Version, checkpoint: Checkpoint | None, ends: Bounds) -> None:
    """Bring a version from its checkpoint to the end of the log, and close to it as long as that grows."""
    await version.prepare()
    begin = checkpoint.offset if checkpoint else ends.first
    while True:
        with Meter("rebuild", ends.last - begin) as meter:
            checkpoint = await _build(log, version, checkpoint, ends.last, meter, begin)
        newer = await log.ends()
        if newer is None or newer.last - ends.last <= CLOSE:
            return
        begin, ends = ends.last, newer


async def _build(
    log: Log, version: Version, checkpoint: Checkpoint | None, to: int, meter: Meter, begin: int
) -> Checkpoint | None:
    window, writer = Window(), _Writer(version, checkpoint)
    if checkpoint and checkpoint.offset >= to:
        return checkpoint
    try:
        async with contextlib.aclosing(log.read(after(checkpoint), to)) as batches:
            async for batch in batches:
                if settled := window.add(batch):
                    await writer.put(settled, window)
                meter.at(batch[-1].offset - begin, len(batch))
        for _ in range(2):
            if settled := window.turn():
                await writer.put(settled, window)
        await writer.done()
    finally:
        writer.cancel()
    if window.invalid:
        say(f"{window.invalid} events are none, or their data does not fit: skipped")
    return writer.checkpoint


class _Writer:
    """Writes behind: one handing-out is being written while the next is being gathered."""

    def __init__(self, version: Version, checkpoint: Checkpoint | None) -> None:
        self._version, self.checkpoint = version, checkpoint
        self._writing: asyncio.Task[None] | None = None

    async def put(self, settled: Settled, window: Window) -> None:
        """Begin to write; waits for what was being written."""
        await self.done()
        self._writing = asyncio.create_task(self._write(settled, window))

    async def done(self) -> None:
        """Wait until all is written and the checkpoint moved."""
        if self._writing is not None:
            await self._writing
            self._writing = None

    def cancel(self) -> None:
        """Stop. What is half written is met again by the next run."""
        if self._writing is not None:
            self._writing.cancel()

    async def _write(self, settled: Settled, window: Window) -> None:
        views = [view for events in settled.jobs.values() if (view := window.fold(events))]
        if refused := await self._version.insert(views):
            await self._go_on(refused, settled.jobs, window)
        checkpoint = Checkpoint(settled.upto.offset, identity(settled.upto.body))
        if not await self._version.move_checkpoint(self.checkpoint, checkpoint):
            raise Refused(f"another process builds {self._version.name}")
        self.checkpoint = checkpoint

    async def _go_on(self, job_ids: list[str], jobs: dict[str, list[Recorded]], window: Window) -> None:
        stored = await self._version.get_many(job_ids)
        views = [window.fold(jobs[job_id], stored.get(job_id)) for job_id in job_ids]
        await self._version.save(view for view in views if view)


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
