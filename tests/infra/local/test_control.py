"""rabbitmqctl for the broker of the local stack, where it cannot be told how to reach it."""

import os
import subprocess
from pathlib import Path

import pytest

from infra.local import state
from infra.local.servers import control
from infra.local.state import ComponentState, State


@pytest.fixture
def stack() -> State:
    """A stack whose broker's environment nobody can read: on macOS no process shows one."""
    with subprocess.Popen(["/bin/true"]) as ended:
        pid = ended.pid
    broker = ComponentState(name="rabbitmq", phase="ready", pid=pid, identity=None)
    return State(pid=os.getpid(), ready=True, started=0.0, environment={}, components=[broker])


async def test_bindings_are_not_listed_where_the_broker_cannot_be_reached(stack: State) -> None:
    assert await control.bindings(stack, "events") is None


def test_rabbitmqctl_says_that_it_cannot_reach_the_broker(
    stack: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    with state.lock(tmp_path):
        state.write(tmp_path, stack)
        with pytest.raises(SystemExit, match="how to reach the broker, "):
            control.main()
