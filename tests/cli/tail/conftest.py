"""`tonearm tail` as a process of its own, as people run it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


class Running:
    """A running tail, and what it has written so far."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._news = asyncio.Condition()
        self._readers = [
            asyncio.create_task(self._read(stream, lines))
            for stream, lines in ((process.stdout, self.out), (process.stderr, self.err))
            if stream is not None
        ]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The records of `--format json`."""
        return [json.loads(line) for line in self.out]

    async def until(self, text: str, *, err: bool = False, timeout: float = 60) -> None:
        """Wait until a line holds the text."""
        lines = self.err if err else self.out
        try:
            async with asyncio.timeout(timeout), self._news:
                await self._news.wait_for(lambda: any(text in line for line in lines))
        except TimeoutError:
            raise AssertionError(f"{text!r} never came; out: {self.out}; err: {self.err}") from None

    async def end(self, number: signal.Signals | None = None, timeout: float = 60) -> int:
        """Return the exit code, after a signal if one is given."""
        if number is not None:
            self.process.send_signal(number)
        async with asyncio.timeout(timeout):
            code = await self.process.wait()
            await asyncio.gather(*self._readers)
            return code

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        async for line in stream:
            async with self._news:
                lines.append(line.decode().rstrip("\n"))
                self._news.notify_all()


@asynccontextmanager
async def _tail(*arguments: str, **environment: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli.tail", *arguments),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LOCAL_DIR": "/nonexistent", **environment},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    running = Running(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await running.end()


@pytest.fixture
def tail() -> Callable[..., AbstractAsyncContextManager[Running]]:
    """`async with tail(*arguments, **environment) as running`."""
    return _tail


@pytest.fixture
def finished() -> Callable[..., Awaitable[Running]]:
    """`await finished(*arguments, **environment)`: a run to its end, with nothing on standard input."""

    async def finish(*arguments: str, **environment: str) -> Running:
        async with _tail(*arguments, **environment) as running:
            running.process.stdin.close()
            await running.end()
            return running

    return finish
