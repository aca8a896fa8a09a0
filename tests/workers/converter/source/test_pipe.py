"""Videos that come through a pipe: the same audio as from a file, and next to no disk."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from media import Studio, ffmpeg, tone
from pymongo.asynchronous.database import AsyncDatabase
from test_handler import Scene

from events.media import fitting
from events.options import Cover, Options
from events.types import FailureCode, JobConverted, JobFailed, JobProbed
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.ffmpeg.engine import Engine
from workers.converter.source.input import Input
from workers.converter.source.source import HEAD, TAIL
from workers.converter.workshop import Workshop

pytestmark = pytest.mark.servers

SECONDS = 4
NOISY = [
    *("-f", "lavfi", "-i", f"testsrc2=size=480x270:rate=25:duration={SECONDS}", *tone(seconds=SECONDS)),
    *("-vf", "noise=alls=100:allf=t", "-g", "1", "-q:v", "1", "-metadata", "title=A walk"),
]
CASES = {
    "x.mkv": (["-c:v", "mpeg4", "-c:a", "aac"], Options(loudness=-16.0, start=2.0, cover=Cover.KEEP)),
    "x.ts": (["-c:v", "mpeg2video", "-c:a", "aac"], Options()),
    "x.mpg": (["-c:v", "mpeg2video", "-c:a", "mp2"], Options(end=1.0)),
    "x.avi": (["-c:v", "mpeg4", "-c:a", "libmp3lame"], Options()),
    "x.flv": (["-c:v", "flv", "-c:a", "libmp3lame"], Options(trim_silence=True, shorten_pauses=0.3)),
    "x.wmv": (["-c:v", "wmv2", "-c:a", "wmav2"], Options()),
}


class Watched(Workshop):
    """Knows how much disk the last video took."""

    taken = 0

    @contextmanager
    def bench(self, size: int = 0) -> Iterator[tuple[FileIO, FileIO]]:
        with super().bench(size) as (video, audio):
            yield video, audio
            self.taken = os.fstat(video.fileno()).st_blocks * 512


def noisy(studio: Studio, name: str) -> Path:
    path = studio.write(name, b"")
    ffmpeg("-y", *NOISY, *CASES[name][0], str(path))
    assert path.stat().st_size > HEAD + TAIL + (4 << 20)
    return path


@pytest.mark.parametrize("name", CASES)
async def test_what_comes_through_a_pipe_becomes_the_same_audio_and_takes_next_to_no_disk(
    database: AsyncDatabase[dict[str, Any]], studio: Studio, engine: Engine, tmp_path: Path, name: str
) -> None:
    path, (_, options) = noisy(studio, name), CASES[name]
    workshop = Watched(tmp_path)
    scene = Scene(database, engine, workshop)
    result = await scene.converter.handle(await scene.upload(path, options))
    assert result is not None
    told = result.payload()
    assert isinstance(told, JobConverted), told
    assert workshop.taken < HEAD + TAIL + (1 << 20)
    with path.open("rb", buffering=0) as whole, (tmp_path / "audio").open("w+b", buffering=0) as target:
        made = await convert(Task(Equipment(engine), Input.of(whole), target, options))
    assert hashlib.sha256((tmp_path / "audio").read_bytes()).hexdigest() == told.sha256
    probed = [event.payload() for event in scene.log if event.type == JobProbed.TYPE]
    assert probed == [JobProbed(run=1, media=fitting(made.media))]
    if not options.trim_silence:
        assert scene.log.progress[-1].seconds_total == pytest.approx(made.duration_seconds, rel=0.05)


async def test_what_is_missing_at_the_end_of_a_pipe_is_told(
    database: AsyncDatabase[dict[str, Any]], studio: Studio, engine: Engine, tmp_path: Path
) -> None:
    content = noisy(studio, "x.mkv").read_bytes()
    scene = Scene(database, engine, Workshop(tmp_path))
    work = await scene.upload(studio.write("short.mkv", content[: len(content) * 8 // 10]))
    result = await scene.converter.handle(work)
    assert result is not None
    assert isinstance(told := result.payload(), JobFailed)
    assert told.code is FailureCode.TRUNCATED
