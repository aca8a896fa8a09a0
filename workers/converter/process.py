"""Runs the program in its cage: own session, empty environment, limits, a clock that kills the group.

Standard error and the progress pipe are drained all the time: a program that talks a lot would wait for
us otherwise, for ever. Whatever happens here, also cancellation, no process is left behind.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from io import FileIO

from msgspec import Struct

from workers.converter import launcher
from workers.converter.command import Limits, arguments
from workers.converter.engine import Engine
from workers.converter.errors import EngineFailed
from workers.converter.transcript import Heard, Mark, ProgressReader, Transcript

_PIECE = 64 * 1024

OnProgress = Callable[[Mark, float | None], Awaitable[None]]
"""Is told how far it is, and the container's length in seconds."""


class Run(Struct, frozen=True):
    """How it went. See `diagnosis.Ended`."""

    exit_code: int
    overtime: bool
    heard: Heard
    seconds: float


async def run(engine: Engine, video: FileIO, mp3: FileIO, limits: Limits, tell: OnProgress) -> Run:
    """Convert one seekable file into another. Raises EngineFailed when it cannot be started."""
    transcript, progress = Transcript(), ProgressReader()
    with _pipe() as (words, words_in), _pipe() as (numbers, numbers_in):
        try:
            process = await _start(engine, video, mp3, limits, words_in, numbers_in)
        except OSError as error:
            raise EngineFailed(f"cannot start ffmpeg: {error.strerror}") from error
        finally:
            words_in.close()
            numbers_in.close()
        overtime = False
        try:
            async with asyncio.timeout(limits.wall_seconds), asyncio.TaskGroup() as pumps:
                pumps.create_task(_listen(words, transcript))
                pumps.create_task(_follow(numbers, progress, transcript, tell))
                await process.wait()
                # What it left behind may hold the pipes open. At once, as nobody else can have its id yet.
                _kill_group(process)
        except TimeoutError:
            overtime = True
        finally:
            if process.returncode is None:
                _kill_group(process)
                await process.wait()  # after SIGKILL a matter of milliseconds
    assert process.returncode is not None  # noqa: S101 - it was waited for
    return Run(process.returncode, overtime, transcript.heard(), progress.seconds)


@contextmanager
def _pipe() -> Iterator[tuple[FileIO, FileIO]]:
    """Both ends of a pipe of ours. With one of asyncio's, `wait` would wait for its end too."""
    reading, writing = os.pipe()
    with FileIO(reading, "r") as outlet, FileIO(writing, "w") as inlet:
        yield outlet, inlet


async def _start(
    engine: Engine, video: FileIO, mp3: FileIO, limits: Limits, words: FileIO, numbers: FileIO
) -> asyncio.subprocess.Process:
    caps = {
        "as": limits.memory_bytes,
        "cpu": limits.cpu_seconds,
        "fsize": limits.file_bytes,
        "nofile": limits.open_files,
        "core": 0,
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", launcher.__file__, str(os.getpid())),
        ",".join(f"{name}={value}" for name, value in caps.items()),
        *(engine.path, *arguments(limits, numbers.fileno())),
        stdin=video,
        stdout=mp3,
        stderr=words,
        pass_fds=(numbers.fileno(),),
        start_new_session=True,
        env={},
    )


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


def _kill_group(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
