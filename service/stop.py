"""The stop: a signal asks for it, and from then on a deadline runs.

A thread that the kernel's signal wakes keeps both, as the event loop or the main thread may be the one that
hangs. At the deadline SIGALRM ends the process by its default action. That works even if the process waits
for a server that is gone, for a thread, or for the full pipe of its log. Just before, the thread logs the
place where the process hangs.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from types import FrameType
from typing import Any

import structlog

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LAST_WORDS = 1.0
"""Seconds before the deadline at which the place is logged; half of the time if that is less."""
_MOST_TASKS, _MOST_FRAMES = 20, 5

log = structlog.get_logger()


def stop_on_signal(stop: asyncio.Event, seconds: float) -> None:
    """From now on SIGTERM and SIGINT set `stop`; `seconds` after the first of them SIGALRM ends the process.

    Called once, by the main thread, in the loop that waits for `stop`.
    """
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)  # the kernel's part is enough: it writes to the pipe
        signal.siginterrupt(number, False)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_watch, args=(woken, loop, stop, seconds), name="stop", daemon=True).start()


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Return True if the work was done before the stop; else it is cancelled."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        await working
        return True
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    return False


def _watch(woken: int, loop: asyncio.AbstractEventLoop, stop: asyncio.Event, seconds: float) -> None:
    while os.read(woken, 1)[0] not in _SIGNALS:
        pass  # any signal that has a handler wakes us
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with contextlib.suppress(RuntimeError):  # the loop has ended, and the process is about to
        loop.call_soon_threadsafe(stop.set)
    time.sleep(seconds - min(_LAST_WORDS, seconds / 2))
    tasks = [_place(_frames_of(task)) for task in asyncio.all_tasks(loop)]
    log.error(
        "stop_overdue",
        error=f"told to stop, and not done yet; {seconds:g} s after the signal SIGALRM ends it",
        main_thread=_place(_frames_of_main_thread()),
        tasks=sorted(tasks)[:_MOST_TASKS],
        threads=sorted(each.name for each in threading.enumerate() if not each.daemon),
    )


def _frames_of(task: asyncio.Task[Any]) -> list[FrameType]:
    """Return the coroutines of a task that waits, outermost first."""
    frames: list[FrameType] = []
    inner: Any = task.get_coro()
    while (frame := getattr(inner, "cr_frame", None)) is not None:
        frames.append(frame)
        inner = getattr(inner, "cr_await", None)
    return frames


def _frames_of_main_thread() -> list[FrameType]:
    frames: list[FrameType] = []
    inner = sys._current_frames().get(threading.main_thread().ident or 0)
    while inner is not None:
        frames.insert(0, inner)
        inner = inner.f_back
    return frames


def _place(frames: list[FrameType]) -> str:
    """Name the innermost functions, and the line. Nothing of what they work with: that may be secret."""
    names = " > ".join(frame.f_code.co_qualname for frame in frames[-_MOST_FRAMES:])
    return f"{names} ({frames[-1].f_code.co_filename}:{frames[-1].f_lineno})" if frames else "?"
