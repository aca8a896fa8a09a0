"""Runs the program in its cage, with a clock that has it killed.

Standard error and the progress pipe are drained all the time: a program that talks a lot would wait for
us otherwise, for ever. Whatever happens here, also cancellation, no process is left behind.
"""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from io import FileIO

from msgspec import Struct

from events import tracing
from workers.converter.cage.cage import Keeper, keeper_of
from workers.converter.ffmpeg.command import Limits, arguments
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.plan import DEFAULT, Plan
from workers.converter.ffmpeg.transcript import Heard, Mark, ProgressReader, Transcript

_PIECE = 64 * 1024

_CPU_AT_LEAST = 3.0
_CPU_PER_SECOND = 0.2
"""CPU seconds per second of sound: several times what the slowest decoder, filter and encoder take."""
_CPU_PER_BYTE = 20e-6
"""CPU seconds: more than telephone speech at 4.75 kbit/s takes, which holds the most sound in a byte."""

OnProgress = Callable[[Mark, float | None], Awaitable[None]]
"""Is told how far it is, and the container's length in seconds."""


class Run(Struct, frozen=True):
    """How it went. See `diagnosis.Ended`."""

    exit_code: int
    overtime: bool
    heard: Heard
    seconds: float
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    """Of memory."""


async def run(
    engine: Engine,
    video: FileIO,
    mp3: FileIO,
    limits: Limits,
    tell: OnProgress,
    plan: Plan = DEFAULT,
    *,
    size: int | None = None,
    keeper: Keeper | None = None,
) -> Run:
    """Convert a file, or what comes through a pipe, into a seekable file.

    `size`: the video's bytes, to be told of a pipe. The keeper is that of the engine's program, unless
    another one is given. Raises EngineFailed when it cannot be started.
    """
    transcript, progress = Transcript(), ProgressReader()
    keeper = keeper or keeper_of(engine.path)
    with (
        tracing.span("ffmpeg") as span,
        _pipe() as (words, words_in),
        _pipe() as (numbers, numbers_in),
    ):
        try:
            files = (video, mp3, words_in, numbers_in)
            held = caps(limits, _size(video) if size is None else size, plan)
            caged = await keeper.start(arguments(limits, files.index(numbers_in), plan), files, held)
        finally:
            words_in.close()
            numbers_in.close()
        with closing(caged):
            try:
                async with asyncio.timeout(limits.wall_seconds), asyncio.TaskGroup() as pumps:
                    pumps.create_task(_listen(words, transcript))
                    pumps.create_task(_follow(numbers, progress, transcript, tell))
                    exit_code, overtime = await caged.wait(), False
            except TimeoutError:
                caged.kill()
                exit_code, overtime = await caged.wait(), True
            except BaseException:
                caged.kill()
                await caged.wait()  # a matter of milliseconds; says again that nobody is there to tell
                raise
        span.set("process.exit.code", exit_code)
    spent = (caged.cpu_seconds, caged.peak_bytes)
    return Run(exit_code, overtime, transcript.heard(), progress.seconds, *spent)


def caps(limits: Limits, size: int | None, plan: Plan) -> dict[str, int]:
    """Return what the kernel shall hold ffmpeg to, for a source of so many bytes; None: nobody knows.

    The work that a file makes is bounded by how long it is to last, or by its size if that allows more:
    164 kB can hold a day of silence, whatever the header says.
    """
    work = max(_CPU_PER_BYTE * (size or 0), _CPU_PER_SECOND * (plan.expected_seconds or 0.0))
    cpu = limits.cpu_seconds if size is None else round(_CPU_AT_LEAST + work)
    return {
        "as": limits.memory_bytes,
        "data": limits.memory_bytes // 4,
        "cpu": min(limits.cpu_seconds, cpu),
        "fsize": limits.file_bytes,
        "nofile": limits.open_files,
        "core": 0,
    }


def _size(source: FileIO) -> int | None:
    status = os.fstat(source.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def _pipe() -> Iterator[tuple[FileIO, FileIO]]:
    """Both ends of a pipe of ours. With one of asyncio's, `wait` would wait for its end too."""
    reading, writing = os.pipe()
    with FileIO(reading, "r") as outlet, FileIO(writing, "w") as inlet:
        yield outlet, inlet


async def _listen(pipe: FileIO, transcript: Transcript) -> None:
    async with aclosing(_pieces(pipe)) as pieces:
        async for data in pieces:
            transcript.feed(data)


async def _follow(pipe: FileIO, progress: ProgressReader, transcript: Transcript, tell: OnProgress) -> None:
    async with aclosing(_pieces(pipe)) as pieces:
        async for data in pieces:
            for mark in progress.feed(data):
                await tell(mark, transcript.length)


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
