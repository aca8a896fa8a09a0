import asyncio
import sys
from pathlib import Path

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
