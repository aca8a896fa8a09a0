import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from hall import Hall
from media import Studio

from workers.converter.cage.cage import keeper_of
from workers.converter.conversion import cover, transcripts
from workers.converter.ffmpeg import probe, process
from workers.converter.ffmpeg.engine import Engine, find_engine
from workers.converter.parallel import encoding
from workers.converter.workshop import Workshop


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants", type=int, help="how many mutated files to convert")
    parser.addoption("--spliced-seconds", type=int, default=20, help="how long the spliced sounds are")
    parser.addoption("--seed", type=int, default=1, help="of the mutated files")


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shapes"
    shared.mkdir(exist_ok=True)
    return Studio(tmp_path_factory.mktemp("media"), shared)


@pytest.fixture(scope="session")
async def engine() -> AsyncIterator[Engine]:
    engine = await find_engine()
    with keeper_of(engine.path):
        yield engine


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    workshop = Workshop(tmp_path / "work")
    workshop.open()
    return workshop


class Bench:
    """A video on the bench, and the file that its audio goes into."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop

    @contextmanager
    def holding(self, video: Path) -> Iterator[tuple[FileIO, FileIO]]:
        with self.workshop.bench(video.stat().st_size) as (source, target):
            source.write(video.read_bytes())
            yield source, target


@pytest.fixture
def bench(workshop: Workshop) -> Bench:
    return Bench(workshop)


@pytest.fixture
def hall(engine: Engine, bench: Bench, tmp_path: Path) -> Hall:
    return Hall(engine, bench, tmp_path)


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> list[process.Outcome]:
    """All that ffmpeg was started for, with what it took."""
    runs: list[process.Outcome] = []

    async def run(*arguments: Any, **named: Any) -> process.Outcome:
        runs.append(await process.run(*arguments, **named))
        return runs[-1]

    for module in (cover, encoding, probe, transcripts):
        monkeypatch.setattr(module, "run", run)
    return runs
