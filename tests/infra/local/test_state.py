import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_for

from infra.local import leftovers, state
from infra.local.errors import AlreadyRunning
from infra.local.state import ComponentState, State


def a_state(pid: int, *components: ComponentState) -> State:
    return State(
        pid=pid, ready=True, started=0.0, environment={"SERVICE_TOKEN": "x"}, components=list(components)
    )


def test_the_state_of_a_running_stack_is_for_its_owner_only(tmp_path: Path) -> None:
    with state.lock(tmp_path):
        state.write(tmp_path, a_state(os.getpid()))
        assert state.environment({"LOCAL_DIR": str(tmp_path)}) == {"SERVICE_TOKEN": "x"}
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


def test_a_state_file_that_nobody_holds_the_lock_for_is_not_believed(tmp_path: Path) -> None:
    state.write(tmp_path, a_state(os.getpid()))
    assert state.running(tmp_path) is None
    assert state.environment({"LOCAL_DIR": str(tmp_path)}) == {}


def test_a_state_file_of_an_earlier_stack_is_not_believed_while_a_new_one_starts(tmp_path: Path) -> None:
    state.write(tmp_path, a_state(pid=1))
    with state.lock(tmp_path):
        assert state.holder(tmp_path) == os.getpid()
        assert state.running(tmp_path) is None


def test_a_second_stack_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with (
        state.lock(tmp_path),
        pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}.*justw down"),
        state.lock(tmp_path),
    ):
        pass


def started(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, start_new_session=True)


async def test_what_a_killed_stack_left_behind_is_ended_but_no_stranger_with_its_pid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "GRACE", 0.0)
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    left, stranger = (started(sleep) for _ in range(2))
    try:
        state.write(
            tmp_path,
            a_state(
                1,
                ComponentState(
                    name="gateway", phase="ready", pid=left.pid, identity=state.identity(left.pid)
                ),
                ComponentState(name="auth", phase="ready", pid=stranger.pid, identity="another time"),
            ),
        )
        task = asyncio.create_task(leftovers.end(tmp_path))
        # This test is the child's parent and must collect it, which init does for a killed stack.
        await wait_for(lambda: left.poll() is not None)
        await task
        assert stranger.poll() is None
        assert state.last(tmp_path) is None
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()
