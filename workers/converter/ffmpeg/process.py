"""Runs ffmpeg in its cage, with a clock that has it killed.

Standard error and the progress pipe are drained all the time: a full pipe would stop ffmpeg for ever.
Whatever happens here, cancellation included, no process is left behind.
"""

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from io import FileIO

from msgspec import Struct, field

from events import tracing
from workers.converter.cage.cage import Keeper, keeper_of
from workers.converter.containers.insertion import overwrite
from workers.converter.containers.lead import Lead
from workers.converter.ffmpeg.arguments import Limits, arguments
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.messages import Findings, Mark, Messages, ProgressReader
from workers.converter.ffmpeg.meter import Levels
from workers.converter.ffmpeg.packets import PacketTimes
from workers.converter.ffmpeg.plan import DEFAULT, Plan
from workers.converter.ffmpeg.words import script

_PIECE = 64 * 1024

_CPU_AT_LEAST = 3.0
_CPU_PER_SECOND = 0.2
"""CPU seconds per second of sound: several times what the slowest decoder, filter and encoder take."""
_CPU_PER_BYTE = 20e-6
"""CPU seconds: more than telephone speech at 4.75 kbit/s takes, which has the most sound in a byte."""

OnProgress = Callable[[Mark, float | None], Awaitable[None]]
"""Takes the position, and the container's length in seconds if it is known."""


async def unwatched(mark: Mark, length: float | None) -> None:
    """Ignore the progress."""


class Invocation(Struct, frozen=True, kw_only=True):
    """One run of ffmpeg, from a source to a seekable target."""

    engine: Engine
    source: FileIO
    """A file, or the reading end of a pipe."""
    target: FileIO
    further: tuple[FileIO, ...] = ()
    """The targets of all tracks of subtitles behind the first."""
    plan: Plan = DEFAULT
    limits: Limits = Limits()
    on_progress: OnProgress = unwatched
    size: int | None = None
    """Bytes of the source, where that is a pipe."""
    lead: Lead | None = None
    """The junk before the source's sound."""


class Outcome(Struct, frozen=True):
    """The end of one run of ffmpeg; `diagnosis` finds out what it means."""

    exit_code: int
    overtime: bool
    findings: Findings
    seconds: float
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    """Of memory."""
    steady: bool = True
    """False for copied packets with a hole or a clock that goes back."""
    levels: Levels = field(default_factory=Levels)
    """Of a plan that is metered."""


async def run(invocation: Invocation, *, keeper: Keeper | None = None) -> Outcome:
    """Run ffmpeg to its end, by the keeper of its program unless another one is given.

    Raises EngineFailed when it cannot be started.
    """
    plan, limits = invocation.plan, invocation.limits
    messages, progress, times = Messages(), ProgressReader(), PacketTimes()
    levels = Levels(plan.window)
    keeper = keeper or keeper_of(invocation.engine.path)
    with (
        tracing.span("ffmpeg") as span,
        _pipe() as (words, words_in),
        _pipe() as (numbers, numbers_in),
        _script(plan) as script_files,
        _pipe() as (packets, packets_in),
        _pipe() as (meter, meter_in),
    ):
        try:
            files = [invocation.source, invocation.target, words_in, numbers_in, *script_files]
            files += invocation.further
            files += [packets_in] if plan.copied else []
            files += [meter_in] if plan.window else []
            size = _size(invocation.source) if invocation.size is None else invocation.size
            held = caps(limits, size, plan)
            caged = await keeper.start(
                arguments(limits, files.index(numbers_in), plan, invocation.lead), files, held
            )
        finally:
            words_in.close()
            numbers_in.close()
            packets_in.close()
            meter_in.close()
        with closing(caged):
            try:
                async with asyncio.timeout(limits.wall_seconds), asyncio.TaskGroup() as pumps:
                    pumps.create_task(_listen(words, messages))
                    pumps.create_task(_listen(packets, times))
                    pumps.create_task(_listen(meter, levels))
                    pumps.create_task(_follow(numbers, progress, messages, invocation.on_progress))
                    exit_code, overtime = await caged.wait(), False
            except TimeoutError:
                caged.kill()
                exit_code, overtime = await caged.wait(), True
            except BaseException:
                caged.kill()
                await caged.wait()  # a matter of milliseconds
                raise
        span.set("process.exit.code", exit_code)
    spent = (caged.cpu_seconds, caged.peak_bytes)
    return Outcome(exit_code, overtime, messages.findings(), progress.seconds, *spent, times.steady, levels)


def caps(limits: Limits, size: int | None, plan: Plan) -> dict[str, int]:
    """Return the kernel's limits for ffmpeg, for a source of so many bytes; None: the size is not known.

    The work is bounded by the expected length, or by the size if that allows more: 164 kB can hold a day of
    silence, whatever the header states.
    """
    work = max(_CPU_PER_BYTE * (size or 0), _CPU_PER_SECOND * (plan.expected_seconds or 0.0))
    cpu = limits.cpu_seconds if size is None else round(_CPU_AT_LEAST + work)
    return {
        # Each track of subtitles has three threads: a stack counts as data, and addresses are set aside.
        "as": limits.memory_bytes * (4 if plan.texts else 1),
        "data": limits.memory_bytes // (2 if plan.texts else 4),
        "cpu": min(limits.cpu_seconds, cpu),
        "fsize": limits.file_bytes,
        "nofile": limits.open_files,
        "core": 0,
    }


def _size(source: FileIO) -> int | None:
    status = os.fstat(source.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def _script(plan: Plan) -> Iterator[tuple[FileIO, ...]]:
    """Open a file of the words that ffmpeg writes into the result, for the block; none for no words."""
    if not (words := script(plan.format, plan.words)):
        yield ()
        return
    with tempfile.TemporaryFile(buffering=0) as file:
        overwrite(file, 0, words.encode())
        file.seek(0)
        yield (file,)


@contextmanager
def _pipe() -> Iterator[tuple[FileIO, FileIO]]:
    """Open both ends of a pipe for the block. With one of asyncio's, `wait` would wait for its end too."""
    reading, writing = os.pipe()
    with FileIO(reading, "r") as outlet, FileIO(writing, "w") as inlet:
        yield outlet, inlet


async def _listen(pipe: FileIO, messages: Messages | PacketTimes | Levels) -> None:
    async with aclosing(_pieces(pipe)) as pieces:
        async for data in pieces:
            messages.feed(data)


async def _follow(
    pipe: FileIO, progress: ProgressReader, messages: Messages, on_progress: OnProgress
) -> None:
    async with aclosing(_pieces(pipe)) as pieces:
        async for data in pieces:
            for mark in progress.feed(data):
                await on_progress(mark, messages.length)


async def _pieces(pipe: FileIO) -> AsyncGenerator[bytes, None]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        while data := await reader.read(_PIECE):
            yield data
    finally:
        transport.close()
