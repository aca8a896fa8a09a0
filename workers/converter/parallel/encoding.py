"""Encodes one long sound on all idle cores, with the very bytes that a lone encoder makes.

    source ─┬─► ffmpeg ─► frames 0, 1, 2 … ────────┐ ended where the next does the same
            └─► ffmpeg ─► … from the middle on ────┴─► one MP3

The first encoder is the lone one, and begins as if there were no other. Where others are of use, they begin
further on. Each encoder goes on until the next one is seen to write the same frames (see `splice`). Where
that never happens, or anything goes wrong, the first encoder makes the whole, in the time that it takes
alone. So nothing has to be undone, and the log cannot tell the one file from the other.

Each encoder decodes the source itself, from its beginning. That costs less than a tenth of encoding, and
needs neither memory nor disk for samples. It works for any source that can be read twice.
"""

import asyncio
import math
import os
import stat
import time
from asyncio import FIRST_COMPLETED
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

import structlog
from msgspec import Struct
from msgspec.structs import replace

from events.errors import TonearmError
from events.media import Media
from workers.converter.containers.mp3_frames import Frames, NotFrames
from workers.converter.containers.structure import Structure
from workers.converter.ffmpeg.messages import Mark
from workers.converter.ffmpeg.probe import look
from workers.converter.ffmpeg.process import Invocation, Outcome, run
from workers.converter.parallel import shares
from workers.converter.parallel.lanes import Lanes
from workers.converter.parallel.splice import Join, Piece, Pursuit, assemble
from workers.converter.threads import in_thread
from workers.converter.workshop import Workshop

log = structlog.get_logger()

PATIENCE = 0.1
_EVERY = 0.05
"""Seconds between two comparisons of the frames that were written."""


class Sharing(Struct, frozen=True):
    """The means to use more than one encoder."""

    lanes: Lanes
    shortest: float = shares.SHORTEST
    """Seconds; a shorter sound has one encoder."""
    patience: float = PATIENCE
    """Seconds that the first encoder works alone: a short sound is finished by then."""


async def encode(
    lone: Invocation, sharing: Sharing | None, workshop: Workshop, media: Media | None = None
) -> Outcome:
    """Do what `process.run` does with one encoder, with more encoders where they are of use.

    `media` is the source's content, if that is known. Raises EngineFailed, and DiskFull.
    """
    if sharing is None:
        return await run(lone)
    with sharing.lanes.taken():
        if not (shares.fits(lone.plan) and sharing.lanes.free() and _can_be_read_twice(lone.source)):
            return await run(lone)
        with ExitStack() as stack:
            encoding = _Encoding(lone, sharing, workshop, stack)
            try:
                return await encoding.run(media)
            finally:
                await encoding.end()


class _Encoder:
    """One encoder at work. Its first frame is number `first` of the whole, `begin` seconds from the start."""

    def __init__(self, file: FileIO, first: int = 0, begin: float = 0.0) -> None:
        self.first, self.begin, self.frames = first, begin, Frames(file)
        self.seconds = begin
        """Its position in the whole, in seconds."""
        self.pursuit: Pursuit | None = None
        self.follower: _Encoder | None = None
        """The encoder that may take over; after `join`, the one that has."""
        self.join: Join | None = None
        self.task: asyncio.Task[Outcome]

    def follow(self, other: "_Encoder") -> None:
        """Let another encoder take over, once it writes the same."""
        self.follower, self.pursuit = other, Pursuit(self.frames, other.frames, other.first)

    @property
    def at(self) -> int:
        """The frames of the whole up to here: its own, and all before its first."""
        return self.first + len(self.frames)

    @property
    def overtakes(self) -> bool:
        """True if it is further than the encoder that should take over."""
        ahead = self.follower
        while ahead is not None and ahead.join is not None:
            ahead = ahead.follower
        return ahead is not None and ahead.at < self.at and self.join is None

    def look(self) -> None:
        """Find out if the follower may take over. Raises NotFrames."""
        if self.pursuit is None or self.follower is None or self.join is not None:
            return
        if (join := self.pursuit.look()) is not None and not self.overtakes:
            self.join = join
        beyond = self.follower.join
        if self.join is None and beyond and self.pursuit.seen >= beyond.at and self.follower.follower:
            self.follow(self.follower.follower)

    async def end(self) -> None:
        """Kill it if it still runs."""
        self.task.cancel()
        await asyncio.wait([self.task])


class _Encoding:
    """One encoding under way."""

    def __init__(self, lone: Invocation, sharing: Sharing, workshop: Workshop, stack: ExitStack) -> None:
        self._lone, self._sharing, self._workshop, self._stack = lone, sharing, workshop, stack
        self._encoders: list[_Encoder] = []
        self._begun = time.monotonic()

    async def run(self, media: Media | None) -> Outcome:
        """Return the outcome, as if one encoder had done it."""
        lone = self._start(_Encoder(self._lone.target), self._lone)
        await asyncio.wait([lone.task], timeout=self._sharing.patience)
        try:
            if not lone.task.done() and await self._start_others(media):
                while not self._chain()[-1].task.done():
                    await self._watch()
            ran = await self._chain()[-1].task
            if lone.join is not None and not ran.overtime:
                _expect_success(ran)
                await in_thread(self._assemble)
            return ran
        except (TonearmError, OSError, ValueError, LookupError, ArithmeticError) as error:
            ours = isinstance(error, NotFrames | TonearmError)
            log.info("encoders_stopped", reason=str(error) if ours else type(error).__name__)
        await asyncio.gather(*(each.end() for each in self._encoders[1:]))
        return await (lone.task if lone.join is None else self._again())

    async def end(self) -> None:
        """Kill the encoders that still run."""
        await asyncio.gather(*(each.end() for each in self._encoders))

    def _start(self, encoder: _Encoder, invocation: Invocation) -> _Encoder:
        async def on_progress(mark: Mark, length: float | None) -> None:
            encoder.seconds = max(mark.seconds, encoder.seconds)
            await self._lone.on_progress(self._mark(), length)

        encoder.task = asyncio.create_task(run(replace(invocation, on_progress=on_progress)))
        self._encoders.append(encoder)
        return encoder

    async def _start_others(self, media: Media | None) -> bool:
        """Start as many further encoders as are of use. Return True if there are any."""
        lanes, lone = self._sharing.lanes, self._lone
        if media is None:
            media = await look(lone.engine, self._source(), lone.limits, Structure())
        free = lanes.free()
        longest = lone.limits.duration_seconds
        for start in shares.starts(lone.plan, media, 1 + free, self._sharing.shortest, longest):
            self._stack.enter_context(lanes.taken())
            _, file = self._stack.enter_context(self._workshop.bench())
            rate = shares.rate_in(lone.plan, media)
            encoder = _Encoder(file, start // shares.samples(rate), start / rate)
            self._encoders[-1].follow(encoder)
            plan = shares.later(lone.plan, start)
            self._start(encoder, replace(lone, source=self._source(), target=file, plan=plan))
        return len(self._encoders) > 1

    def _source(self) -> FileIO:
        """Open the source once more, with a position of its own."""
        return self._stack.enter_context(FileIO(_again_path(self._lone.source), "r"))

    async def _watch(self) -> None:
        """Wait a while, then end encoders that are not needed any more. Raises NotFrames if none helps."""
        running = [each for each in self._encoders if not each.task.done()]
        await asyncio.wait([each.task for each in running], timeout=_EVERY, return_when=FIRST_COMPLETED)
        for each in self._encoders[1:]:
            if each.join is None and each.task.done() and not each.task.result().overtime:
                _expect_success(each.task.result())
        for each in reversed(self._encoders):
            await in_thread(each.look)
            if each.join is not None and not each.task.done():
                await each.end()
        if self._encoders[0].overtakes:
            raise NotFrames("the first is faster")

    def _chain(self) -> list[_Encoder]:
        """Return the encoders that make the whole, one after the other, as far as that is known."""
        chain = [self._encoders[0]]
        while chain[-1].join is not None and chain[-1].follower is not None:
            chain.append(chain[-1].follower)
        return chain

    def _assemble(self) -> None:
        """Put their frames together. Raises NotFrames and OSError."""
        pieces, low, inverted, chain = [], 0, False, self._chain()
        chain[-1].frames.grow()
        for each in chain:
            high = each.join.at if each.join else each.at
            pieces.append(Piece(each.frames, low - each.first, high - each.first, inverted))
            low, inverted = high, inverted ^ (each.join is not None and each.join.inverted)
        assemble(self._lone.target, pieces)
        log.info("encoded_together", frames=[piece.last - piece.first for piece in pieces])

    def _mark(self) -> Mark:
        ends = [each.begin for each in self._encoders[1:]]
        done = sum(
            min(each.seconds, end) - each.begin
            for each, end in zip(self._encoders, [*ends, math.inf], strict=True)
        )
        return Mark(done, round(done / max(time.monotonic() - self._begun, 0.001), 3))

    async def _again(self) -> Outcome:
        """Encode again with one encoder, in the time that is left: the frames so far are of no use."""
        await self.end()
        self._lone.source.seek(0)
        self._lone.target.seek(0)
        self._lone.target.truncate()
        limits = self._lone.limits
        left = max(limits.wall_seconds - (time.monotonic() - self._begun), 0.0)
        return await run(replace(self._lone, limits=replace(limits, wall_seconds=left)))


def _expect_success(ran: Outcome) -> None:
    if ran.exit_code != 0:
        raise NotFrames("an encoder failed")


def _can_be_read_twice(source: FileIO) -> bool:
    return stat.S_ISREG(os.fstat(source.fileno()).st_mode) and _again_path(source).exists()


def _again_path(source: FileIO) -> Path:
    return Path(f"/proc/self/fd/{source.fileno()}")
