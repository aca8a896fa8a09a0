"""A running stack and clips to send to it. Whatever a test did, no process of its stack outlives it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from waiting import wait_for

from infra.drills.rig.clips import Clips
from infra.drills.rig.stack import Stack

ADMIN = {"ADMIN_EMAIL": "canary-admin@example.com", "ADMIN_PASSWORD": "the canary of an admin"}
"""To be seen in no log: see `canaries`."""

IMPORTS = {"IMPORTS": "on", "IMPORT_ALLOW": "127.0.0.1/32"}
"""Sources are on this machine."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-seconds", type=int, help="for how long requests are made up, for each credential"
    )


@asynccontextmanager
async def running(stack: Stack) -> AsyncIterator[Stack]:
    """Start the stack for the block; after it nothing of the stack may be left running."""
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()
        try:
            await wait_for(lambda: not stack.processes(), 10)
        except AssertionError:
            left = stack.processes()
            stack.kill_leftovers()
            raise AssertionError(f"left running: {left}") from None


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One stack for the tests that do not disturb each other."""
    settings = {**ADMIN, **IMPORTS, "WEBHOOK_ALLOW": "127.0.0.1"}
    async with running(Stack(tmp_path_factory.mktemp("stack"), **settings)) as started:
        yield started


@pytest.fixture
async def own_stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack of the test's own; it sweeps often, and only what is older than any upload's lease."""
    settings = {**ADMIN, "SWEEP_INTERVAL_SECONDS": "5", "SWEEP_GRACE_SECONDS": "120"}
    settings["WEBHOOK_ALLOW"] = "127.0.0.1"
    async with running(Stack(tmp_path / "stack", **settings)) as started:
        yield started


@pytest.fixture
async def mute_stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack that cannot write one line of its logs."""
    stack = Stack(tmp_path / "stack", **ADMIN, CONVERTERS="1")
    logs = stack.directory / "logs"
    logs.mkdir(parents=True)
    for part in ("auth", "gateway", "converter-1", "notifier", "stack"):
        (logs / f"{part}.jsonl").symlink_to("/dev/full")
    async with running(stack) as started:
        yield started


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Videos to upload, each made when it is first asked for."""
    return Clips(tmp_path_factory.mktemp("clips"))
