"""A table of accounts in another product's database: `user(id, email, password)`. It is only read."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Self

from sqlalchemy import Column, MetaData, Select, Table, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.errors import InvalidRequest
from auth.stores.sql.engine import answering

EMAIL, PASSWORD = ("email",), ("password", "password_hash", "hashed_password")
ROLE, FLAG = ("role", "roles"), ("is_admin", "admin")
_ADMIN, _YES = {"admin", "administrator", "superuser"}, {"true", "yes", "t", "1"}
SECONDS = 30.0
"""For a page: a table that is not ours may lack what makes that quick."""


class Row(NamedTuple):
    """An account as the table has it. The repr shows nothing of it."""

    email: str
    password: str
    is_admin: bool

    def __repr__(self) -> str:
        return "Row(…)"


class ForeignTable:
    """The table, read by pages in the order of `id`. Its methods raise DirectoryUnavailable."""

    def __init__(self, engine: AsyncEngine, table: Table) -> None:
        self._engine, self._table = engine, table
        self._id = _column(table, ("id",))
        self._email, self._password = _column(table, EMAIL), _column(table, PASSWORD)
        self.role = next((table.c[name] for name in (*ROLE, *FLAG) if name in table.c), None)
        # Yes to being an admin makes one; a role's number may mean anything.
        self._admins = _ADMIN | _YES if self.role is not None and self.role.name in FLAG else _ADMIN

    @classmethod
    async def of(cls, engine: AsyncEngine, name: str) -> Self:
        """Look at the table. Raises InvalidRequest when it is not there, or lacks a column."""
        schema, _, bare = name.rpartition(".")

        def reflected(connection: Connection) -> Table:
            return Table(bare, MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)

        async with answering(SECONDS):
            try:
                async with engine.connect() as connection:
                    return cls(engine, await connection.run_sync(reflected))
            except NoSuchTableError:
                raise InvalidRequest(f"there is no table {name!r} to import from; --table names it") from None

    async def count(self) -> int:
        """Return how many rows there are."""
        async with answering(SECONDS), self._engine.connect() as connection:
            return int(await connection.scalar(select(func.count()).select_from(self._table)) or 0)

    async def pages(self, size: int) -> AsyncIterator[list[Row]]:
        """Yield all rows."""
        columns = [self._id, self._email, self._password, *([] if self.role is None else [self.role])]
        query: Select[Any] = select(*columns).order_by(self._id).limit(size)
        page = query
        while True:
            async with answering(SECONDS), self._engine.connect() as connection:
                rows = (await connection.execute(page)).all()
            if not rows:
                return
            yield [self.row(*row[1:]) for row in rows]
            page = query.where(self._id > rows[-1][0])

    def row(self, email: Any, password: Any, role: Any = None) -> Row:
        """Return the row that these columns are."""
        return Row(_text(email), _text(password), _says(role, self._admins))


def _column(table: Table, names: tuple[str, ...]) -> Column[Any]:
    for name in names:
        if name in table.c:
            return table.c[name]
    raise InvalidRequest(
        f"the table has no column {names[0]!r}; it has: {', '.join(column.name for column in table.c)}"
    )


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="replace")
    return "" if value is None else str(value)


def _says(value: Any, wanted: set[str]) -> bool:
    if isinstance(value, list | tuple | set):
        return any(_says(each, wanted) for each in value)
    return not wanted.isdisjoint(_text(value).lower().replace(",", " ").split())
