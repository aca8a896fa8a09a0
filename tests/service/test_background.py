import asyncio

import pytest
from structlog.testing import capture_logs
from waiting import wait_for

from service.background import kept_running


async def test_a_task_that_ends_is_told_by_name_and_begins_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("service.background._FIRST_PAUSE", 0.01)
    begun: list[str] = []

    async def fails() -> None:
        begun.append("fails")
        raise RuntimeError("nobody foresaw this")

    async def ends() -> None:
        begun.append("ends")

    async def lasts() -> None:
        begun.append("lasts")
        await asyncio.Event().wait()

    with capture_logs() as lines:
        async with kept_running(fails=fails, ends=ends, lasts=lasts):
            await wait_for(lambda: min(begun.count("fails"), begun.count("ends")) > 2, 20)
    told = {(line["event"], line["task"]) for line in lines}
    assert told == {("background_failed", "fails"), ("background_ended", "ends")}
    assert begun.count("lasts") == 1
    after = len(begun)
    await asyncio.sleep(0)
    assert len(begun) == after, "nothing goes on behind the block"
