"""What starts ffmpeg: always there, never left behind, and honest about what it can do on this kernel."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from media import Studio, children_of, processes_of, told_by
from trap import caged
from waiting import wait_for

from workers.converter.cage import fork_server, landlock, launcher, privileges
from workers.converter.cage.cage import Cage, CagedProgram, Keeper
from workers.converter.errors import EngineFailed
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.process import Invocation, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
SLEEP, TRUE, CAT = "/bin/sleep", "/bin/true", "/bin/cat"


async def test_the_cage_says_which_layers_hold_here(engine: Engine) -> None:
    for layers in (["user", "landlock", "seccomp", "rlimits"], ["seccomp"], []):
        with Keeper(engine.path, layers) as keeper:
            assert await keeper.cage() == Cage(
                landlock_abi=landlock.abi() if "landlock" in layers else 0,
                seccomp="seccomp" in layers,
                rlimits=launcher.LIMITS if "rlimits" in layers else (),
                unprivileged="user" in layers or os.geteuid() != 0,
            )


async def test_a_kernel_without_landlock_and_seccomp_is_told_and_converts_all_the_same(
    studio: Studio, tmp_path: Path
) -> None:
    """An older kernel, by a filter that answers in its place: both calls do not exist."""
    program = f"""
import asyncio, os, struct
from workers.converter.cage import kernel, seccomp
from workers.converter.cage.cage import keeper_of
from workers.converter.cage.syscalls import ARCHITECTURES
from workers.converter.ffmpeg.engine import find_engine
from workers.converter.ffmpeg.process import Invocation, run
_, architecture, number = ARCHITECTURES[os.uname().machine]
gone = [(0x20, 0, 0, 0), (0x15, 2, 0, 444), (0x15, 1, 0, number), (6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x50026)]
seccomp.program = lambda machine, pid: b"".join(struct.pack("=HBBI", *step) for step in gone)
kernel.prctl(38, 1)
seccomp.install(os.uname().machine, os.getpid())
async def main():
    engine = await find_engine()
    print(await keeper_of(engine.path).cage())
    with open({str(studio.make("aac.ts"))!r}, "rb", buffering=0) as video, \\
         open({str(tmp_path / "out")!r}, "wb+", buffering=0) as mp3:
        print((await run(Invocation(engine=engine, source=video, target=mp3))).exit_code)
asyncio.run(main())
"""
    converter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await converter.communicate()
    cage, exit_code = said.decode().splitlines()
    assert cage.startswith("Cage(landlock_abi=0, seccomp=False, rlimits=('as', ")
    assert exit_code == "0"


async def test_a_server_that_died_is_started_again_and_takes_its_programs_along(
    engine: Engine, bench: Any, studio: Studio
) -> None:
    with Keeper(engine.path) as keeper:
        ours = children_of()
        await keeper.cage()
        (server,) = children_of() - ours
        under_way = asyncio.Event()

        async def note(*_: object) -> None:
            under_way.set()

        async def work() -> None:
            with bench.holding(studio.endless()) as (video, mp3):
                video.seek(0)
                invocation = Invocation(engine=engine, source=video, target=mp3, on_progress=note)
                await run(invocation, keeper=keeper)

        task = asyncio.create_task(work())
        await under_way.wait()
        started = {server, *processes_of(server)}
        os.kill(server, signal.SIGKILL)
        with pytest.raises(EngineFailed, match="has died"):
            await task
        await wait_for(lambda: not any(map(runs, started)), message="all are gone")
        with bench.holding(studio.make("aac.ts")) as (video, mp3):
            video.seek(0)
            ran = await run(Invocation(engine=engine, source=video, target=mp3), keeper=keeper)
            assert ran.exit_code == 0


async def test_many_at_once_each_get_their_own_answer_and_leave_no_zombie(tmp_path: Path) -> None:
    program = tmp_path / "answer"
    program.write_text("#!/bin/sh\nexit $1\n")
    program.chmod(0o700)
    with Keeper(str(program), ["rlimits"]) as keeper:
        ours = children_of()
        await keeper.cage()
        (server,) = children_of() - ours

        async def answer(code: int) -> int:
            with FileIO(os.devnull, "r+") as null:
                started = await keeper.start([str(code)], [null, null, null], LIMITS)
                try:
                    return await started.wait()
                finally:
                    started.close()

        assert await asyncio.gather(*map(answer, range(40))) == list(range(40))
        assert processes_of(server) == set()


async def test_a_request_that_is_too_long_is_refused_and_holds_up_no_other() -> None:
    with Keeper(TRUE, []) as keeper, FileIO(os.devnull, "r+") as null:
        for length in (300, 4000, 10):
            words = ["x" * 1000] * length
            if length == 4000:
                with pytest.raises(EngineFailed, match="too many arguments"):
                    await keeper.start(words, [null, null, null], LIMITS)
                continue
            started = await keeper.start(words, [null, null, null], LIMITS)
            assert await asyncio.wait_for(started.wait(), 20) == 0
            started.close()


async def test_a_program_that_was_replaced_by_an_upgrade_still_starts(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy(TRUE, program)
    with Keeper(str(program)) as keeper, FileIO(os.devnull, "r+") as null:
        for source in (TRUE, "/bin/false"):
            shutil.copy(source, tmp_path / "new")
            (tmp_path / "new").rename(program)
            started = await keeper.start([], [null, null, null], LIMITS)
            assert await started.wait() == (source != TRUE)
            started.close()


async def status_of(program: str) -> dict[str, str]:
    """Return what the kernel says of the program while it runs in its cage."""
    with Keeper(program) as keeper, FileIO(os.devnull, "r+") as null:
        await keeper.cage()
        ours = processes_of(os.getpid())
        started = await keeper.start(["60"], [null, null, null], LIMITS)
        try:
            name = Path(program).name

            def found() -> dict[str, str]:
                for pid in processes_of(os.getpid()) - ours:
                    lines = told_by(Path(f"/proc/{pid}/status")).decode().splitlines()
                    status = {field: value.strip() for field, _, value in (x.partition(":") for x in lines)}
                    if status.get("Name") == name:  # others come and go, like those that the broker starts
                        return status
                return {}

            return await wait_for(found)
        finally:
            started.close()


@pytest.mark.parametrize("walls", [0o755, 0o700], ids=["open folder", "closed folder"])
@pytest.mark.parametrize("room", [0o755, 0o700], ids=["open room", "closed room"])
async def test_a_program_has_no_capability_and_is_not_roots(tmp_path: Path, walls: int, room: int) -> None:
    """Also where root started the converter, and from a folder like `/root/.venv`."""
    folder = tmp_path / "folder" / "room"
    folder.mkdir(parents=True)
    shutil.copy(SLEEP, folder / "asleep")
    folder.chmod(room)
    folder.parent.chmod(walls)
    status = await status_of(str(folder / "asleep"))
    assert {status[each] for each in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    expected = os.getuid() or (privileges.NOBODY if room == 0o755 else 0)
    assert status["Uid"].split() == [str(expected)] * 4


async def test_a_program_gets_the_descriptors_that_it_was_given_and_no_others(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w"):
        said = await caged("/bin/sh", ["-c", "echo /proc/self/fd/*"], ["rlimits"], tmp_path)
    # The last one is what it reads the folder with.
    assert said.output.split() == [f"/proc/self/fd/{fd}" for fd in range(5)]


async def test_a_program_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF nothing else")
    program.chmod(0o700)
    for layers in ([], ["landlock", "seccomp", "rlimits"]):
        with pytest.raises(EngineFailed, match="Exec format error"):
            await caged(str(program), [], layers, tmp_path)


LIMITS = {"as": 1 << 30, "data": 1 << 28, "cpu": 60, "fsize": 1 << 20, "nofile": 32, "core": 0}


def runs(pid: int) -> bool:
    status = told_by(Path(f"/proc/{pid}/stat"))
    return bool(status) and status.rpartition(b")")[2].split()[0] != b"Z"


@pytest.mark.parametrize("hops", range(6))
async def test_how_it_ended_is_not_lost_with_one_who_stops_waiting_just_then(hops: int) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    caged = CagedProgram(ours)
    waiting = asyncio.create_task(caged.wait())
    for _ in range(3):
        await asyncio.sleep(0)
    theirs.sendall(fork_server.EXIT.pack(7, 0.5, 4096))
    theirs.close()
    for _ in range(hops):
        await asyncio.sleep(0)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    assert await caged.wait() == 7
    caged.close()
