"""`memory`: the peak of what the gateway and a converter hold, over what they may."""

import asyncio
from pathlib import Path

from bench import media
from bench.blocks import BLOCK, MB, blocks
from bench.client import Client, signed_in
from bench.measure import BenchFailed, Options, Say
from bench.stack import Stack, private_directory, running_stack
from bench.table import Row, Trial
from bench.upload import Send

UPLOADS, UPLOAD, VIDEO = 8, 1000 * MB, 2000 * MB
LIMIT = 150.0
"""MB, of each process."""


async def measure(options: Options, say: Say) -> list[Row]:
    """Convert one big video, then take in many at once. Peaks last, so each has a stack of its own."""
    video_size, upload_size = options.scaled(VIDEO, 50 * MB), options.scaled(UPLOAD, BLOCK)
    async with private_directory() as directory:
        say(f"memory: making a video of {video_size / MB:.0f} MB")
        video = await asyncio.to_thread(lambda: media.big(media.source(directory), video_size))
        async with running_stack() as stack, signed_in(stack.environment) as client:
            say("memory: converting it")
            await _convert(client, video)
            converter = peak(stack, "converter")
            put = await _at_once(stack, client.put, "PUT", upload_size, say)
        async with running_stack() as stack, signed_in(stack.environment) as client:
            tus = await _at_once(stack, client.tus, "tus", upload_size, say)
    return [
        _row(f"gateway's peak, {UPLOADS} uploads of {upload_size / MB:,.0f} MB at once", put),
        _row("gateway's peak, the same by tus", tus),
        _row(f"a converter's peak, a video of {video_size / MB:,.0f} MB", converter),
    ]


async def _at_once(stack: Stack, send: Send, how: str, size: int, say: Say) -> float:
    """Return the gateway's peak after many uploads at once."""
    say(f"memory: {UPLOADS} uploads of {size / MB:.0f} MB at once, by {how}")
    data = blocks(size)
    await asyncio.gather(*(send(f"{n}.mp4", data, size) for n in range(UPLOADS)))
    return peak(stack, "gateway")


async def _convert(client: Client, video: Path) -> None:
    with video.open("rb") as file:
        pieces = iter(lambda: file.read(BLOCK), b"")
        async with client.watching() as watch:
            await watch.converted(await client.put(video.name, pieces, video.stat().st_size))


def peak(stack: Stack, component: str) -> float:
    """Return the most MB that any process of the component has held: VmHWM of proc(5)."""
    pids = stack.pids(component)
    try:
        return max(_high_water(Path(f"/proc/{pid}/status").read_text()) for pid in pids)
    except FileNotFoundError as error:
        raise BenchFailed("the peak of memory is read from /proc, which only Linux has") from error


def _high_water(status: str) -> float:
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / MB


def _row(name: str, megabytes: float) -> Row:
    return Row(measure=name, unit="MB", better="less", against="the limit", trials=(Trial(megabytes, LIMIT),))
