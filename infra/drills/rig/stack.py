"""A whole private stack as real processes: `tonearm up` in a directory and on ports of its own."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.drills.rig.conditions import wait_for
from infra.local import ports, state
from infra.local.process import Process
from infra.local.servers.control import of_node
from infra.local.services import ROOT

START_SECONDS = 120.0
STOP_SECONDS = 15.0


class Stack:
    """The stack in one directory. It dies with the test run, however that ends (see `infra.local.leash`)."""

    def __init__(self, directory: Path, **settings: str) -> None:
        """`settings` are variables of the environment, for the supervisor and every service."""
        self.directory = directory.resolve()
        self.settings = {
            "LOCAL_DIR": str(self.directory),
            "WORK_DIR": str(self.directory / "work"),
            "GATEWAY_PORT": str(ports.free_port()),
            "AUTH_PORT": str(ports.free_port()),
            "CONVERTERS": "2",
            **settings,
        }
        self._supervisor: Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which clients reach it."""
        known = state.running(self.directory)
        assert known, f"the stack in {self.directory} does not run"
        return known.environment

    @property
    def url(self) -> str:
        """The gateway's URL."""
        return f"http://127.0.0.1:{self.settings['GATEWAY_PORT']}"

    @property
    def admin(self) -> tuple[str, str]:
        """E-mail and password of the first admin."""
        return self.environment["ADMIN_EMAIL"], self.environment["ADMIN_PASSWORD"]

    @property
    def mailbox(self) -> Path:
        """The directory of the mail catcher's mails."""
        return self.directory / "mail"

    async def start(self) -> None:
        """Start it and return once every component is ready."""
        inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self._supervisor = Process(
            "the stack",
            [sys.executable, "-m", "cli.main", "up", "--no-logs"],
            log=self.directory / "supervisor.log",
            environment={**inherited, **self.settings},
            directory=ROOT,
        )
        await self._supervisor.start()
        await self._supervisor.ready(self._is_ready, START_SECONDS)

    async def stop(self) -> None:
        """Stop it; the data stays."""
        if self._supervisor:
            await self._supervisor.stop(STOP_SECONDS)

    async def _is_ready(self) -> bool:
        # The supervisor hears of a kill a moment after it: a component counts while its process lives.
        known = state.running(self.directory)
        return bool(known and known.ready and all(map(_is_ready, known.components)))

    async def all_ready(self, timeout: float = 90.0) -> None:
        """Wait until every component is ready, after some were killed."""
        await wait_for(self._is_ready, timeout, "every component is ready again")

    def parts(self) -> dict[str, state.ComponentState]:
        """Return the components by name."""
        known = state.running(self.directory)
        return {part.name: part for part in known.components} if known else {}

    def pid(self, name: str) -> int | None:
        """Return the component's process id, None while it has no process."""
        part = self.parts().get(name)
        return part.pid if part and _is_alive(part) else None

    def name_of(self, pid: int) -> str:
        """Return the component that runs as this process."""
        return next(part.name for part in self.parts().values() if part.pid == pid)

    async def signal(self, name: str, number: signal.Signals) -> int:
        """Send the component a signal as soon as it has a process; returns that process's id."""
        pid: int = await wait_for(lambda: self.pid(name), 60, f"{name} has a process")
        os.kill(pid, number)
        return pid

    async def restart(self, name: str) -> None:
        """End a component in good order and wait until its supervisor has brought it back."""
        restarts = self.parts()[name].restarts
        await self.signal(name, signal.SIGTERM)
        await wait_for(lambda: self.parts()[name].restarts > restarts, 30, f"{name} ended")
        await self.all_ready()

    def broker_control(self) -> tuple[Path, dict[str, str]]:
        """Return rabbitmqctl and the environment in which it reaches this broker."""
        pid = self.pid("rabbitmq")
        assert pid, "the broker does not run"
        return of_node(pid)

    def processes(self) -> list[str]:
        """Return every process that has to do with this stack, as `pid command`."""
        return [f"{pid} {_command(pid)}" for pid in _all_pids() if self._is_ours(pid)]

    def kill_leftovers(self) -> None:
        """End what should not be there any more."""
        for process in self.processes():
            os.kill(int(process.partition(" ")[0]), signal.SIGKILL)

    def _is_ours(self, pid: int) -> bool:
        """Judge by command line, environment or open files: a converter's ffmpeg has only the last."""
        mark = str(self.directory)
        folder = Path(f"/proc/{pid}")
        try:
            texts = [(folder / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ")]
            texts += [str(link.readlink()) for link in (folder / "fd").iterdir()]
        except OSError:
            return False
        return pid != os.getpid() and any(mark in text for text in texts)


def _is_alive(part: state.ComponentState) -> bool:
    return part.pid is not None and state.identity(part.pid) == part.identity


def _is_ready(part: state.ComponentState) -> bool:
    return part.phase == "ready" and (part.pid is None or _is_alive(part))


def _all_pids() -> Iterator[int]:
    return (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "(ended)"
