"""The reference of conversions: ffmpeg as the converter calls it, and nothing around it."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

from bench.measure import BenchFailed
from workers.converter.ffmpeg.arguments import Limits, arguments


async def convert(video: Path) -> float:
    """Convert a local file into a local file with the converter's own arguments; return the seconds."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with video.open("rb") as source, tempfile.TemporaryFile(dir=video.parent) as target:
            begin = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                *(imageio_ffmpeg.get_ffmpeg_exe(), *arguments(Limits(), nowhere)),
                stdin=source,
                stdout=target,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(nowhere,),
                env={},
            )
            code = await process.wait()
            seconds = time.perf_counter() - begin
    finally:
        os.close(nowhere)
    if code != 0:
        raise BenchFailed(f"bare ffmpeg ended with code {code}")
    return seconds


async def convert_all(video: Path, times: int, at_once: int) -> float:
    """Convert the same file so many times, so many at once; return the seconds for all."""
    room = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with room:
            await convert(video)

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(times):
            tasks.create_task(one())
    return time.perf_counter() - begin
