from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest
from media import Studio

from workers.converter.engine import Engine, find_engine
from workers.converter.workshop import Workshop


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
async def engine() -> Engine:
    return await find_engine()


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    workshop = Workshop(tmp_path / "work")
    workshop.open()
    return workshop


class Bench:
    """A video on the bench, and the file that its audio goes into."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    @contextmanager
    def holding(self, video: Path) -> Iterator[tuple[FileIO, FileIO]]:
        with self._workshop.bench(video.stat().st_size) as (source, target):
            source.write(video.read_bytes())
            yield source, target


@pytest.fixture
def bench(workshop: Workshop) -> Bench:
    return Bench(workshop)
