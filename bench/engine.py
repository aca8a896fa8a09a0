"""`engine`: the converter without servers, over bare `ffmpeg -q:a 2`, on twenty files that differ.

Each ratio is made within one turn, file after file: ours, then bare. MoviePy is measured where it is
installed (`uv pip install moviepy==2.2.1` into the environment); it is no dependency of ours.
"""

import asyncio
import importlib.util
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal

from bench import pinned, soundtracks
from bench.filewise import Ours, bare
from bench.measure import BenchFailed, Options, Say, cores
from bench.stack import private_directory
from bench.table import Row, Trial, rows_of
from events.ids import new_id
from events.options import Format
from events.options import Options as Wishes
from workers.converter.ffmpeg.engine import find_engine

LONG = 600.0
CLIPS = {1.0: 40, 5.0: 20}
_MOVIEPY = (
    "import sys, time; from moviepy import VideoFileClip\n"
    "begin = time.perf_counter()\n"
    "clip = VideoFileClip(sys.argv[1]); clip.audio.write_audiofile(sys.argv[2], logger=None)\n"
    "print(time.perf_counter() - begin)"
)
_BARE = "bare ffmpeg -q:a 2"


async def measure(options: Options, say: Say) -> list[Row]:
    """Make the files, then go through them as often as asked."""
    async with private_directory() as directory:
        say("engine: making the files")
        files = await asyncio.to_thread(soundtracks.make, directory, options.scale)
        long = await asyncio.to_thread(soundtracks.music, directory, max(LONG * options.scale, 10))
        clips = {seconds: await asyncio.to_thread(soundtracks.music, directory, seconds) for seconds in CLIPS}
        if not pinned.POSSIBLE:
            say("engine: clips on one core are left out, as this system pins no process to one")
        ours = Ours(await find_engine(), directory)
        found: list[Row] = []
        for turn in range(options.repetitions):
            say(f"engine {turn + 1} of {options.repetitions}")
            found += [await _all(ours, files), await _one(ours, long), await _copied(ours, long)]
            if pinned.POSSIBLE:
                found += [
                    await _clips(clip, seconds, options.scaled(CLIPS[seconds], 2))
                    for seconds, clip in clips.items()
                ]
            found.append(await _queue(ours, long, options.scaled(8, 2)))
            if importlib.util.find_spec("moviepy"):
                found += [await _moviepy(ours, long, "10 min"), await _moviepy(ours, clips[1.0], "1 s clip")]
        return rows_of(found)


async def _all(ours: Ours, files: Sequence[Path]) -> Row:
    trial = Trial(0.0, 0.0)
    for path in files:
        trial = Trial(trial.value + await ours.convert(path), trial.reference + await bare(path))
    return _row(f"{len(files)} varied files, one after the other", "s", "less", _BARE, trial)


async def _one(ours: Ours, long: Path) -> Row:
    return _row(
        "10 min video, idle cores", "s", "less", _BARE, Trial(await ours.convert(long), await bare(long))
    )


async def _copied(ours: Ours, long: Path) -> Row:
    copied = await ours.convert(long, Wishes(format=Format.M4A))
    encoded = await ours.convert(long, Wishes(format=Format.M4A, copy=False))
    return _row("10 min of AAC into M4A, copied", "s", "less", "the same, encoded", Trial(copied, encoded))


async def _clips(clip: Path, seconds: float, count: int) -> Row:
    """Clips a second on one core, with whatever processes they take."""
    return _row(f"{seconds:g} s clips on one core", "clips/s", "more", _BARE, await pinned.clips(clip, count))


async def _queue(ours: Ours, long: Path, count: int) -> Row:
    """Seconds of sound a second, with a conversion on every core."""
    spent, reference = await _at_once(long, count, ours.convert), await _at_once(long, count, bare)
    length = soundtracks.seconds_of(long)
    trial = Trial(count * length / spent, count * length / reference)
    return _row(f"a queue of 10 min videos on {cores()} cores", "× real time", "more", _BARE, trial)


async def _at_once(path: Path, count: int, convert_one: Callable[[Path], Awaitable[float]]) -> float:
    room = asyncio.Semaphore(cores())

    async def one() -> None:
        async with room:
            await convert_one(path)

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(one())
    return time.perf_counter() - begin


async def _moviepy(ours: Ours, video: Path, name: str) -> Row:
    """Time it as a worker would run it that has long loaded it."""
    target = video.with_name(f"moviepy-{new_id()}.mp3")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _MOVIEPY, str(video), str(target)), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode != 0:
        raise BenchFailed("MoviePy could not convert the file")
    target.unlink()
    return _row(f"{name}, MoviePy's time", "s", "more", "ours", Trial(float(told), await ours.convert(video)))


def _row(name: str, unit: str, better: Literal["more", "less"], against: str, trial: Trial) -> Row:
    return Row(measure=f"engine: {name}", unit=unit, better=better, against=against, trials=(trial,))
