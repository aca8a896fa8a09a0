import asyncio
import sys
from pathlib import Path

import pytest
from waiting import wait_for

from infra.local.keeper import Keeper
from infra.local.process import Process


class Flaky:
    """A component that ends at once the first time, and cannot be started the second."""

    name = "flaky"

    def __init__(self, log: Path) -> None:
        self.starts = 0
        self._log = log
        self.process: Process | None = None

    async def start(self) -> None:
        self.starts += 1
        if self.starts == 2:
            raise OSError(28, "No space left on device")
        seconds = 0 if self.starts == 1 else 300
        command = [sys.executable, "-c", f"import time; time.sleep({seconds})"]
        self.process = Process(self.name, command, log=self._log)
        await self.process.start()

    async def ready(self) -> bool:
        return True

    async def stop(self, grace: float) -> None:
        if self.process:
            await self.process.stop(grace)


async def test_a_full_disk_during_a_restart_ends_neither_the_keeper_nor_the_stack(tmp_path: Path) -> None:
    component = Flaky(tmp_path / "log")
    keeper = Keeper(component, lambda keeper: None)
    await keeper.start()
    keeping = asyncio.create_task(keeper.keep())
    try:
        await wait_for(lambda: keeping.done() or (component.starts == 3 and keeper.phase == "ready"), 20)
        assert not keeping.done()
        assert keeper.state().restarts == 2
    finally:
        keeping.cancel()
        await component.stop(1.0)


class Idle(Flaky):
    """A component whose process runs on, whatever it does."""

    name = "idle"

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.starts = 2
        self.works = True

    async def ready(self) -> bool:
        return self.works


async def test_a_component_whose_process_runs_and_does_nothing_is_not_called_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.keeper.LOOK_SECONDS", 0.02)
    component = Idle(tmp_path / "log")
    phases: list[str] = []
    keeper = Keeper(component, lambda keeper: phases.append(keeper.phase))
    await keeper.start()
    keeping = asyncio.create_task(keeper.keep())
    try:
        component.works = False
        await wait_for(lambda: keeper.phase == "not ready", 20)
        component.works = True
        await wait_for(lambda: keeper.phase == "ready", 20)
        assert phases == ["ready", "not ready", "ready"]
        assert keeper.state().restarts == 0
    finally:
        keeping.cancel()
        await component.stop(1.0)
