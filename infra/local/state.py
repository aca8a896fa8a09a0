"""What a running stack tells others: `.local/state.json`, and the lock that says whether it still runs.

The lock is the truth: the kernel frees it when the supervisor ends, however it ended. A state file whose
lock is free is stale. The file holds passwords and is for its owner only.
"""

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from events.settings import load
from infra.local.errors import AlreadyRunning
from infra.local.settings import LocalSettings

Phase = Literal["starting", "ready", "restarting", "stopping"]


class ComponentState(Struct, frozen=True, kw_only=True):
    """One component. `identity` tells its process from a later one with the same pid."""

    name: str
    phase: Phase
    pid: int | None
    identity: str | None
    restarts: int = 0
    seconds: float | None = None
    """How long its last start took."""


class State(Struct, frozen=True, kw_only=True):
    """The stack. `environment` is what a client needs to reach it."""

    pid: int
    ready: bool
    started: float
    environment: dict[str, str]
    components: list[ComponentState]


def write(directory: Path, state: State) -> None:
    """Replace the state file at once, readable by its owner only."""
    unfinished = directory / f".state.json.{os.getpid()}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(state)))
    unfinished.replace(directory / "state.json")


def last(directory: Path) -> State | None:
    """Return what the state file says, stale or not; None when there is none that can be read."""
    try:
        return msgspec.json.decode((directory / "state.json").read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return None


def remove(directory: Path) -> None:
    """Remove the state file."""
    (directory / "state.json").unlink(missing_ok=True)


@contextlib.contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Hold the directory's lock: one stack at a time. Raises AlreadyRunning."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state = last(directory)
            who = f"process {state.pid}" if state else "another process, which is just starting"
            raise AlreadyRunning(
                f"the stack in {directory} is run by {who}; stop it with `./justw down`"
            ) from None
        yield


def is_running(directory: Path) -> bool:
    """Whether a supervisor holds the directory's lock."""
    if not (directory / "lock").exists():
        return False
    with (directory / "lock").open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def running(directory: Path) -> State | None:
    """Return the state of the running stack, or None: a stale file is not believed."""
    return last(directory) if is_running(directory) else None


def environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables by which to reach the stack that runs in LOCAL_DIR; empty when none is ready."""
    directory = load(LocalSettings, {"LOCAL_DIR": (environ or os.environ).get("LOCAL_DIR", "")}).directory
    state = running(directory)
    return dict(state.environment) if state and state.ready else {}


def identity(pid: int) -> str | None:
    """Return when a process was started, as its system says it; None when there is no such process."""
    try:
        # Field 22 of proc(5)'s stat; the second field, the name, may hold spaces.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip() or None
