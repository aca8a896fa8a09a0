"""What a supervisor that was killed left behind: its children are ending on their leashes; see them out."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import structlog

from infra.local import state

log = structlog.get_logger()

GRACE = 10.0
POLL_SECONDS = 0.1


async def end(directory: Path) -> None:
    """Wait for the children a stale state file names, kill what is left of them, remove the file.

    Call with the lock held. A process that only has the same pid is not touched.
    """
    stale = state.last(directory)
    if stale is None:
        return
    log.warning("cleaning_after_killed_stack", pid=stale.pid)
    deadline = asyncio.get_running_loop().time() + GRACE
    while left := [
        part for part in stale.components if part.pid and state.identity(part.pid) == part.identity
    ]:
        for part in left:
            kind = signal.SIGTERM if asyncio.get_running_loop().time() < deadline else signal.SIGKILL
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(part.pid or 0, kind)
        await asyncio.sleep(POLL_SECONDS)
    state.remove(directory)
