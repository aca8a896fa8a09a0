"""The state of a running stack in `.local/state.json`, and the lock that it holds while it runs.

The lock is the truth: the kernel frees it when the supervisor ends, however it ended. A state file that the
lock's holder has not written is stale. It holds passwords and is for its owner only.

Commands of the client look here, too, so this imports no driver. On Windows no stack runs.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from infra.local.errors import AlreadyRunning
from infra.local.settings import LocalSettings
from service.settings import load

if sys.platform != "win32":
    import fcntl

LOCK_TRIES, LOCK_PAUSE = 10, 0.05
"""Looking whether the lock is held takes it for a moment; these outlast that."""
Phase = Literal["starting", "ready", "not ready", "restarting", "stopping"]
"""`not ready`: its process runs, and says that it does not do its work."""


class ComponentState(Struct, frozen=True, kw_only=True):
    """One component. `identity` distinguishes its process from a later one with the same pid."""

    name: str
    phase: Phase
    pid: int | None
    identity: str | None
    restarts: int = 0
    seconds: float | None = None
    """The seconds its last start took."""


class State(Struct, frozen=True, kw_only=True):
    """The stack. `environment` is what a client needs to reach it."""

    pid: int
    ready: bool
    started: float
    environment: dict[str, str]
    components: list[ComponentState]

    @property
    def ending(self) -> bool:
        """True while it is being stopped."""
        return any(part.phase == "stopping" for part in self.components)


def write(directory: Path, state: State) -> None:
    """Replace the state file at once, readable by its owner only."""
    unfinished = directory / f".state.json.{os.getpid()}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(state)))
    unfinished.replace(directory / "state.json")


def last(directory: Path) -> State | None:
    """Return the state in the file, stale or not; None when there is none that can be read."""
    try:
        return msgspec.json.decode((directory / "state.json").read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return None


def remove(directory: Path) -> None:
    """Remove the state file."""
    (directory / "state.json").unlink(missing_ok=True)


def take(directory: Path) -> int | None:
    """Take the directory's lock and return its descriptor; None when somebody else has it.

    Whoever inherits the descriptor has the lock, too; it is free once all have closed theirs or ended.
    """
    if sys.platform == "win32":
        return None
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # perhaps just somebody looking
            time.sleep(LOCK_PAUSE)
        else:
            sign(descriptor, os.getpid())
            return descriptor
    os.close(descriptor)
    return None


def sign(descriptor: int, pid: int) -> None:
    """Write down who holds the lock."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(pid).encode(), 0)


@contextlib.contextmanager
def lock(directory: Path, inherited: int | None = None) -> Iterator[None]:
    """Hold the directory's lock: one stack at a time. A stack that is ending is waited for.

    `inherited` is the descriptor by which our parent has given us the lock. Raises AlreadyRunning.
    """
    descriptor, ending = inherited, None
    while descriptor is None and (descriptor := take(directory)) is None:
        known, pid = running(directory), holder(directory)  # in this order: it may end in between
        if known and known.ending:
            ending = known.pid
        if pid not in (None, ending):
            raise AlreadyRunning(
                f"the stack in {directory} is run by process {pid}; stop it with `./justw down`"
            )
    try:
        os.set_inheritable(descriptor, False)
        sign(descriptor, os.getpid())
        yield
    finally:
        os.close(descriptor)


def holder(directory: Path) -> int | None:
    """Return the pid of the supervisor that holds the directory's lock; None when none does.

    Raises OSError when the directory is somebody else's.
    """
    if sys.platform == "win32":
        return None
    try:
        with (directory / "lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0)  # 0: in the very moment of taking it
    except FileNotFoundError:
        pass
    return None


def running(directory: Path) -> State | None:
    """Return the state of the running stack, or None: a stale file is not believed."""
    state = last(directory)
    return state if state and state.pid == holder(directory) else None


def environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables by which to reach the stack in LOCAL_DIR; empty when none runs or it is ending."""
    directory = load(LocalSettings, {"LOCAL_DIR": (environ or os.environ).get("LOCAL_DIR", "")}).directory
    state = running(directory)
    return dict(state.environment) if state and not state.ending else {}


def identity(pid: int) -> str | None:
    """Return when a process was started, as its system writes it; None when it has ended."""
    try:
        # Fields 3 (state) and 22 (start time) of proc(5)'s stat; field 2, the name, may hold spaces.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip() or None
