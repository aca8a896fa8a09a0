"""A PostgreSQL for the tests: a process on a free port, its data in a directory of its own, no fsync."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import asyncpg
from uuid_utils import uuid4

from infra.local.addresses import HOST
from infra.local.ports import free_port, is_open
from infra.local.process import Process
from infra.local.servers.install import find_tool

USER, PASSWORD = "tonearm", "p@ss/word"
URL_PASSWORD = "p%40ss%2Fword"
QUICK = [
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "autovacuum=off", "-c", "shared_buffers=16MB", "-c", "max_connections=200"),
]


class PostgreSQL:
    """One server. It refuses to run as root: then it runs as the user that Debian's package has made."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="tonearm-postgresql-"))
        self.port = free_port()
        self._process: Process | None = None

    async def start(self, timeout: float = 60.0) -> None:
        initdb, postgres = find_tool("initdb"), find_tool("postgres")
        self._directory.joinpath("password").write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self._directory, self._directory / "password"):
                shutil.chown(path, "postgres", "postgres")
        data = str(self._directory / "data")
        make = Process(
            "initdb",
            [
                *(*self._as_somebody(), str(initdb), "-D", data, "--no-sync", "-U", USER, "-E", "UTF8"),
                *("--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={self._directory}/password"),
            ],
            log=self._directory / "initdb.log",
            directory=self._directory,
        )
        await make.start()
        assert await asyncio.wait_for(make.wait(), timeout) == 0, make.log.read_text()
        self._process = Process(
            "postgresql",
            [
                *(*self._as_somebody(), str(postgres), "-D", data, "-p", str(self.port), *QUICK),
                *("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories="),
            ],
            log=self._directory / "postgresql.log",
            directory=self._directory,
        )
        await self._process.start()
        await self._process.ready(self._answers, timeout)

    async def kill(self) -> None:
        if self._process:
            await self._process.kill()  # its children end when they see it gone
        shutil.rmtree(self._directory, ignore_errors=True)

    def url_of(self, database: str, port: int | None = None) -> str:
        return f"postgresql://{USER}:{URL_PASSWORD}@{HOST}:{port or self.port}/{database}"

    async def database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{uuid4().hex}"
        await self.run(f"CREATE DATABASE {name}")
        return name

    async def drop(self, name: str) -> None:
        await self.run(f"DROP DATABASE {name} WITH (FORCE)")

    async def run(self, *statements: str, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.url_of(database), timeout=10)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def _answers(self) -> bool:
        if not await is_open(self.port):
            return False
        try:
            await self.run("SELECT 1")
        except asyncpg.CannotConnectNowError:
            return False
        return True

    def _as_somebody(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        # A change of user takes the leash off (prctl(2)): put it on again.
        user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return ["setpriv", *user, "--pdeathsig", "TERM"]
