"""The life of a service's process, from its settings to its exit code.

| exit code | what happened |
|---|---|
| 0 | SIGTERM or SIGINT stopped it |
| 1 | it cannot start or go on; the last lines of the log give the reason |
| 2 | a setting is missing or wrong; standard error names it |
| -14 (SIGALRM; 142 in a shell) | it did not stop in time; the log names the place where it hung |
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, Protocol, TypeVar

import structlog

from events.errors import TonearmError
from service import logs
from service.memory import keep_large_blocks_apart
from service.privacy import hide_from_neighbours
from service.settings import InvalidSetting, Settings
from service.stop import stop_on_signal
from service.tracing.setup import exported

STOP_SECONDS = 8.0
"""From the signal on; then SIGALRM ends the process, even if it waits for a server that is gone."""

log = structlog.get_logger()


class _Levelled(Protocol):
    @property
    def log_level(self) -> str: ...


S = TypeVar("S", bound=_Levelled)


def run_service(
    service: str,
    load: Callable[[], S],
    run: Callable[[S, asyncio.Event], Awaitable[None]],
    *,
    stop_seconds: float = STOP_SECONDS,
) -> NoReturn:
    """Run a service until it is asked to stop, and end the process with the exit code.

    `load` reads the settings. `run` begins with `started`, and returns soon after its event is set. An error
    that it raises ends the service.
    """
    _end(_run_service(service, load, run, stop_seconds))


def _end(code: int) -> NoReturn:
    # Not `sys.exit`: while the interpreter is taken down, threads of Granian's that ask for the GIL are ended
    # in the middle of Rust, which then aborts the process. Everything of ours is closed already.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _run_service(
    service: str,
    load: Callable[[], S],
    run: Callable[[S, asyncio.Event], Awaitable[None]],
    stop_seconds: float,
) -> int:
    hide_from_neighbours()
    keep_large_blocks_apart()
    try:
        settings = load()
        logs.configure(service, settings.log_level)
        with exported(service):
            asyncio.run(_until_signalled(settings, run, stop_seconds))
    except InvalidSetting as error:
        with contextlib.suppress(OSError):
            print(f"{service}: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        for cause in _causes(error):
            log.error(
                "cannot_go_on", error=str(cause), exc_info=not isinstance(cause, TonearmError) and cause
            )
        return 1
    return 0


def _causes(error: Exception) -> list[Exception]:
    if isinstance(error, ExceptionGroup):
        return [cause for each in error.exceptions for cause in _causes(each)]
    return [error]


def started(settings: Settings, **more: Any) -> None:
    """Write a service's first log line: its settings that are no defaults, and `more` fields."""
    log.info(logs.STARTED, settings=settings.chosen(), **more)


async def _until_signalled(
    settings: S, run: Callable[[S, asyncio.Event], Awaitable[None]], stop_seconds: float
) -> None:
    stop = asyncio.Event()
    stop_on_signal(stop, stop_seconds)
    await run(settings, stop)
    log.info("stopped")
