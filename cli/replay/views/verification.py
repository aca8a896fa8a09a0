"""Folding the log again to compare it with the stored views, exactly, with a projector at work.

Nobody has to stop the projector. Every stored view holds the offset it has seen, and it must be exactly the
fold of its job's events up to there. So:

1. Read the checkpoint C. Views are written before their checkpoint moves, so all that the log holds up to
   C is in the views from now on.
2. Fold the log up to C and scan the stored views, both at once.
3. A view that has seen no more than C must equal the fold. One that has seen more was moved after step 1:
   its fold is carried on, by its own job's events, exactly to where the stored view had come when it was
   read. The tail is read once for that, since no view has seen more than the log holds.
"""

import asyncio
import contextlib

import msgspec

from cli.log.log import Log
from cli.replay.views.differences import differs, digest, laid_out, packed
from cli.replay.views.findings import Findings
from cli.replay.views.generations import Generations, Settled
from cli.replay.views.scan import Fingerprint, part_of, scan
from cli.replay.views.versions import Version
from cli.streams.remarks import Meter, say
from events.envelope import Recorded, decode
from events.errors import CheckpointBeyondEnd, CheckpointMismatch, InvalidEvent, RetentionGap
from events.log.bounds import Bounds
from events.log.stream import First, FromOffset, RawRecord
from events.payload import Aggregate
from events.projections.job_view import JobView
from events.projections.jobs import evolve
from events.views.projector import identity
from events.views.store import Checkpoint

JOB_BYTES = 2600
"""Memory a job takes while it is verified: the folded view as JSON (1.6 kB for five events), its id, and the
digest of the stored one."""
BUDGET = 2**30
EVENTS_A_JOB = 5

unpacked = msgspec.json.Decoder(JobView).decode


def check(version: Version, checkpoint: Checkpoint | None, ends: Bounds | None) -> None:
    """Raise LogDamaged when this log cannot be the one that the views were made from."""
    if checkpoint is None:
        return
    if ends is None or checkpoint.offset > ends.last:
        where = f"ends at {ends.last}" if ends else "is empty"
        raise CheckpointBeyondEnd(
            f"{version.name} has come to offset {checkpoint.offset}, but the log {where}"
        )
    if checkpoint.offset < ends.first:
        raise RetentionGap(
            f"{version.name} has come to offset {checkpoint.offset}, but the log begins at {ends.first} only"
        )


class Verifier:
    """Compares one version with the log, a part of the jobs at a time, and adds to `findings`."""

    def __init__(
        self,
        log: Log,
        version: Version,
        checkpoint: Checkpoint | None,
        ends: Bounds | None,
        findings: Findings,
    ) -> None:
        self._log, self._version, self._checkpoint, self._findings = log, version, checkpoint, findings
        self._first = ends.first if ends else 0
        self._upto = checkpoint.offset if checkpoint else -1

    def partitions(self) -> int:
        """Return how many parts keep the memory within the budget, by the offsets."""
        return 1 + (self._upto - self._first) * JOB_BYTES // EVENTS_A_JOB // BUDGET

    async def verify(self, part: int, parts: int) -> None:
        """Compare the jobs of one part."""

        def mine(job_id: str) -> bool:
            return part_of(job_id, parts) == part

        title = "verify" if parts == 1 else f"verify {part + 1}/{parts}"
        scanning = asyncio.create_task(scan(self._version.name, part, parts))
        try:
            with Meter(title, self._upto - self._first) as meter:
                held = await self._fold(Generations(mine if parts > 1 else None), meter)
            stored = await scanning
        finally:
            scanning.cancel()
        await self._compare(held, stored)

    async def _fold(self, generations: Generations, meter: Meter) -> dict[str, bytes]:
        """Fold the log up to the checkpoint. The views are held packed."""
        held: dict[str, bytes] = {}
        if self._checkpoint is None:
            return held
        last: RawRecord | None = None
        async with contextlib.aclosing(self._log.read(First(), self._upto)) as batches:
            async for batch in batches:
                if settled := generations.add(batch):
                    hold(held, settled, generations)
                last = batch[-1]
                meter.at(batch[-1].offset - self._first, len(batch))
        for _ in range(2):
            if settled := generations.turn():
                hold(held, settled, generations)
        if last is None or (last.offset, identity(last.body)) != (self._upto, self._checkpoint.event_id):
            raise CheckpointMismatch(f"another event stands at offset {self._upto}: the log was replaced")
        if generations.invalid:
            say(
                f"{generations.invalid} events are none, or their data does not fit; projectors skip them too"
            )
        return held

    async def _compare(self, held: dict[str, bytes], stored: dict[str, Fingerprint]) -> None:
        findings, later, suspects = self._findings, {}, []
        for job_id, is_ in stored.items():
            if 0 <= is_.begins < self._first:
                findings.cut += 1
                held.pop(job_id, None)
            elif is_.seen > self._upto:
                later[job_id] = is_
            elif job_id not in held:
                findings.extra.append(job_id)
            elif digest(held[job_id]) == is_.digest:
                findings.equal += 1
            else:
                suspects.append(job_id)
        for job_id in held.keys() - stored.keys():
            if await self._version.document(job_id) is None:  # a scan may pass over what is being rewritten
                findings.missing.append(job_id)
        for job_id in suspects:
            await self._name(job_id, unpacked(held[job_id]), stored[job_id])
        if later:
            await self._compare_later(later, {job: unpacked(held[job]) for job in later if job in held})

    async def _compare_later(self, later: dict[str, Fingerprint], views: dict[str, JobView]) -> None:
        """Carry the folds on, each to where its stored view had come."""
        ends = await self._log.ends()
        end = min(max(is_.seen for is_ in later.values()), ends.last if ends else -1)
        async with contextlib.aclosing(self._log.read(FromOffset(self._upto + 1), end)) as batches:
            async for batch in batches:
                for record in batch:
                    with contextlib.suppress(InvalidEvent):
                        event = decode(record.body)
                        is_ = later.get(event.subject)
                        if is_ is not None and record.offset <= is_.seen and event.aggregate is Aggregate.JOB:
                            view = evolve(views.get(event.subject), Recorded(record.offset, event))
                            if view is not None:
                                views[event.subject] = view
        for job_id, is_ in later.items():
            view = views.get(job_id)
            if view is None:
                self._findings.extra.append(job_id)
            elif digest(packed(view)) == is_.digest:
                self._findings.equal += 1
            else:
                await self._name(job_id, view, is_)

    async def _name(self, job_id: str, view: JobView, was: Fingerprint) -> None:
        """Find out in which fields a job differs. Only the order of its fields is no difference."""
        now = await self._version.document(job_id)
        found = differs(view, now)
        if not found:
            self._findings.equal += 1
            return
        moved_on = was.seen >= 0 and (laid_out(now) if now else {}).get("seen") != was.seen
        self._findings.different[job_id] = [] if moved_on else found  # its fields of by now prove nothing


def hold(held: dict[str, bytes], settled: Settled, generations: Generations) -> None:
    """Fold what has settled onto the views that are held."""
    for job_id, events in settled.jobs.items():
        before = held.get(job_id)
        view = generations.fold(events, unpacked(before) if before else None)
        if view is not None:
            held[job_id] = packed(view)
