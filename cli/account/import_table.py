"""`import`: accounts from another product's table, their passwords hashed on the way.

It may be broken off and begun again: accounts that are here already stay as they are. Nothing that is printed
holds a password or an address.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum

import click

from auth.accounts.accounts import registered
from auth.addresses import account_of, log_look_alike, registrable
from auth.announcements import Publishes
from auth.errors import AlreadyRegistered, InvalidRequest
from auth.passwords import foreign_hashes
from auth.passwords.foreign_hashes import Kind
from auth.passwords.hasher import Hasher
from auth.stores.directory import ADMIN, USER, Account, Directory
from auth.stores.sql.engine import engine_of
from cli.account.foreign_table import ForeignTable, Row
from cli.account.operator import operating
from cli.account.settings import OperatorSettings
from cli.exits import Exit
from cli.streams.remarks import Meter
from cli.tree.command import command
from events.ids import new_id
from service.settings import InvalidSetting, masked

PAGE = 200
AT_ONCE = 16
"""Accounts under way: fewer than may wait for a hash on a single core."""


class LeftOut(StrEnum):
    """Why a row becomes no account."""

    KNOWN = "here already, left as they are"
    NO_ADDRESS = "without an e-mail address that may be registered"


_TOLD = {
    Kind.PLAIN: "plain passwords, hashed on the way",
    Kind.ARGON2: "argon2 hashes, kept and made anew at the next sign-in",
    Kind.BCRYPT: "bcrypt hashes, kept and made anew at the next sign-in",
    Kind.PBKDF2: "pbkdf2 hashes, kept and made anew at the next sign-in",
    Kind.SCRYPT: "scrypt hashes, kept and made anew at the next sign-in",
    Kind.UNKNOWN: "hashes that cannot be verified: no password, they need a reset",
    Kind.NONE: "without a password: they need a reset",
}


@command(
    name="import",
    examples=[
        "tonearm account import --from mysql://reader@db.example.org/shop --table users",
        "IMPORT_URL=postgresql://… tonearm account import --yes",
    ],
    exits={Exit.FAILED: "the table will not do", Exit.UNAVAILABLE: "a server is away"},
)
@click.option(
    "--from", "source", metavar="URL", help="mysql://… or postgresql://…; or IMPORT_URL, unseen by ps"
)
@click.option(
    "--table",
    default="user",
    show_default=True,
    help="with id, email, password; maybe role, is_admin",
)
@click.option("--yes", is_flag=True, help="do it; without this, only say what would be done")
@operating
async def import_(settings: OperatorSettings, source: str | None, table: str, yes: bool) -> None:
    """Take over the accounts of another product's table. It may be broken off and begun again."""
    url = source or settings.import_url
    if not url:
        raise InvalidSetting("say where the table is: --from mysql://…, or IMPORT_URL")
    async with opened(url, table) as rows, settings.directory() as directory:
        total = await rows.count()
        print(f"table {table} at {masked('url', url)}: {total:,} rows")
        if yes:
            async with await settings.publisher() as publisher:
                tally = await import_all(rows, total, Importer(directory, publisher))
        else:
            tally = await _count(rows, total, directory)
    for line in _lines(tally, done=yes):
        print(line)


@asynccontextmanager
async def opened(url: str, table: str) -> AsyncIterator[ForeignTable]:
    """Give the table for a block. Raises InvalidSetting, InvalidRequest, DirectoryUnavailable."""
    engine = engine_of(url)
    try:
        yield await ForeignTable.of(engine, table)
    finally:
        await engine.dispose()


class Importer:
    """Makes accounts of rows, some at once."""

    def __init__(self, directory: Directory, publisher: Publishes) -> None:
        self._directory, self._publisher = directory, publisher
        self.passwords = Hasher()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def add(self, rows: Sequence[Row]) -> list[Kind | LeftOut]:
        """Make accounts, which are not announced yet. Returns their kinds, or the reasons for making none.

        Of rows with the same address the first one counts, however long its password takes.
        """
        begun: set[str] = set()
        return await asyncio.gather(*(self._add(row, begun) for row in rows))

    async def _add(self, row: Row, begun: set[str]) -> Kind | LeftOut:
        email = address(row)
        if email is None:
            return LeftOut.NO_ADDRESS
        if email in begun:
            return LeftOut.KNOWN
        begun.add(email)
        kind = foreign_hashes.kind(row.password)
        async with self._places:
            if await account_of(self._directory, email):
                return LeftOut.KNOWN
            account = Account(
                account_id=new_id(),
                email=email,
                password_hash=await self._hash(kind, row.password),
                roles=(USER, ADMIN) if row.is_admin else (USER,),
                created=datetime.now(UTC),
            )
            try:
                await self._directory.add(account)
            except AlreadyRegistered:
                return LeftOut.KNOWN
            log_look_alike(account)
        return kind

    async def announce(self) -> None:
        """Publish an event for each account that the log does not know of. Raises NotConfirmed."""
        while page := await self._directory.unannounced(PAGE):
            await asyncio.gather(*(self._announce(account) for account in page))

    async def _announce(self, account: Account) -> None:
        async with self._places:
            await self._publisher.publish(registered(account))
            await self._directory.mark_announced(account.account_id)

    async def _hash(self, kind: Kind, password: str) -> str:
        match kind:
            case Kind.PLAIN:
                return await self.passwords.hash(password)
            case Kind.UNKNOWN | Kind.NONE:
                return ""
            case _:
                return foreign_hashes.kept(password)


async def import_all(source: ForeignTable, total: int, importer: Importer) -> Counter[str]:
    """Import every row, and publish page by page. Returns the number of rows by what became of them."""
    tally: Counter[str] = Counter()
    try:
        with Meter("import", total, "rows") as meter:
            async for page in source.pages(PAGE):
                tally.update(await importer.add(page))
                await importer.announce()
                meter.at(meter.events + len(page), len(page))
    finally:
        importer.passwords.close()
    await importer.announce()
    return tally


async def _count(source: ForeignTable, total: int, directory: Directory) -> Counter[str]:
    tally: Counter[str] = Counter()
    seen: set[str] = set()
    with Meter("dry run", total, "rows") as meter:
        async for page in source.pages(PAGE):
            for row in page:
                email = address(row)
                if email is None:
                    tally[LeftOut.NO_ADDRESS] += 1
                elif email in seen or await account_of(directory, email):
                    tally[LeftOut.KNOWN] += 1
                else:
                    seen.add(email)
                    tally[foreign_hashes.kind(row.password)] += 1
            meter.at(meter.events + len(page), len(page))
    return tally


def address(row: Row) -> str | None:
    """Return the address of a row, if it is one that may be registered."""
    try:
        return registrable(row.email)
    except InvalidRequest:
        return None


def _lines(tally: Counter[str], *, done: bool) -> list[str]:
    accounts = sum(tally[kind] for kind in Kind)
    lines = [f"{tally[kind]:>9,}  {text}" for kind, text in _TOLD.items() if tally[kind]]
    lines += [f"{tally[why]:>9,}  left out: {why}" for why in LeftOut if tally[why]]
    if done:
        return [*lines, f"imported: {accounts:,} accounts"]
    return [*lines, f"dry run: no account was written; --yes imports {accounts:,} accounts"]
