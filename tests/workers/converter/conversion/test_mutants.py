"""Files that chance has changed: each gets its audio or its verdict, and none does any harm.

`just fuzz-media 10000` makes and converts as many; here a few of them. What the converter itself reads may
take 10 s of its time and 300 MB of its memory, for any of them and for every bomb.
"""

import asyncio
import resource
import sys
import time
from collections import Counter
from io import FileIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from bombs import BOMBS
from media import caged, open_files
from mutants import Mutant, make_all, mutant

from events.media import MOST_BYTES, fitting, room_of
from events.options import Channels, Chapters, Cover, Format, Options
from workers.converter.containers import ebml
from workers.converter.containers.inspection import inspect
from workers.converter.containers.sample_table import needed_ranges
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.probe import probe
from workers.converter.source.input import Input
from workers.converter.workshop import Workshop

WISHES = (
    Options(),
    Options(),
    Options(partial=True, cover=Cover.KEEP),
    Options(format=Format.M4A, cover=Cover.FRAME),
    Options(format=Format.FLAC, channels=Channels.MONO, start=0.1),
    Options(format=Format.OPUS, loudness=-16, fade_out=0.1),
    Options(format=Format.OGG, trim_silence=True, shorten_pauses=0.2, speed=1.5),
    Options(format=Format.WAV, end=0.5),
    Options(chapters=Chapters.SPLIT, cover=Cover.KEEP),
)
LIMITS = Limits(wall_seconds=60)
SLOW = 30.0
"""Seconds on a busy machine: the kernel's limits of the processor's time come much sooner."""
OWN_SECONDS, OWN_BYTES = 10.0, 300 << 20
"""What the converter's own reading of a file may take: of its processor's time, and of its memory."""
LARGE = 60 << 20
"""Bytes of a bomb."""


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return make_all(tmp_path_factory.mktemp("whole"))


@pytest.fixture(params=[40, pytest.param(100, marks=pytest.mark.long)])
def wanted(request: pytest.FixtureRequest) -> tuple[int, int]:
    """How many mutants, and of which seed."""
    option = request.config.getoption
    return option("--mutants", None) or request.param, option("--seed", 1)


async def verdict_of(engine: Engine, workshop: Workshop, victim: Mutant, number: int) -> str:
    """Return what the converter says of it. Raises what would be an internal error."""
    with workshop.bench() as (source, target):
        source.write(victim.content)
        seconds = await asyncio.to_thread(read_alone, source, victim.content)
        assert seconds < OWN_SECONDS, f"{seconds:.0f} s to read it"
        try:
            media = await probe(engine, source, LIMITS)
            assert room_of(fitting(media)) <= MOST_BYTES
        except ConversionError:
            pass
        options = Random(number).choice(WISHES)  # noqa: S311 - to be had again
        try:
            await convert(Task(Equipment(engine, LIMITS), Input.of(source), target, options))
        except ConversionError as error:
            return error.code.value
        return "converted"


def read_alone(source: FileIO, content: bytes) -> float:
    """Read all that the converter itself reads of a file. Return the processor's time that it took."""
    begin = time.thread_time()
    inspect(source)
    needed_ranges(source, len(content), grain=512)
    if content[:4] == ebml.MAGIC:
        ebml.late(source, len(content))
    return time.thread_time() - begin


def own_peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.nightly
@pytest.mark.parametrize("name", BOMBS)
async def test_no_bomb_takes_the_converters_time_or_memory(
    engine: Engine, workshop: Workshop, name: str
) -> None:
    content, before = BOMBS[name](LARGE), own_peak()
    verdict = await verdict_of(engine, workshop, Mutant(name, content), 0)
    assert verdict != "converted"
    assert own_peak() - before < OWN_BYTES


async def test_no_mutated_file_does_any_harm(
    engine: Engine,
    workshop: Workshop,
    whole: dict[str, bytes],
    wanted: tuple[int, int],
    tmp_path: Path,
    capsys: Any,
) -> None:
    count, seed = wanted
    verdicts: Counter[str] = Counter()
    harmful: list[str] = []
    numbers = iter(range(count))
    await verdict_of(engine, workshop, Mutant("h264.mp4", whole["h264.mp4"]), 0)
    before = own_peak()

    async def work() -> None:
        for number in numbers:
            victim, begin = mutant(whole, seed, number), time.monotonic()
            try:
                verdict = await verdict_of(engine, workshop, victim, number)
            except Exception as error:
                harmful.append(f"{number} ({victim.name}): {type(error).__name__}: {error}")
                continue
            verdicts[verdict] += 1
            if time.monotonic() - begin > SLOW:
                harmful.append(f"{number} ({victim.name}): {verdict} after {time.monotonic() - begin:.0f} s")

    async with asyncio.TaskGroup() as workers:
        for _ in range(2):
            workers.create_task(work())
    with capsys.disabled():
        if count > 100:
            print(f"\n{count} mutants of seed {seed}: {dict(verdicts.most_common())}", *harmful, sep="\n")
    assert harmful == []
    assert own_peak() - before < OWN_BYTES
    assert sum(verdicts.values()) == count
    assert len(verdicts) > 3 or count < 40
    assert len(verdicts) > 4 or count < 100
    assert (caged(), open_files(tmp_path)) == (set(), [])
