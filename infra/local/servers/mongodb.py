"""The MongoDB of the local stack: SecantusDB, which speaks MongoDB's wire protocol, as a child process.

It comes from the `local` dependency group and is never imported. Any MONGODB_URL replaces it.
"""

import asyncio
import os
import sys
from pathlib import Path

from infra.local.errors import NotInstalled
from infra.local.ports import HOST, is_open, kept_ports
from infra.local.process import Process

PROGRAM = "secantusd-py"
DATABASE = "tonearm"
CACHE_MB = 256, 2048
"""At least, and at most: a quarter of the memory between them, taken as it is filled. A full one ends all:
who holds the server's one lock waits for room, and those whose old snapshots take it wait for the lock."""

PANIC = b"WT_PANIC"
"""What stands in the log when the storage engine has given up, as on a full disk. MongoDB ends then, and is
started again; SecantusDB stays, and answers every request with an error for ever."""
LOOK_SECONDS = 2.0


class MongoDB:
    """One server. Its port is kept with its data, and stays the same while nobody else has taken it."""

    name = "mongodb"

    def __init__(self, directory: Path, *, log: Path | None = None) -> None:
        self._directory = directory.resolve()
        [self.port] = kept_ports(self._directory / "port", 1)
        self._log = log or self._directory / "mongodb.jsonl"
        self._process: Process | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The URL of the database `tonearm`."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the URL of a database; it need not exist."""
        return f"mongodb://{HOST}:{self.port}/{database}"

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
        self._process = Process(
            self.name,
            [
                *(str(program), "--host", HOST, "--port", str(self.port)),
                *("--storage-path", str(self._directory / "data"), "--cache-size", f"{cache_mb()}M"),
                *("--log-level", "WARNING", "--standalone", "--sync-on-commit"),
            ],
            log=self._log,
            directory=self._directory,
        )
        begin = self._log.stat().st_size if self._log.exists() else 0
        await self._process.start()
        self._watching = asyncio.create_task(self._end_on_panic(self._process, begin))
        await self._process.ready(lambda: is_open(self.port), timeout)

    async def stop(self, grace: float = 8.0) -> None:
        """Stop the server, its data safe."""
        if self._watching:
            self._watching.cancel()
        if self._process:
            await self._process.stop(grace)

    async def kill(self) -> None:
        """End the server like a power cut would."""
        if self._watching:
            self._watching.cancel()
        if self._process:
            await self._process.kill()

    async def _end_on_panic(self, process: Process, begin: int) -> None:
        """End the server when its log tells of a panic; who keeps it starts it again."""
        while process.pid is not None:
            await asyncio.sleep(LOOK_SECONDS)
            with self._log.open("rb") as log:
                log.seek(begin)
                said = log.read()
            if PANIC in said:
                await process.kill()
            begin += max(len(said) - len(PANIC), 0)


def cache_mb() -> int:
    """Return how large the cache may become on this machine."""
    least, most = CACHE_MB
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
    return min(max(memory // 4, least), most)
