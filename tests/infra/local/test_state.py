import asyncio
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from waiting import wait_for

from infra.drills.rig.stack import Stack
from infra.local import given, leftovers, state
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


async def test_a_stack_is_not_ready_whose_service_was_killed_a_moment_ago(tmp_path: Path) -> None:
    service = started([sys.executable, "-c", "import signal; signal.pause()"])
    known = ComponentState(
        name="gateway", phase="ready", pid=service.pid, identity=state.identity(service.pid)
    )
    with state.lock(tmp_path):
        state.write(tmp_path, a_state(os.getpid(), known))
        await Stack(tmp_path).all_ready()
        service.kill()
        service.wait()
        with pytest.raises(AssertionError, match="every component is ready again"):
            await Stack(tmp_path).all_ready(0.1)


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


def test_the_lock_goes_over_to_a_child_without_a_moment_between(tmp_path: Path) -> None:
    taken = state.take(tmp_path)
    assert taken is not None
    assert state.take(tmp_path) is None
    wait = "import sys; sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", wait], stdin=subprocess.PIPE, pass_fds=[taken])
    state.sign(taken, child.pid)
    os.close(taken)
    assert state.holder(tmp_path) == child.pid
    child.communicate()
    assert state.holder(tmp_path) is None


HOLD = """
import pathlib, sys
from infra.local import state
with state.lock(pathlib.Path(sys.argv[1])):
    input()
"""


def test_a_stack_that_is_ending_is_waited_for(tmp_path: Path) -> None:
    part = ComponentState(name="gateway", phase="stopping", pid=None, identity=None)
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while state.holder(tmp_path) != other.pid:
            assert time.monotonic() < deadline
        state.write(tmp_path, a_state(other.pid, part))
        threading.Timer(1.0, other.kill).start()
        with state.lock(tmp_path):
            assert state.holder(tmp_path) == os.getpid()
    finally:
        other.kill()
        other.communicate()


def test_a_stack_that_ends_while_one_looks_at_it_is_not_taken_for_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = state.take(tmp_path)
    assert ending is not None
    look = state.running

    def ends(directory: Path) -> State | None:
        monkeypatch.setattr(state, "running", look)
        os.close(ending)
        return look(directory)

    monkeypatch.setattr(state, "running", ends)
    with state.lock(tmp_path):
        assert state.holder(tmp_path) == os.getpid()


def test_urls_that_a_stack_has_given_out_do_not_count_as_set(tmp_path: Path) -> None:
    own = {"RABBITMQ_URL": "amqp://a", "STREAM_URL": "rabbitmq-stream://a", "MONGODB_URL": "mongodb://a"}
    given.keep(tmp_path, own)
    found = given.settings({**own, "MONGODB_URL": "mongodb://elsewhere", "LOCAL_DIR": str(tmp_path)})
    assert (found.rabbitmq_url, found.stream_url) == ("", "")
    assert found.mongodb_url == "mongodb://elsewhere"
    assert stat.S_IMODE((tmp_path / given.FILE).stat().st_mode) == 0o600
