"""The stack as a whole: run it here, start it in the background, stop it, reach it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from infra.local import given, state
from infra.local.errors import NotReady
from infra.local.servers.install import ensure_installed
from infra.local.services import ROOT
from infra.local.settings import LocalSettings
from infra.local.supervisor import Supervisor
from service import logs

Say = Callable[[str], None]
ShowLogs = Callable[[str, asyncio.Event], Coroutine[Any, Any, None]]
"""Shows the lines that come into the files of a glob, until it is cancelled or nobody reads them.

The event is set once the stack is being stopped.
"""

START_SECONDS = 180.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05


def run(settings: LocalSettings, say: Say, *, show_logs: ShowLogs | None, lock: int | None = None) -> None:
    """Run the stack in this process until SIGINT, SIGTERM or SIGHUP, or until `show_logs` ends.

    `lock` is the lock's descriptor when our parent has taken it for us.
    """
    ensure_installed(settings, say)
    with state.lock(settings.directory, lock):
        settings.logs.mkdir(exist_ok=True, mode=0o700)
        with (settings.logs / "stack.jsonl").open("a") as own_log:
            with contextlib.redirect_stdout(own_log):
                logs.configure("stack", settings.log_level)
            asyncio.run(_run(settings, say, show_logs))


async def _run(settings: LocalSettings, say: Say, show_logs: ShowLogs | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervising = asyncio.create_task(Supervisor(settings, say).run(stop))
    showing = asyncio.create_task(show_logs(str(settings.logs / "*.jsonl"), stop)) if show_logs else None
    try:
        await asyncio.wait(
            {supervising, *([showing] if showing else [])}, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        stop.set()  # whoever reads the logs may have gone
        await supervising
        if showing:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)


def ensure_up(say: Say = print) -> dict[str, str]:
    """Return the variables to reach the local stack by; start it in the background if it does not run.

    Several callers at once share the one that comes up. Raises LocalError or InvalidSetting.
    """
    settings = given.settings(os.environ)
    known = state.running(settings.directory)
    if not (known and known.ready):
        ensure_installed(settings, say)
        known = _wait_until_ready(settings, say)
    return dict(known.environment)


def _wait_until_ready(settings: LocalSettings, say: Say) -> state.State:
    """Wait for the stack, started by us or by somebody else. Ours does not outlive an interrupted wait."""
    shown: set[str] = set()
    starting: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < deadline:
            known = state.running(settings.directory)
            for part in known.components if known else ():
                if part.phase == "ready" and part.name not in shown:
                    shown.add(part.name)
                    say(f"  {part.name:<12} ready after {part.seconds:.1f} s")
            if known and known.ready:
                return known
            if state.holder(settings.directory) is None:
                if starting is not None:
                    raise NotReady(_last_words(settings))
                starting = _start(settings)
            time.sleep(POLL_SECONDS)
        raise NotReady(f"the stack was not ready after {START_SECONDS:.0f} s; see {settings.logs}")
    except BaseException:
        if starting is not None:
            starting.terminate()
        raise


def _start(settings: LocalSettings) -> "subprocess.Popen[bytes] | None":
    """Start a supervisor in a session of its own; None when somebody else just does.

    It gets the lock from us, so that there is no moment in which it runs and nobody can know of it.
    """
    lock = state.take(settings.directory)
    if lock is None:
        return None
    try:
        settings.logs.mkdir(exist_ok=True, mode=0o700)
        with (settings.logs / "stack.log").open("wb") as output:
            starting = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "up", "--no-logs", "--lock", str(lock)],
                cwd=ROOT,
                env={**os.environ, "LOCAL_DIR": str(settings.directory)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=[lock],
            )
        state.sign(lock, starting.pid)
        return starting
    finally:
        os.close(lock)


def _last_words(settings: LocalSettings) -> str:
    text = (settings.logs / "stack.log").read_text(errors="replace")
    said = [line for line in text.splitlines() if not line.startswith("  ") or "ready after" not in line]
    return "\n".join(said).removeprefix("tonearm up: ") or "the stack ended while starting"


def down(directory: Path) -> bool:
    """Stop the stack that runs in the directory and wait for its end. Returns False when none runs."""
    while (pid := state.holder(directory)) == 0:  # in the very moment of starting
        time.sleep(POLL_SECONDS)
    if pid is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        while time.monotonic() < deadline:
            if state.holder(directory) != pid:
                return True
            time.sleep(POLL_SECONDS)
    raise NotReady(f"the stack (process {pid}) does not end")
