"""`clips`: small jobs a minute from a full queue, over bare ffmpeg with as many processes as cores."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import bare_ffmpeg, media
from bench.client import signed_in
from bench.measure import Options, Say, cores
from bench.stack import private_directory, running_stack
from bench.table import Row, Trial

CLIPS, SECONDS = 60, 5.0


async def measure(options: Options, say: Say) -> list[Row]:
    """Queue all clips while the converters are held, let them go, and wait for the last `job.converted`."""
    count = options.scaled(CLIPS, 2)
    trials: list[Trial] = []
    async with private_directory() as directory:
        say("clips: making the clip")
        clip = media.cut(await asyncio.to_thread(media.source, directory), SECONDS)
        data = clip.read_bytes()
        async with (
            running_stack() as stack,
            signed_in(stack.environment) as client,
            client.watching() as watch,
        ):
            for turn in range(options.repetitions + 1):
                bare = await bare_ffmpeg.convert_all(clip, count, cores())
                with held(stack.pids("converter")):
                    jobs = [await client.put(f"{n}.mp4", [data], len(data)) for n in range(count)]
                    begin = time.perf_counter()
                ends = [await watch.converted(job_id) for job_id in jobs]
                spent = max(ends) - begin
                say(f"clips {turn} of {options.repetitions}: {count} in {spent:.1f} s, bare {bare:.1f} s")
                if turn > 0:  # the first turn warms everything up
                    trials.append(Trial(60 * count / spent, 60 * count / bare))
    return [
        Row(
            measure=f"{SECONDS:g} s clips from a full queue",
            unit="jobs/min",
            better="more",
            against=f"bare ffmpeg, {cores()} at once",
            trials=tuple(trials),
        )
    ]


@contextmanager
def held(pids: list[int]) -> Iterator[None]:
    """Stop the processes for the block, as Ctrl-Z does."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
