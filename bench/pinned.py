"""Clips on one core: in a process of its own, which is pinned before it starts anything.

The converter has ffmpeg started by a fork server, which keeps to the cores it was started on: to pin the
process that measures everything else would pin nothing but bare ffmpeg.
"""

import asyncio
import os
import sys
from pathlib import Path

from bench.filewise import Ours, bare
from bench.measure import BenchFailed
from bench.table import Trial
from workers.converter.ffmpeg.engine import find_engine

POSSIBLE = hasattr(os, "sched_setaffinity")
"""Not on macOS, which pins no processes."""


async def clips(clip: Path, count: int) -> Trial:
    """Return how many clips a second one core converts, ours and bare. Raises BenchFailed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.pinned", str(clip), str(count)), stdout=asyncio.subprocess.PIPE
    )
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise BenchFailed(f"clips on one core: the process ended with code {process.returncode}")
    spent, reference = map(float, told.split())
    return Trial(count / spent, count / reference)


async def _measured(clip: Path, count: int) -> tuple[float, float]:
    ours = Ours(await find_engine(), clip.parent)
    await ours.convert(clip)  # starts the fork server
    await bare(clip)
    return sum([await ours.convert(clip) for _ in range(count)]), sum(
        [await bare(clip) for _ in range(count)]
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(*asyncio.run(_measured(Path(sys.argv[1]), int(sys.argv[2]))))
