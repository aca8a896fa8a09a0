import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from broker import Broker
from sqlalchemy import Column, MetaData, String, Table

from auth.accounts.accounts import Accounts
from auth.errors import BadCredentials
from auth.passwords.foreign_hashes import Kind
from auth.stores.mongo.directory import MongoDirectory
from cli.account import import_table
from cli.account.foreign_table import ForeignTable, Row
from cli.account.import_table import Importer, LeftOut
from cli.log.log import Log
from cli.log.places import ending
from events.errors import NotConfirmed
from events.log.stream import First
from tests.auth.passwords.test_foreign_hashes import MADE, PASSWORD

COURSE = {
    "mariadb": "CREATE TABLE user (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " email VARCHAR(255) NOT NULL UNIQUE, password VARCHAR(255), role VARCHAR(20))",
    "postgresql": 'CREATE TABLE "user" (id serial PRIMARY KEY,'
    " email varchar(255) NOT NULL UNIQUE, password varchar(255), role varchar(20))",
}
PLAIN = "Admin123-canary"
ROWS = [
    ("canary-plain@example.com", PLAIN, "user"),
    ("Canary-Admin@Example.com", PLAIN, "Admin"),
    ("canary-hashed@example.com", MADE[0][1], None),
    ("canary-bcrypt@example.com", MADE[5][1], None),
    ("canary-md5@example.com", "5f4dcc3b5aa765d61d8327deb882cf99", None),
    ("canary-null@example.com", None, None),
    ("canary, no address", PLAIN, None),
    (" canary-plain@example.com", "another-canary", "user"),
    ("canary-\u00e9@example.com", PLAIN, None),
    *((f"canary-{number}@example.com", None, None) for number in range(250)),  # more than a page
]


def quoted(value: str | None) -> str:
    return "NULL" if value is None else f"'{value}'"


@pytest.fixture(params=["mariadb", "postgresql"])
def table(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the course's table."""
    return str(request.getfixturevalue(f"{request.param}_table"))


async def fill(server: Any, kind: str, url: str) -> str:
    table = '"user"' if kind == "postgresql" else "user"
    rows = ", ".join(f"({', '.join(map(quoted, row))})" for row in ROWS)
    insert = f"INSERT INTO {table} (email, password, role) VALUES {rows}"  # noqa: S608
    await server.run(COURSE[kind], insert, database=url.rpartition("/")[2])
    return url


@pytest.fixture
async def mariadb_table(mariadb: Any, mariadb_url: str) -> str:
    return await fill(mariadb, "mariadb", mariadb_url)


@pytest.fixture
async def postgresql_table(postgresql: Any, postgresql_url: str) -> str:
    return await fill(postgresql, "postgresql", postgresql_url)


async def test_a_table_of_the_courses_shape_is_taken_over_once_without_a_word_of_it_in_any_output(
    accounts: Accounts, directory: MongoDirectory, tonearm: Any, table: str, broker: Broker
) -> None:
    code, planned, beside = await tonearm("import", "--from", table)
    assert code == 0
    assert "dry run: no account was written; --yes imports 257 accounts" in planned
    assert await directory.is_empty()

    code, said, beside_too = await tonearm("import", "--from", table, "--yes")
    assert code == 0, said
    for count in ("3  plain", "1  pbkdf2", "1  bcrypt", "1  hashes that cannot", "251  without a password"):
        assert count in said
    assert "1  left out: here already" in said
    assert "1  left out: without an e-mail address" in said
    assert "imported: 257 accounts" in said

    code, again, _ = await tonearm("import", "--from", table, "--yes")
    assert "imported: 0 accounts" in again
    outputs = planned + beside + said + beside_too + again
    assert "canary" not in outputs
    assert "p%40ss" not in outputs

    await accounts.sign_in("canary-plain@example.com", PLAIN)
    assert (await accounts.sign_in("canary-admin@example.com", PLAIN)).access.claims.roles == (
        "user",
        "admin",
    )
    for email in ("canary-hashed@example.com", "canary-bcrypt@example.com"):
        await accounts.sign_in(email, PASSWORD)
        found = await directory.by_email(email)
        assert found is not None
        assert found.password_hash.startswith("$argon2id$"), "made anew at the sign-in"
    for email, password in (
        ("canary-md5@example.com", "password"),
        ("canary-md5@example.com", "5f4dcc3b5aa765d61d8327deb882cf99"),
        ("canary-null@example.com", ""),
    ):
        with pytest.raises(BadCredentials):
            await accounts.sign_in(email, password)

    assert not await directory.unannounced(1)
    types: Counter[str] = Counter()
    async for batch in Log(broker.stream_url, print).between(First(), ending("end")):
        assert not any(b"canary" in line.body for line in batch)
        types.update(line.event.type for line in batch if line.event)
    assert types == {"account.registered": 257}


@pytest.mark.parametrize(
    ("column", "value", "admin"),
    [("role", "Admin", True), ("role", 1, False), ("roles", ["user", "admin"], True), ("is_admin", 1, True)],
)
def test_a_number_makes_an_admin_only_where_the_column_asks_for_one(
    column: str, value: Any, admin: bool
) -> None:
    engine: Any = None
    columns = [Column(name, String) for name in ("id", "email", "password", column)]
    source = ForeignTable(engine, Table("user", MetaData(), *columns))
    assert source.row("a@example.com", "x", value).is_admin is admin


async def test_an_import_that_broke_off_goes_on_where_it_was_and_tells_of_everybody(
    directory: MongoDirectory, fake_broker: Any, mariadb_table: str
) -> None:
    async with import_table.opened(mariadb_table, "user") as source:
        fake_broker.mode = "away"
        with pytest.raises(NotConfirmed):
            await import_table.import_all(source, len(ROWS), Importer(directory, fake_broker))
        kept = len(await directory.unannounced(1000))
        assert 0 < kept < 257
        fake_broker.mode = "up"
        tally = await import_table.import_all(source, len(ROWS), Importer(directory, fake_broker))
    assert sum(tally.values()) == len(ROWS)
    subjects = Counter(event.subject for event in fake_broker.events)
    assert len(subjects) == 257
    assert set(subjects.values()) == {1}


async def test_of_rows_with_one_address_the_first_counts_also_if_its_password_takes_longer(
    directory: MongoDirectory, accounts: Accounts, fake_broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer, later = Importer(directory, fake_broker), asyncio.Event()
    hashed = importer.passwords.hash

    async def slow(password: str) -> str:
        if password == PLAIN:
            with suppress(TimeoutError):
                await asyncio.wait_for(later.wait(), 0.5)
        else:
            asyncio.get_running_loop().call_later(0.2, later.set)
        return await hashed(password)

    monkeypatch.setattr(importer.passwords, "hash", slow)
    rows = [Row("twice@example.com", PLAIN, False), Row(" Twice@example.com", "another-canary", False)]
    assert await importer.add(rows) == [Kind.PLAIN, LeftOut.KNOWN]
    await accounts.sign_in("twice@example.com", PLAIN)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--table", "nobody"], "no table 'nobody'"),
        (["--table", "things"], "no column 'password'; it has: id, email"),
    ],
)
async def test_a_table_that_does_not_fit_is_named_with_what_it_lacks(
    tonearm: Any, postgresql: Any, postgresql_url: str, arguments: list[str], said: str
) -> None:
    database = postgresql_url.rpartition("/")[2]
    await postgresql.run("CREATE TABLE things (id integer, email text)", database=database)
    code, _, told = await tonearm("import", "--from", postgresql_url, *arguments)
    assert code == 1
    assert said in told
