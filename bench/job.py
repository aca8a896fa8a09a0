"""`job`: from the first byte sent to the audio being there, over bare ffmpeg on the same local file."""

import asyncio
import time
from pathlib import Path

from bench import bare_ffmpeg, media
from bench.client import Client, Watch, signed_in
from bench.measure import BenchFailed, Options, Say
from bench.stack import private_directory, running_stack
from bench.table import Row, Trial, rows_of

SHORT, LONG = 10, 600
"""Seconds of sound."""
WITHIN = 1.0
"""Seconds after ffmpeg's own time in which the view of the short clip is to be final."""


async def measure(options: Options, say: Say) -> list[Row]:
    """Take turns: bare ffmpeg, a job. The first turn of each length is not counted."""
    found: list[Row] = []
    async with private_directory() as directory:
        say("job: making the videos")
        source = await asyncio.to_thread(media.source, directory)
        videos = {
            "10 s clip": await asyncio.to_thread(media.cut, source, SHORT),
            "10 min video": await asyncio.to_thread(media.cut, source, options.scaled(LONG, SHORT)),
        }
        async with (
            running_stack() as stack,
            signed_in(stack.environment) as client,
            client.watching() as watch,
        ):
            for name, video in videos.items():
                for turn in range(options.repetitions + 1):
                    bare = await bare_ffmpeg.convert(video)
                    seen, final = await _job(client, watch, video)
                    say(f"job {turn} of {options.repetitions}: {name} {final:.2f} s, bare {bare:.2f} s")
                    if turn > 0:
                        found += _rows(name, seen, final, bare)
                        if name == "10 s clip":
                            found.append(_later(name, final - bare))
    return rows_of(found)


async def _job(client: Client, watch: Watch, video: Path) -> tuple[float, float]:
    """Return the seconds to `job.converted` as a client sees it, and to the view that a client gets."""
    data = video.read_bytes()
    begin = time.perf_counter()
    job_id = await client.put(video.name, [data], len(data))
    seen = await watch.converted(job_id) - begin
    while (await client.job(job_id))["audio"] is None:
        if time.perf_counter() - begin > seen + 10:
            raise BenchFailed(f"job {job_id} was converted, and its view does not tell")
    return seen, time.perf_counter() - begin


def _rows(name: str, seen: float, final: float, bare: float) -> list[Row]:
    def row(what: str, seconds: float) -> Row:
        return Row(
            measure=f"{name}: {what}",
            unit="s",
            better="less",
            against="bare ffmpeg",
            trials=(Trial(seconds, bare),),
        )

    return [row("sent to job.converted seen", seen), row("sent to final view", final)]


def _later(name: str, seconds: float) -> Row:
    return Row(
        measure=f"{name}: final view later than bare ffmpeg",
        unit="s",
        better="less",
        against="the aim",
        trials=(Trial(seconds, WITHIN),),
    )
