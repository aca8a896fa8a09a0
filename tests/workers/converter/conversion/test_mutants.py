"""Files that chance has changed: each gets its audio or its verdict, and none does any harm.

`just fuzz-media 10000` makes and converts as many; here a few of them.
"""

import asyncio
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from media import caged, open_files
from mutants import Mutant, make_all, mutant

from events.media import MOST_BYTES, fitting
from events.options import Channels, Chapters, Cover, Format, Options
from workers.converter.containers import ebml
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
    Options(format=Format.OGG, trim_silence=True, speed=1.5),
    Options(format=Format.WAV, end=0.5),
    Options(chapters=Chapters.SPLIT, cover=Cover.KEEP),
)
LIMITS = Limits(wall_seconds=60)
SLOW = 30.0
"""Seconds on a busy machine: the kernel's limits of the processor's time come much sooner."""


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
        await asyncio.to_thread(needed_ranges, source, len(victim.content), grain=512)
        if victim.content[:4] == ebml.MAGIC:
            await asyncio.to_thread(ebml.late, source, len(victim.content))
        try:
            media = await probe(engine, source, LIMITS)
            assert len(msgspec.json.encode(fitting(media))) <= MOST_BYTES
        except ConversionError:
            pass
        options = Random(number).choice(WISHES)  # noqa: S311 - to be had again
        try:
            await convert(Task(Equipment(engine, LIMITS), Input.of(source), target, options))
        except ConversionError as error:
            return error.code.value
        return "converted"


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
    assert sum(verdicts.values()) == count
    assert len(verdicts) > 3 or count < 40
    assert len(verdicts) > 4 or count < 100
    assert (caged(), open_files(tmp_path)) == (set(), [])
