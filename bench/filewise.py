"""From file to file, without servers: the converter's own way, and bare ffmpeg's."""

import asyncio
import shutil
import time
from pathlib import Path

import imageio_ffmpeg

from bench.measure import BenchFailed
from events.ids import new_id
from events.options import DEFAULT, Options
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg.engine import Engine
from workers.converter.parallel.encoding import Sharing
from workers.converter.parallel.lanes import Lanes
from workers.converter.source.input import Input
from workers.converter.workshop import Workshop


class Ours:
    """The converter's own way from file to file, with all cores that are idle, as the worker has it."""

    def __init__(self, engine: Engine, directory: Path) -> None:
        self._equipment = Equipment(engine, workshop=Workshop(directory / "work"), sharing=Sharing(Lanes()))
        self._equipment.workshop.open()

    async def convert(self, path: Path, wishes: Options = DEFAULT) -> float:
        """Return the seconds it took, the source's copying left out. Raises BenchFailed."""
        with self._equipment.workshop.bench(path.stat().st_size) as (source, target):
            with path.open("rb") as file:
                shutil.copyfileobj(file, source)
            begin = time.perf_counter()
            try:
                await convert(Task(self._equipment, Input.of(source), target, wishes))
            except ConversionError as error:
                raise BenchFailed(f"{path.name}: {error}") from error
            return time.perf_counter() - begin


async def bare(path: Path, *arguments: str) -> float:
    """Return the seconds that ffmpeg alone took. Raises BenchFailed."""
    target = path.with_name(f"bare-{new_id()}.mp3")
    begin = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", "-i", str(path), "-vn"),
        *(arguments or ("-q:a", "2")),
        str(target),
    )
    code = await process.wait()
    seconds = time.perf_counter() - begin
    target.unlink(missing_ok=True)
    if code != 0:
        raise BenchFailed(f"bare ffmpeg ended with code {code} on {path.name}")
    return seconds
