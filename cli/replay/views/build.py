"""Building a version of the job views from the log, so that it can be killed at any moment.

- The checkpoint moves to the end of a generation only after every job handed out up to there is written.
- The next run meets again what was written beyond it. There the insert is refused, and the stored view is
  loaded. The events are folded onto it, and it is written, guarded by the offset it has seen.

So a job is written once, by a plain insert, unless it goes on after it had settled. Usage is summed up in
memory and written at the end; a run that goes on sums up what is stored first.

Two handings-out are written at a time, so that the database always has one to work on while the next is
read and folded here. What of the later one belongs to jobs of the earlier one waits for that.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Iterable, Set
from typing import NamedTuple

from msgspec import structs

from cli.errors import Refused
from cli.log.log import Log
from cli.replay.views.generations import Generations, Settled
from cli.replay.views.versions import Version
from cli.streams.remarks import Meter, say
from events.envelope import Recorded
from events.log.bounds import Bounds
from events.projections.job_view import JobView
from events.projections.usage import Step, Usage, moved
from events.views.projector import after, identity
from events.views.store import Checkpoint

CLOSE = 1000
"""Events that may be left to the projector; with more, reading goes on first."""


AT_ONCE = 2
"""Handings-out that are written at a time."""


class _Writing(NamedTuple):
    """A handing-out on its way into the database, and whose views are in it."""

    task: asyncio.Task[None]
    jobs: Set[str]


class Builder:
    """Reads, gathers, folds, and writes behind: two handings-out are written while the next is made."""

    def __init__(self, version: Version, checkpoint: Checkpoint | None, generation: int) -> None:
        self._version, self.checkpoint, self._generation = version, checkpoint, generation
        self._generations = Generations(generation=generation)
        self._writing: deque[_Writing] = deque()
        self._usages: dict[str, Usage] = {}
        # By state as stored, which is ahead of the checkpoint until all is written.
        self._counts = checkpoint is None or checkpoint.jobs is not None
        self._jobs = Counter(checkpoint.jobs or {}) if checkpoint else Counter[str]()

    async def prepare(self) -> None:
        """Make the version ready, and sum up what an earlier run has written."""
        await self._version.prepare()
        if self.checkpoint is not None:
            async for view in self._version.all():
                self._count([(None, view)])

    async def build(self, log: Log, ends: Bounds) -> None:
        """Bring the version to the end of the log, and close to it as long as that grows."""
        while True:
            await self._build(log, ends)
            newer = await log.ends()
            if newer is None or newer.last - ends.last <= CLOSE:
                break
            ends = newer
        await self._version.usage.save(self._usages)
        if self.checkpoint is not None:
            await self._move(structs.replace(self.checkpoint, usage=self.checkpoint.offset))

    async def _build(self, log: Log, ends: Bounds) -> None:
        """Build up to the end. Raises LogDamaged when the log is not the one that the checkpoint is from."""
        generations = self._generations = Generations(generation=self._generation)
        begin = self.checkpoint.offset if self.checkpoint else ends.first
        try:
            with Meter("rebuild", ends.last - begin) as meter:
                async with contextlib.aclosing(log.read(after(self.checkpoint), ends.last)) as batches:
                    async for batch in batches:
                        if settled := generations.add(batch):
                            await self._put(settled)
                        meter.at(batch[-1].offset - begin, len(batch))
                for _ in range(2):
                    if settled := generations.turn():
                        await self._put(settled)
                while self._writing:
                    await self._writing.popleft().task
        finally:
            for each in self._writing:
                each.task.cancel()
            await asyncio.gather(*(each.task for each in self._writing), return_exceptions=True)
        if generations.invalid:
            say(f"{generations.invalid} events are none, or their data does not fit: skipped")

    async def _put(self, settled: Settled) -> None:
        # Before waiting: the database has those before this one to write meanwhile.
        views = [view for events in settled.jobs.values() if (view := self._generations.fold(events))]
        if len(self._writing) == AT_ONCE:
            await self._writing[0].task
            self._writing.popleft()
        before = self._writing[-1] if self._writing else None
        task = asyncio.create_task(self._write(settled, views, before))
        self._writing.append(_Writing(task, settled.jobs.keys()))
        await asyncio.sleep(0)  # it is on its way before the next batch is decoded

    async def _write(self, settled: Settled, views: list[JobView], before: "_Writing | None") -> None:
        underway = before.jobs if before else frozenset[str]()
        later = await self._version.insert([view for view in views if view.job_id not in underway])
        if before is not None:
            await asyncio.shield(before.task)
        later += [view for view in views if view.job_id in underway]
        self._jobs.update(view.state.value for view in views)
        self._count((None, view) for view in views)
        if later:
            self._jobs.subtract(view.state.value for view in later)
            self._count((view, None) for view in later)
            await self._write_on([view.job_id for view in later], settled.jobs)
        jobs = dict(self._jobs) if self._counts else None
        await self._move(Checkpoint(settled.upto.offset, identity(settled.upto.body), jobs))

    async def _move(self, checkpoint: Checkpoint) -> None:
        if not await self._version.move_checkpoint(self.checkpoint, checkpoint):
            raise Refused(f"another process builds {self._version.name}")
        self.checkpoint = checkpoint

    def _count(self, steps: Iterable[Step]) -> None:
        self._usages |= moved(self._usages, steps)

    async def _write_on(self, job_ids: list[str], jobs: dict[str, list[Recorded]]) -> None:
        stored = await self._version.get_many(job_ids)
        folded = (self._generations.fold(jobs[job_id], stored.get(job_id)) for job_id in job_ids)
        views = [view for view in folded if view]
        self._jobs.update(view.state.value for view in views)
        self._jobs.subtract(view.state.value for view in stored.values())
        self._count((stored.get(view.job_id), view) for view in views)
        await self._version.save(views)
