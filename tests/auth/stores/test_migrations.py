import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select, table, text
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.errors import DirectoryUnavailable
from auth.stores.sql.directory import SqlDirectory
from auth.stores.sql.engine import MYSQL, POSTGRESQL, engine_of
from auth.stores.sql.migrations import MIGRATIONS, Migration, migrate
from service.mail_preference import MailPreference


def step(number: int, statement: str) -> Migration:
    return Migration(number, f"step {number}", {POSTGRESQL: (statement,), MYSQL: (statement,)})


TWICE_WOULD_FAIL = (
    *MIGRATIONS,
    step(1001, "CREATE TABLE numbers (number integer)"),
    step(1002, "INSERT INTO numbers VALUES (1)"),
)


@pytest.fixture(params=["postgresql", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(url)
    yield engine
    await engine.dispose()


async def count(engine: AsyncEngine, name: str) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table(name))) or 0)


async def test_of_replicas_that_start_at_once_one_runs_each_step_once(url: str, engine: AsyncEngine) -> None:
    engines = [engine_of(url) for _ in range(8)]
    try:
        done = await asyncio.gather(*(migrate(each, TWICE_WOULD_FAIL) for each in engines))
    finally:
        await asyncio.gather(*(each.dispose() for each in engines))
    assert sorted(done, key=len)[:-1] == [[]] * 7
    assert max(done, key=len) == [migration.number for migration in TWICE_WOULD_FAIL]
    assert await count(engine, "numbers") == 1
    assert await count(engine, "tonearm_migrations") == len(TWICE_WOULD_FAIL)


async def test_a_later_build_runs_only_what_is_new(engine: AsyncEngine) -> None:
    assert await migrate(engine) == [migration.number for migration in MIGRATIONS]
    assert await migrate(engine, TWICE_WOULD_FAIL) == [1001, 1002]
    assert await migrate(engine) == []


async def test_accounts_of_an_earlier_build_get_what_a_new_account_gets(engine: AsyncEngine) -> None:
    """And so do those that a replica of that build adds while both run."""
    add = text(
        "INSERT INTO tonearm_accounts (account_id, email, password_hash, roles, created, announced, disabled)"
        " VALUES (:id, :id, 'h', 'user', '2026-01-01 12:00:00', true, false)"
    )
    await migrate(engine, MIGRATIONS[:1])
    async with engine.connect() as connection:
        await connection.execute(add, {"id": "before"})
    await migrate(engine)
    async with engine.connect() as connection:
        await connection.execute(add, {"id": "meanwhile"})
    directory = SqlDirectory(engine)
    found = [await directory.by_id(each) for each in ("before", "meanwhile")]
    assert [(each.verified, each.mails) for each in found if each] == [(True, MailPreference.ALL)] * 2


async def test_a_step_that_fails_is_not_noted_and_keeps_nobody_from_trying_again(engine: AsyncEngine) -> None:
    broken = (*MIGRATIONS, step(1001, "CREATE TABLE numbers (number integer, nonsense)"))
    with pytest.raises(DirectoryUnavailable, match=r"SyntaxError|ProgrammingError"):
        await migrate(engine, broken)
    async with asyncio.timeout(10):
        assert 1002 in await migrate(engine, TWICE_WOULD_FAIL)
