"""SIGINT and SIGTERM, for commands that run in an event loop."""

import asyncio
import contextlib
import signal
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def cancel_on_signals() -> list[int]:
    """Let SIGINT and SIGTERM cancel the current task, so that its connections are closed.

    The second of them ends what holds up the loop, such as output that nobody reads: KeyboardInterrupt.
    Returns a list of those that have come, which grows.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101
    came: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(task.cancel)

    before = {}
    with contextlib.suppress(ValueError):  # not in the main thread
        for number in _NUMBERS:
            before[number] = signal.signal(number, on_signal)

    def restore(_: object) -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    task.add_done_callback(restore)
    return came
