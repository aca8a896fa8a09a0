"""Real conversions on two lanes and on one: the same file comes out, whatever happens on the way."""

import asyncio
import hashlib
import math
import os
import socket
import subprocess
import sys
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from media import ffmpeg
from structlog.testing import capture_logs
from waiting import wait_for

from events.options import Options
from workers.converter.cage.cage import keeper_of
from workers.converter.conversion import single
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.plan import DEFAULT, plan
from workers.converter.ffmpeg.probe import probe
from workers.converter.ffmpeg.process import Invocation, Outcome, run
from workers.converter.parallel.encoding import Sharing, encode
from workers.converter.parallel.lanes import Lanes
from workers.converter.parallel.shares import later, starts
from workers.converter.source.input import Input

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts encoders")
SECONDS = 100
_SPEECH = (
    "aevalsrc='0.3*(0.5+0.5*sin(2*PI*3.1*t))*gt(sin(2*PI*0.4*t)\\,-0.6)*(sin(2*PI*t*130)"
    "+0.6*sin(4*PI*t*(130+9*sin(t))))+0.05*(random(0)-0.5)*gt(sin(2*PI*1.3*t)\\,0.6)':s=44100"
)
SOURCES = {
    "aac.mp4": "-c:a aac -b:a 48k -aac_pns 1",
    "opus.webm": "-c:a libopus",
    "mp2.ts": "-c:a mp2",
    "five.mkv": "-c:a ac3 -ac 6",
    "deep.flac": "-c:a flac -sample_fmt s32 -ar 48000 -ac 2",
    "high.wav": "-c:a pcm_s16le -ar 96000",
    "long.mp4": "-c:a aac -ac 1 -b:a 48k",
}


class Studio:
    """Makes sources once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def make(self, name: str) -> Path:
        path = self._directory / name
        if not path.exists():
            seconds = 4 * SECONDS if name.startswith("long") else SECONDS
            arguments = ("-f", "lavfi", "-i", _SPEECH, "-t", str(seconds), *SOURCES[name].split())
            tags = ("-metadata", "title=A walk", "-metadata", "artist=Ada")
            ffmpeg("-y", *arguments, *tags, "-strict", "-2", str(path))
        return path


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("sources"))


@pytest.fixture
def sharing() -> Sharing:
    return Sharing(Lanes(2, name=f"test-{uuid4()}", crowd=math.inf), patience=0)


async def made(
    engine: Engine,
    bench: Any,
    video: Path,
    sharing: Sharing | None,
    options: Options = Options(),  # noqa: B008 - it is frozen
    marks: list[float] | None = None,
) -> bytes:
    async def tell(mark: Any, length: float | None) -> None:
        if marks is not None:
            marks.append(mark.seconds)

    equipment = Equipment(engine, workshop=bench.workshop, sharing=sharing)
    with bench.holding(video) as (source, target):
        await convert(Task(equipment, Input.of(source), target, options, tell))
        target.seek(0)
        data = bytes(target.read())
    assert data
    return data


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("aac.mp4", Options()),
        pytest.param("aac.mp4", Options(quality="192k"), marks=pytest.mark.long),
        pytest.param("opus.webm", Options(quality="V5"), marks=pytest.mark.long),
        pytest.param("mp2.ts", Options(quality="128k", sample_rate=22050), marks=pytest.mark.long),
        pytest.param("five.mkv", Options(start=7.3, fade_in=2, speed=1.1), marks=pytest.mark.long),
        pytest.param("deep.flac", Options(quality="320k"), marks=pytest.mark.long),
        pytest.param("aac.mp4", Options(shorten_pauses=0.2, loudness=-20), marks=pytest.mark.long),
        pytest.param("high.wav", Options(sample_rate=48000, fade_out=3), marks=pytest.mark.long),
    ],
    ids=str,
)
async def test_two_encoders_make_the_file_of_one(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing, name: str, options: Options
) -> None:
    together = await made(engine, bench, sources.make(name), sharing, options)
    assert digest(together) == digest(await made(engine, bench, sources.make(name), None, options))
    assert (b"A walk" in together[:1000]) == (name != "mp2.ts")  # which holds no tags


@pytest.mark.long
@pytest.mark.parametrize("cores", [2, 4])
async def test_a_long_sound_is_shared_out(engine: Engine, bench: Any, sources: Studio, cores: int) -> None:
    sharing = Sharing(lanes=Lanes(cores, name=f"test-{uuid4()}", crowd=math.inf), patience=0)
    video = sources.make("long.mp4")
    for _ in range(5):  # a machine that does something else may let the first encoder be faster
        marks: list[float] = []
        with capture_logs() as logs:
            together = await made(engine, bench, video, sharing, marks=marks)
        if found := [line["frames"] for line in logs if line["event"] == "encoded_together"]:
            break
    assert found
    assert digest(together) == digest(await made(engine, bench, video, None))
    assert marks == sorted(marks)
    assert marks[-1] <= 4 * SECONDS + 1


async def test_what_has_no_core_left_is_encoded_alone(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing
) -> None:
    with sharing.lanes.taken(), capture_logs() as logs:
        await made(engine, bench, sources.make("aac.mp4"), sharing)
    assert not [line for line in logs if line["event"].startswith("encode")]


async def test_jobs_at_once_never_start_more_encoders_than_there_are_cores(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, begun, both = 0, [], asyncio.Event()

    async def at_once(*arguments: Any) -> Outcome:
        begun.append(arguments)
        if len(begun) == 2:
            both.set()
        await both.wait()  # in one turn of the loop: a job alone would take both lanes, and rightly so
        return await encode(*arguments)

    monkeypatch.setattr(single, "encode", at_once)

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, 2 - sharing.lanes.free())
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    video = sources.make("aac.mp4")
    with capture_logs() as logs:
        await asyncio.gather(*(made(engine, bench, video, sharing) for _ in range(2)))
    watching.cancel()
    assert most == 2
    assert not [line for line in logs if line["event"] == "encoded_together"]


@pytest.mark.long
async def test_cancelled_it_leaves_no_process(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing
) -> None:
    video = sources.make("long.mp4")
    job = asyncio.create_task(made(engine, bench, video, sharing, Options(quality="320k")))
    await wait_for(lambda: sharing.lanes.free() == 0 and _children(engine) >= 2)
    job.cancel()
    await asyncio.wait([job])
    assert job.cancelled()
    assert _children(engine) == 0
    assert sharing.lanes.free() == 2


def _children(engine: Engine) -> int:
    """Count the programs of ours that run."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/exe"):
        try:
            if path.readlink() == Path(engine.path) and _parent(path.parent) == _server(engine):
                count += 1
        except OSError:
            continue
    return count


def _parent(process: Path) -> int:
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


def _server(engine: Engine) -> int:
    server = keeper_of(engine.path)._server
    assert server is not None
    return server._process.pid


async def test_a_helper_that_dies_costs_nothing_but_its_help(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(plan: Any, start: int) -> Any:
        return later(plan, 10**15)  # nothing comes of it: ffmpeg says so, and fails

    monkeypatch.setattr("workers.converter.parallel.encoding.shares.later", broken)
    with capture_logs() as logs:
        together = await made(engine, bench, sources.make("aac.mp4"), sharing)
    assert [line["event"] for line in logs if line["event"].startswith("encode")] == ["encoders_stopped"]
    assert digest(together) == digest(await made(engine, bench, sources.make("aac.mp4"), None))


async def test_a_helper_that_hears_something_else_is_never_joined(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(plan: Any, start: int) -> Any:
        return later(plan, start + 1)

    monkeypatch.setattr("workers.converter.parallel.encoding.shares.later", broken)
    with capture_logs() as logs:
        together = await made(engine, bench, sources.make("aac.mp4"), sharing)
    assert not [line for line in logs if line["event"] == "encoded_together"]
    assert digest(together) == digest(await made(engine, bench, sources.make("aac.mp4"), None))


async def test_a_helper_fails_where_its_filter_would_begin_to_count_anew(
    engine: Engine, bench: Any, tmp_path: Path
) -> None:
    parts = [tmp_path / "stereo.aac", tmp_path / "mono.aac"]
    for channels, part in zip(("2", "1"), parts, strict=True):
        tone = ("-f", "lavfi", "-i", "sine=sample_rate=44100", "-t", "6", "-ac", channels)
        ffmpeg(*tone, str(part))
    (tmp_path / "both.aac").write_bytes(b"".join(part.read_bytes() for part in parts))
    codes = []
    with bench.holding(tmp_path / "both.aac") as (source, target):
        for each in (DEFAULT, later(DEFAULT, 2 * 49 * 1152)):
            source.seek(0)
            target.truncate(0)
            lone = Invocation(engine=engine, source=source, target=target, plan=each)
            codes.append((await run(lone)).exit_code)
    assert codes[0] == 0
    assert codes[1] > 0


@pytest.mark.long
async def test_a_sound_that_changes_on_the_way_has_the_same_bytes_on_any_number_of_cores(
    engine: Engine, bench: Any, sharing: Sharing, tmp_path: Path
) -> None:
    parts = [tmp_path / "stereo.aac", tmp_path / "mono.aac"]
    for channels, part in zip(("2", "1"), parts, strict=True):
        ffmpeg("-f", "lavfi", "-i", _SPEECH, "-t", str(2 * SECONDS), "-ac", channels, str(part))
    both = tmp_path / "both.aac"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    alone = digest(await made(engine, bench, both, None))
    for _ in range(5):  # a machine that does something else may let the first encoder be faster
        with capture_logs() as logs:
            assert digest(await made(engine, bench, both, sharing)) == alone
        if found := [line for line in logs if line["event"] == "encoded_together"]:
            break
    assert found


async def test_what_cannot_be_put_together_is_encoded_alone_after_all(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(target: Any, pieces: Any) -> None:
        target.truncate(1000)
        raise IndexError

    monkeypatch.setattr("workers.converter.parallel.encoding.assemble", broken)
    options = Options(quality="192k")
    together = await made(engine, bench, sources.make("aac.mp4"), sharing, options)
    assert digest(together) == digest(await made(engine, bench, sources.make("aac.mp4"), None, options))


async def test_a_file_that_is_refused_is_refused_for_the_same_reason(
    engine: Engine, bench: Any, sources: Studio, sharing: Sharing, tmp_path: Path
) -> None:
    whole = sources.make("opus.webm").read_bytes()
    (tmp_path / "cut.webm").write_bytes(whole[: len(whole) * 3 // 4])
    reasons = []
    for each in (None, sharing):
        with pytest.raises(ConversionError) as caught:
            await made(engine, bench, tmp_path / "cut.webm", each)
        reasons.append((caught.value.code, str(caught.value)))
    assert reasons[0] == reasons[1]


def test_lanes_are_counted_over_all_processes_and_freed_by_their_death() -> None:
    name = f"test-{uuid4()}"
    lanes = Lanes(3, name=name, crowd=math.inf)
    program = (
        "import sys; from workers.converter.parallel.lanes import Lanes\n"
        f"with Lanes(3, name={name!r}).taken(): print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert lanes.free() == 2
        with lanes.taken():
            assert lanes.free() == 1
        process.kill()
        process.wait()
    assert lanes.free() == 3


def test_whoever_takes_all_lanes_keeps_none_from_encoding_alone() -> None:
    name = f"test-{uuid4()}"
    lanes = Lanes(2, name=name, crowd=math.inf)
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        for number, each in enumerate((one, other)):
            each.bind(f"\0{name}/{os.getuid()}/encoder/{number}")
        with lanes.taken():
            assert lanes.free() == 0
    assert lanes.free() == 2


def test_no_lane_is_free_where_others_keep_the_cores_busy() -> None:
    assert Lanes(3, name=f"test-{uuid4()}", crowd=0).free() == 0


async def test_short_and_odd_sounds_are_not_shared_out(engine: Engine, sources: Studio) -> None:
    with FileIO(sources.make("aac.mp4")) as file:
        media = await probe(engine, file, Limits())
    assert len(starts(plan(Options(), media), media, 2)) == 1
    assert starts(plan(Options(), media), media, 1) == []
    assert starts(plan(Options(end=59), media), media, 2) == []
    assert starts(plan(Options(sample_rate=8000), media), media, 2) == []
    assert starts(plan(Options(), media), media, 2, longest=SECONDS - 1) == []  # it is going to be refused
    several = [0, *starts(plan(Options(), media), media, 4)]
    assert all(low < high and high % (49 * 1152) == 0 for low, high in pairwise(several))
