"""The children of a supervisor that was killed: they end on their leashes, and this waits for them."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import structlog

from infra.local import state

log = structlog.get_logger()

GRACE = 4.0
POLL_SECONDS = 0.1


async def end(directory: Path) -> None:
    """Wait for the children a stale state file names, kill what is left of them, remove the file.

    Call with the lock held. A process that only has the same pid is not touched.
    """
    stale = state.last(directory)
    if stale is None:
        return
    log.warning("stack_was_killed", pid=stale.pid)
    deadline = asyncio.get_running_loop().time() + GRACE
    while left := [
        part for part in stale.components if part.pid and state.identity(part.pid) == part.identity
    ]:
        for part in left:
            if asyncio.get_running_loop().time() < deadline:
                continue
            log.warning("killing_leftover", component=part.name, pid=part.pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(part.pid or 0, signal.SIGKILL)
        await asyncio.sleep(POLL_SECONDS)
    state.remove(directory)
