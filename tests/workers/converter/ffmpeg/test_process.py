"""The cage itself: nothing gets out, nothing stays behind."""

import asyncio
import os
import signal
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from media import Studio, caged, open_files, processes_of, told_by
from msgspec.structs import replace
from waiting import wait_for

from workers.converter.cage.cage import Keeper
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import EngineFailed
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.messages import TAIL, Mark
from workers.converter.ffmpeg.plan import DEFAULT
from workers.converter.ffmpeg.process import Invocation, Outcome, caps, run
from workers.converter.source.input import Input

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def script(path: Path, body: str) -> Engine:
    """An engine that does what we say instead of converting."""
    path.write_text(f"#!{sys.executable} -IS\nimport os, resource, sys, time\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Engine(str(path), "test")


async def run_script(engine: Engine, video: Any, mp3: Any, limits: Limits) -> Outcome:
    """Scripts need Python's own files, and these here start processes: with rlimits for a cage."""
    with Keeper(engine.path, ["rlimits"]) as keeper:
        invocation = Invocation(engine=engine, source=video, target=mp3, limits=limits)
        return await run(invocation, keeper=keeper)


@linux
async def test_a_cancelled_conversion_leaves_no_process_and_no_file(
    engine: Engine, bench: Any, studio: Studio, tmp_path: Path
) -> None:
    under_way = asyncio.Event()

    async def note(mark: Mark, length: float | None) -> None:
        under_way.set()

    async def work() -> None:
        with bench.holding(studio.endless()) as (video, mp3):
            await convert(Task(Equipment(engine), Input.of(video), mp3, on_progress=note))

    task = asyncio.create_task(work())
    await under_way.wait()
    assert caged()
    assert open_files(tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caged() == set()
    assert open_files(tmp_path) == []
    assert list((tmp_path / "work").iterdir()) == []


@linux
async def test_a_converter_that_is_killed_takes_ffmpeg_with_it(studio: Studio, tmp_path: Path) -> None:
    program = f"""
import asyncio
from workers.converter.ffmpeg.engine import find_engine
from workers.converter.ffmpeg.process import Invocation, run
async def tell(mark, length): print(flush=True)
async def main():
    with open({str(studio.endless())!r}, "rb", buffering=0) as video, \\
         open({str(tmp_path / "out")!r}, "wb+", buffering=0) as mp3:
        await run(Invocation(engine=await find_engine(), source=video, target=mp3, on_progress=tell))
asyncio.run(main())
"""
    converter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdout=asyncio.subprocess.PIPE
    )
    assert converter.stdout is not None
    await converter.stdout.readline()
    started = processes_of(converter.pid)
    assert len(started) == 2  # ffmpeg, and what has started it
    converter.kill()
    await converter.communicate()
    await wait_for(lambda: all(map(_is_gone, started)), message="both are gone")


async def test_a_program_that_talks_without_end_is_drained_and_only_its_last_words_are_kept(
    bench: Any, studio: Studio, tmp_path: Path
) -> None:
    talker = script(
        tmp_path / "talker",
        "for _ in range(200): sys.stderr.write('x' * 65536)\nsys.stderr.write('last words')",
    )
    with bench.holding(studio.make("aac.ts")) as (video, mp3):
        ran = await run_script(talker, video, mp3, Limits(wall_seconds=60))
    assert ran.exit_code == 0
    assert len(ran.findings.tail) == TAIL
    assert ran.findings.tail.endswith("last words")


async def test_the_program_has_limits_its_own_session_and_an_empty_environment(
    bench: Any, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URL", "mongodb://secret")
    looker = script(
        tmp_path / "looker",
        "r = resource\n"
        "seen = [r.getrlimit(x)[0] for x in (r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE)]\n"
        "print(seen, 'MONGODB_URL' in os.environ, os.getsid(0) == os.getpid(), file=sys.stderr)",
    )
    limits = Limits(wall_seconds=100, output_bytes=1000, open_files=32)
    with bench.holding(studio.make("aac.ts")) as (video, mp3):
        ran = await run_script(looker, video, mp3, limits)
        cpu = caps(limits, os.fstat(video.fileno()).st_size, DEFAULT)["cpu"]
    assert ran.findings.tail.strip() == f"[{cpu}, {1000 + (16 << 20)}, 32, 0] False True"


def test_the_work_is_bounded_by_the_length_or_by_the_size_and_by_the_clock() -> None:
    hour = replace(DEFAULT, expected_seconds=3600.0)
    assert caps(Limits(), 164_000, DEFAULT)["cpu"] < 10
    assert caps(Limits(), 164_000, hour)["cpu"] > 600
    assert caps(Limits(), 4 << 30, DEFAULT)["cpu"] == caps(Limits(), None, DEFAULT)["cpu"]
    assert caps(Limits(wall_seconds=1), 4 << 30, hour)["cpu"] == Limits(wall_seconds=1).cpu_seconds


async def test_a_program_over_time_is_killed_with_all_it_started(
    bench: Any, studio: Studio, tmp_path: Path
) -> None:
    pid_file, sleeper = tmp_path / "pid", tmp_path / "sleeper"
    # A shell has started its child at once, long before its second is over; a Python may not have.
    sleeper.write_text(f"#!/bin/sh\n/bin/sleep 60 &\necho $! > '{pid_file}'\nwait\n")
    sleeper.chmod(0o700)
    with bench.holding(studio.make("aac.ts")) as (video, mp3):
        ran = await run_script(Engine(str(sleeper), "test"), video, mp3, Limits(wall_seconds=1.0))
    assert ran.overtime
    assert ran.exit_code == -signal.SIGKILL
    child = int(pid_file.read_text())
    await wait_for(lambda: _is_gone(child), message="the child is gone")


@linux
async def test_what_a_program_leaves_behind_is_killed_when_it_ends(
    bench: Any, studio: Studio, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    leaver = script(
        tmp_path / "leaver",
        f"pid = os.fork()\nif pid: open({str(pid_file)!r}, 'w').write(str(pid)); os._exit(0)\ntime.sleep(60)",
    )
    with bench.holding(studio.make("aac.ts")) as (video, mp3):
        ran = await run_script(leaver, video, mp3, Limits(wall_seconds=20))
    assert (ran.exit_code, ran.overtime) == (0, False)
    child = int(pid_file.read_text())
    await wait_for(lambda: _is_gone(child), message="the child is gone")


@linux
async def test_the_program_can_gain_no_privileges(bench: Any, studio: Studio, tmp_path: Path) -> None:
    looker = script(tmp_path / "looker", "sys.stderr.write(open('/proc/self/status').read())")
    with bench.holding(studio.make("aac.ts")) as (video, mp3):
        ran = await run_script(looker, video, mp3, Limits())
    assert "NoNewPrivs:\t1\n" in ran.findings.tail


@linux
async def test_an_ffmpeg_that_dies_is_trouble_of_ours(engine: Engine, bench: Any, studio: Studio) -> None:
    async def kill(mark: Mark, length: float | None) -> None:
        for pid in caged():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    with (
        bench.holding(studio.endless()) as (video, mp3),
        pytest.raises(EngineFailed, match="killed by SIGKILL"),
    ):
        await convert(Task(Equipment(engine), Input.of(video), mp3, on_progress=kill))


async def test_an_ffmpeg_that_cannot_start_is_trouble_of_ours(
    bench: Any, studio: Studio, tmp_path: Path
) -> None:
    missing = Engine(str(tmp_path / "missing"), "test")
    with (
        bench.holding(studio.make("aac.ts")) as (video, mp3),
        pytest.raises(EngineFailed, match="No such file"),
    ):
        await convert(Task(Equipment(missing), Input.of(video), mp3))


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = told_by(Path(f"/proc/{pid}/stat"))  # nothing where it has gone in this moment
    return bool(status) and status.rpartition(b")")[2].split()[0] == b"Z"
