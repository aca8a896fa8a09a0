"""One child process: on a leash, in its own session, its output in a file, stopped in a known time.

Its own session keeps a Ctrl-C in the terminal from reaching children directly: they end in the order the
supervisor chooses.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from infra.local import leash
from infra.local.errors import NotReady

LAST_LINES = 15
POLL_SECONDS = 0.05


class Process:
    """A program that is started, watched and stopped. `name` is used in messages."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = environment
        self._directory = directory
        self._child: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id, or None while it does not run."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def start(self) -> None:
        """Start it. Its output is appended to the log file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *self._command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                cwd=self._directory,
                start_new_session=True,
            )

    async def wait(self) -> int:
        """Return its exit code once it has ended."""
        if self._child is None:
            raise NotReady(f"{self.name} was never started")
        return await self._child.wait()

    async def ready(self, check: Callable[[], Awaitable[bool]], timeout: float) -> None:
        """Wait until the check is true. Raises NotReady when it ends first, or after `timeout` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not await check():
            if self.pid is None:
                code = self._child.returncode if self._child else None
                raise NotReady(f"{self.name} ended with code {code} while starting{self._last_words()}")
            if asyncio.get_running_loop().time() > deadline:
                raise NotReady(f"{self.name} was not ready after {timeout:.0f} s{self._last_words()}")
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self, grace: float = 8.0) -> None:
        """End it: SIGTERM, after `grace` seconds SIGKILL to its whole group."""
        if self._child is None:
            return
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._child.wait(), grace)
        await self.kill()

    async def kill(self) -> None:
        """End it at once with SIGKILL, and whatever it left in its group."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
            await self._child.wait()

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:] if self.log.exists() else []
        return "".join(f"\n    {line}" for line in [f"; from {self.log}:", *lines])
