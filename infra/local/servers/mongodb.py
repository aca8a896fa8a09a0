"""The MongoDB of the local stack: SecantusDB, which speaks MongoDB's wire protocol, as a child process.

It comes from the `local` dependency group and is never imported. Any MONGODB_URL replaces it. It asks for a
password, which is kept beside the data: another user of the machine can reach the port, and not that file.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog

from infra.local.addresses import HOST
from infra.local.environment import of_program
from infra.local.errors import NotInstalled
from infra.local.kept import kept_secret
from infra.local.ports import free_port, is_open, kept_ports
from infra.local.process import Process

PROGRAM = "secantusd-py"
DATABASE = USER = "tonearm"
CACHE_MB = 256, 2048
"""At least, and at most: a quarter of the memory between them, taken as it is filled."""

STORAGE_ENGINE = (
    "eviction_dirty_trigger=95,eviction_updates_trigger=95,eviction=(threads_min=4,threads_max=4)"
)
"""Settings of WiredTiger: a client's request writes changed pages out only when they fill 95 % of the cache.

By default it must from 20 % on, from 10 % for new values, and it waits until the share has fallen. That could
stop SecantusDB for good. The request holds the server's one lock, and other requests wait for this lock while
their open transactions keep the pages in the cache. WiredTiger's own threads write out from 5 % on;
with four of them the same load got through one and a half times as fast, or more."""

_ENGINE_VARIABLE = "WIREDTIGER_CONFIG"

PANIC = b"WT_PANIC"
"""The log's word for a storage engine that has given up, as on a full disk. MongoDB ends then, and is
started again; SecantusDB stays, and answers every request with an error."""
LOOK_SECONDS = 2.0

PROBE_SECONDS = 5.0
SILENT_SECONDS = 20.0
"""The seconds a small write may take. Its answer may be an error; without one, the server is ended."""

log = structlog.get_logger()


class MongoDB:
    """One server. Its port is kept with its data, and stays the same while nobody else has taken it."""

    name = "mongodb"

    def __init__(self, directory: Path, *, log: Path | None = None, end_silent: bool = False) -> None:
        """With `end_silent` a server that does not answer is killed, for its keeper to start it again."""
        self._directory = directory.resolve()
        [self.port] = kept_ports(self._directory / "port", 1)
        self._log = log or self._directory / "mongodb.jsonl"
        self._process: Process | None = None
        self._end_silent = end_silent
        self._watching: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """The URL of the database `tonearm`."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the URL of a database; it need not exist."""
        return f"mongodb://{USER}:{self.password}@{HOST}:{self.port}/{database}?authSource=admin"

    @property
    def password(self) -> str:
        """The password of our user; made on the first use, and kept."""
        return kept_secret(self._directory / "password")

    @property
    def process(self) -> Process | None:
        """The server's process once started."""
        return self._process

    async def start(self, timeout: float = 30.0) -> None:
        """Start it; return once it accepts connections. Raises NotInstalled, NotReady."""
        program = Path(sys.executable).with_name(PROGRAM)
        if not program.exists():
            raise NotInstalled(f"{PROGRAM} is missing from the environment; `./justw doctor` mends it")
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._watch_no_more()
        if not self._with_user.exists():
            await self._make_user(program, timeout)
        self._process = self._prepared(program, self.port, "--auth")
        begin = self._log.stat().st_size if self._log.exists() else 0
        await self._process.start()
        self._watch(self._end_on_panic(self._process, begin))
        await self._process.ready(lambda: is_open(self.port), timeout)
        if self._end_silent:
            self._watch(self._end_when_silent(self._process))

    async def ready(self) -> bool:
        """Return True if it accepts connections."""
        return await is_open(self.port)

    @property
    def _with_user(self) -> Path:
        """A file that shows, beside the data, that our user is in them."""
        return self._directory / "data" / "tonearm.user"

    def _prepared(self, program: Path, port: int, *more: str) -> Process:
        engine = os.environ.get(_ENGINE_VARIABLE, STORAGE_ENGINE)
        return Process(
            self.name,
            [
                *(str(program), "--host", HOST, "--port", str(port)),
                *("--storage-path", str(self._directory / "data"), "--cache-size", f"{cache_mb()}M"),
                *("--log-level", "WARNING", "--standalone", "--sync-on-commit", *more),
            ],
            log=self._log,
            environment=of_program(os.environ) | {_ENGINE_VARIABLE: engine},
            directory=self._directory,
        )

    async def _make_user(self, program: Path, timeout: float) -> None:
        """Make our user, once. SecantusDB makes one only while it asks for no password.

        So it runs for a moment without, on a port that nobody knows. Raises NotReady.
        """
        from pymongo import AsyncMongoClient
        from pymongo.errors import OperationFailure

        port = free_port()
        open_to_all = self._prepared(program, port)
        await open_to_all.start()
        try:
            await open_to_all.ready(lambda: is_open(port), timeout)
            async with AsyncMongoClient[dict[str, Any]](HOST, port, directConnection=True) as client:
                about = {"pwd": self.password, "roles": ["root"]}
                try:
                    await client.admin.command({"createUser": USER, **about})
                except OperationFailure:  # it was made before, and the file was not written any more
                    await client.admin.command({"updateUser": USER, **about})
        finally:
            await open_to_all.stop()
        self._with_user.touch(0o600)

    async def stop(self, grace: float = 8.0) -> None:
        """Stop the server, its data safe."""
        self._watch_no_more()
        if self._process:
            await self._process.stop(grace)

    async def kill(self) -> None:
        """End the server like a power cut would."""
        self._watch_no_more()
        if self._process:
            await self._process.kill()

    def _watch(self, watch: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(watch)
        task.add_done_callback(self._watched)
        self._watching.append(task)

    def _watched(self, task: asyncio.Task[None]) -> None:
        """Log the failure of a watch: the server goes on, and nobody looks after it."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("watch_failed", component=self.name, exc_info=error)

    def _watch_no_more(self) -> None:
        while self._watching:
            self._watching.pop().cancel()

    async def _end_on_panic(self, process: Process, begin: int) -> None:
        """End the server when its log names a panic, for its keeper to start it again."""
        while process.pid is not None:
            await asyncio.sleep(LOOK_SECONDS)
            with self._log.open("rb") as log:
                log.seek(begin)
                said = log.read()
            if PANIC in said:
                await process.kill()
            begin += max(len(said) - len(PANIC), 0)

    async def _end_when_silent(self, process: Process) -> None:
        """End the server when it does not answer a write, for its keeper to start it again.

        It loses nothing: whatever it has acknowledged is on disk.
        """
        from pymongo import AsyncMongoClient
        from pymongo.errors import PyMongoError

        async with AsyncMongoClient[dict[str, Any]](self.url, directConnection=True) as client:
            probe = client["keeper"]["probe"]
            while process.pid is not None:
                await asyncio.sleep(PROBE_SECONDS)
                try:
                    async with asyncio.timeout(SILENT_SECONDS):
                        with contextlib.suppress(PyMongoError):
                            await probe.replace_one({"_id": 1}, {}, upsert=True)
                except TimeoutError:
                    if process.pid is not None:
                        log.error("component_silent", component=self.name, seconds=SILENT_SECONDS)
                        await process.kill()


def cache_mb() -> int:
    """Return how large the cache may become on this machine."""
    least, most = CACHE_MB
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
    return min(max(memory // 4, least), most)
