"""SIGINT and SIGTERM, for commands that run in an event loop."""

import asyncio
import contextlib
import signal


def cancel_on_signals() -> None:
    """Let SIGINT and SIGTERM cancel the current task, so that its connections are closed."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):  # not in the main thread
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
