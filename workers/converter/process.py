"""Runs the program in its cage: own session, empty environment, limits, a clock that kills the group.

Standard error and the progress pipe are drained all the time: a program that talks a lot would wait for
us otherwise, for ever. Whatever happens here, also cancellation, no process is left behind.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
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
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        try:
            process = await _start(engine, video, mp3, limits, writing)
        except OSError as error:
            raise EngineFailed(f"cannot start ffmpeg: {error.strerror}") from error
        finally:
            os.close(writing)
        overtime = False
        try:
            async with asyncio.timeout(limits.wall_seconds), asyncio.TaskGroup() as pumps:
                pumps.create_task(_listen(process, transcript))
                pumps.create_task(_follow(pipe, progress, transcript, tell))
                await process.wait()
        except TimeoutError:
            overtime = True
        finally:
            await _kill(process)
    assert process.returncode is not None  # noqa: S101 - it was waited for
    return Run(process.returncode, overtime, transcript.heard(), progress.seconds)


async def _start(
    engine: Engine, video: FileIO, mp3: FileIO, limits: Limits, progress_fd: int
) -> asyncio.subprocess.Process:
    caps = {
        "as": limits.memory_bytes,
        "cpu": limits.cpu_seconds,
        "fsize": limits.file_bytes,
        "nofile": limits.open_files,
        "core": 0,
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", launcher.__file__),
        ",".join(f"{name}={value}" for name, value in caps.items()),
        *(engine.path, *arguments(limits, progress_fd)),
        stdin=video,
        stdout=mp3,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(progress_fd,),
        start_new_session=True,
        env={},
    )


async def _listen(process: asyncio.subprocess.Process, transcript: Transcript) -> None:
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    while data := await process.stderr.read(_PIECE):
        transcript.feed(data)


async def _follow(pipe: FileIO, progress: ProgressReader, transcript: Transcript, tell: OnProgress) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        while data := await reader.read(_PIECE):
            for mark in progress.feed(data):
                await tell(mark, transcript.length)
    finally:
        transport.close()


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group and wait for its end, which after SIGKILL is a matter of milliseconds."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
