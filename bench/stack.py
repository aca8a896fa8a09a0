"""A private stack for one measure: own folder, own ports, ended whatever happens to us."""

import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.measure import BenchFailed
from infra.local import state
from infra.local.ports import free_port
from infra.local.process import Process
from infra.local.services import ROOT
from infra.local.settings import LocalSettings

STOP_SECONDS = 15.0


class Stack:
    """A running stack; `environment` is what clients and services are reached by."""

    def __init__(self, directory: Path) -> None:
        known = state.running(directory)
        if known is None:
            raise BenchFailed(f"the stack in {directory} has ended")
        self._state = known
        self.environment = known.environment

    def pids(self, name: str) -> list[int]:
        """Return the processes of a component; `converter` means all of them."""
        return [
            part.pid
            for part in self._state.components
            if part.pid is not None and part.name.partition("-")[0] == name
        ]

    def seconds(self, name: str) -> float:
        """Return how long a component took to start."""
        return next(part.seconds or 0.0 for part in self._state.components if part.name == name)


def private_environment(directory: Path) -> dict[str, str]:
    """Return this process's environment without the settings of another stack."""
    told = {name.upper() for name in LocalSettings.__struct_fields__}
    kept = {name: value for name, value in os.environ.items() if name not in told}
    return {
        **kept,
        "LOCAL_DIR": str(directory),
        "GATEWAY_PORT": str(free_port()),
        "AUTH_PORT": str(free_port()),
    }


@asynccontextmanager
async def private_directory() -> AsyncIterator[Path]:
    """Give a folder on the disk that TMPDIR names, for the block."""
    with tempfile.TemporaryDirectory(prefix="tonearm-bench-", ignore_cleanup_errors=True) as directory:
        yield Path(directory).resolve()


@asynccontextmanager
async def running_stack() -> AsyncIterator[Stack]:
    """Start a stack with empty stores, and stop it after the block. Raises what starting it raises.

    It is on a leash: should this process be killed, the stack ends by itself.
    """
    async with private_directory() as directory:
        supervisor = Process(
            "the stack",
            [sys.executable, "-m", "cli.main", "up", "--no-logs"],
            log=directory / "stack.log",
            environment=private_environment(directory),
            directory=ROOT,
        )

        async def is_ready() -> bool:
            known = state.running(directory)
            return known is not None and known.ready

        try:
            await supervisor.start()
            await supervisor.ready(is_ready, 180.0)
            yield Stack(directory)
        finally:
            await supervisor.stop(STOP_SECONDS)
