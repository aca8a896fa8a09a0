"""A MariaDB for the tests: a process on a free port, its data in a directory of its own, no fsync."""

import asyncio
import getpass
import shutil
import tempfile
from pathlib import Path

import aiomysql
from uuid_utils import uuid4

from infra.local.addresses import HOST
from infra.local.ports import free_port, is_open
from infra.local.process import Process
from infra.local.servers.install import find_tool

USER, PASSWORD = "tonearm", "p@ss/word"
URL_PASSWORD = "p%40ss%2Fword"
QUICK = [
    *("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-log-file-size=8M"),
    *("--innodb-buffer-pool-size=32M", "--performance-schema=OFF", "--skip-name-resolve"),
]


class MariaDB:
    """One server, run by whoever runs the tests."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="tonearm-mariadb-"))
        self.port = free_port()
        self._process: Process | None = None

    async def start(self, timeout: float = 60.0) -> None:
        make, server = find_tool("mariadb-install-db"), find_tool("mariadbd")
        here = self._directory
        # A server that starts removes what it takes for its own old temporary tables, another's too.
        where = [f"--datadir={here}/data", f"--tmpdir={here}"]
        common = ["--no-defaults", *where, f"--user={getpass.getuser()}", *QUICK]
        making = Process(
            "mariadb-install-db",
            [str(make), *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            log=here / "install.log",
            directory=here,
        )
        await making.start()
        assert await asyncio.wait_for(making.wait(), timeout) == 0, making.log.read_text()
        here.joinpath("init.sql").write_text(
            f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO {USER}@'%' WITH GRANT OPTION;\n"
        )
        self._process = Process(
            "mariadb",
            [
                *(str(server), *common, f"--init-file={here}/init.sql"),
                *(f"--socket={here}/socket", f"--pid-file={here}/pid"),
                *(f"--port={self.port}", f"--bind-address={HOST}"),
            ],
            log=here / "mariadb.log",
            directory=here,
        )
        await self._process.start()
        await self._process.ready(lambda: is_open(self.port), timeout)

    async def kill(self) -> None:
        if self._process:
            await self._process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def url_of(self, database: str, port: int | None = None) -> str:
        return f"mysql://{USER}:{URL_PASSWORD}@{HOST}:{port or self.port}/{database}"

    async def database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{uuid4().hex}"
        await self.run(f"CREATE DATABASE {name}")
        return name

    async def drop(self, name: str) -> None:
        await self.run(f"DROP DATABASE {name}")

    async def run(self, *statements: str, database: str = "") -> None:
        connection = await aiomysql.connect(
            host=HOST, port=self.port, user=USER, password=PASSWORD, db=database, autocommit=True
        )
        try:
            async with connection.cursor() as cursor:
                for statement in statements:
                    await cursor.execute(statement)
        finally:
            await connection.ensure_closed()
