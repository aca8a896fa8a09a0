"""The directory in a database of SQL: table `tonearm_accounts`, one row an account."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Delete,
    Insert,
    MetaData,
    Row,
    String,
    Table,
    Update,
    and_,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeDecorator

from auth.errors import AlreadyRegistered
from auth.stores.directory import Account, Identity
from auth.stores.sql.engine import answering
from auth.stores.sql.migrations import migrate
from service.mail_preference import MailPreference


class _Instant(TypeDecorator[datetime]):
    """A time, in UTC: MySQL keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


ACCOUNTS = Table(
    "tonearm_accounts",
    MetaData(),
    Column("account_id", String(36), primary_key=True),
    Column("email", String(254)),
    Column("password_hash", String(1024)),
    Column("roles", String(255)),
    Column("created", _Instant),
    Column("announced", Boolean),
    Column("disabled", Boolean),
    Column("verified", Boolean),
    Column("mails", String(16)),
    Column("mail_links", Boolean),
)
"""The columns as they are asked for; `migrations` makes them. Roles are words with blanks between."""

IDENTITIES = Table(
    "tonearm_identities",
    MetaData(),
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account_id", String(36)),
)
"""They go with their accounts."""


class SqlDirectory:
    """A `Directory`. The unique column `email` is what makes an address belong to one account."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._together = engine.execution_options(isolation_level="READ COMMITTED")
        """For statements of which all count or none."""

    async def prepare(self) -> None:
        await migrate(self._engine)

    async def ping(self) -> None:
        async with answering(), self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def is_empty(self) -> bool:
        async with answering(), self._engine.connect() as connection:
            return (await connection.execute(select(ACCOUNTS.c.account_id).limit(1))).first() is None

    async def add(self, account: Account, identity: Identity | None = None) -> None:
        row = {
            "account_id": account.account_id,
            "email": account.email,
            "password_hash": account.password_hash,
            "roles": " ".join(account.roles),
            "created": account.created,
            "announced": account.announced,
            "disabled": account.disabled,
            "verified": account.verified,
            "mails": account.mails.value,
            "mail_links": account.mail_links,
        }
        async with answering():
            try:
                async with self._together.begin() if identity else self._engine.connect() as connection:
                    await connection.execute(insert(ACCOUNTS).values(row))
                    if identity:
                        await connection.execute(_linking(account.account_id, identity))
            except IntegrityError:  # its text holds the address
                raise AlreadyRegistered("an account with this address exists") from None

    async def by_email(self, email: str) -> Account | None:
        return next(iter(await self._found(ACCOUNTS.c.email == email, limit=1)), None)

    async def by_id(self, account_id: str) -> Account | None:
        return next(iter(await self._found(ACCOUNTS.c.account_id == account_id, limit=1)), None)

    async def by_identity(self, identity: Identity) -> Account | None:
        theirs = select(IDENTITIES.c.account_id).where(_is(identity)).scalar_subquery()
        return next(iter(await self._found(ACCOUNTS.c.account_id == theirs, limit=1)), None)

    async def identities(self, account_id: str) -> list[Identity]:
        query = select(IDENTITIES.c.issuer, IDENTITIES.c.subject).where(IDENTITIES.c.account_id == account_id)
        async with answering(), self._engine.connect() as connection:
            return [Identity(*row) for row in await connection.execute(query)]

    async def link(self, account_id: str, identity: Identity) -> None:
        async with answering():
            try:
                async with self._together.begin() as connection:
                    await connection.execute(_linking(account_id, identity))
                    await connection.execute(_at(account_id).values(verified=True))
            except IntegrityError:
                known = await self.by_identity(identity)
                if known is None or known.account_id != account_id:
                    raise AlreadyRegistered("another account has this identity") from None

    async def rehash(self, account_id: str, old: str, new: str) -> bool:
        still = ACCOUNTS.c.password_hash == old
        return await self._changed(_at(account_id).where(still).values(password_hash=new))

    async def set_password(self, account_id: str, password_hash: str) -> bool:
        return await self._changed(_at(account_id).values(password_hash=password_hash, verified=True))

    async def unverified(self, before: datetime, limit: int) -> list[Account]:
        wanted = ACCOUNTS.c.verified.is_(False) & (ACCOUNTS.c.created < before)
        return await self._found(wanted, limit=limit)

    async def erase_unverified(self, account_id: str) -> bool:
        still = (ACCOUNTS.c.account_id == account_id) & ACCOUNTS.c.verified.is_(False)
        return await self._changed(delete(ACCOUNTS).where(still))

    async def mark_announced(self, account_id: str) -> None:
        await self._changed(_at(account_id).values(announced=True))

    async def unannounced(self, limit: int) -> list[Account]:
        return await self._found(ACCOUNTS.c.announced.is_(False), limit=limit)

    async def page(self, after: str, limit: int) -> list[Account]:
        return await self._found(ACCOUNTS.c.account_id > after, limit=limit)

    async def search(self, text: str, before: str, limit: int) -> list[Account]:
        id_, email = ACCOUNTS.c.account_id, ACCOUNTS.c.email
        wanted = email.contains(text, autoescape=True)
        if text.isascii():  # MySQL compares no other text with the ids
            wanted |= id_.startswith(text, autoescape=True)
        if before:
            wanted &= id_ < before
        return await self._found(wanted, limit=limit, order=id_.desc())

    async def set_roles(self, account_id: str, roles: tuple[str, ...]) -> bool:
        return await self._changed(_at(account_id).values(roles=" ".join(roles)))

    async def set_disabled(self, account_id: str, disabled: bool) -> bool:
        return await self._changed(_at(account_id).values(disabled=disabled))

    async def set_mails(self, account_id: str, mails: MailPreference) -> bool:
        return await self._changed(_at(account_id).values(mails=mails.value))

    async def set_mail_links(self, account_id: str, links: bool) -> bool:
        return await self._changed(_at(account_id).values(mail_links=links))

    async def erase(self, account_id: str) -> bool:
        return await self._changed(delete(ACCOUNTS).where(ACCOUNTS.c.account_id == account_id))

    async def _found(
        self,
        which: ColumnElement[bool],
        *,
        limit: int,
        order: ColumnElement[str] = ACCOUNTS.c.account_id,
    ) -> list[Account]:
        query = select(ACCOUNTS).where(which).order_by(order).limit(limit)
        async with answering(), self._engine.connect() as connection:
            rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
        return [_account(row) for row in rows]

    async def _changed(self, change: Update | Delete) -> bool:
        async with answering(), self._engine.connect() as connection:
            done = await connection.execute(change)
        return done.rowcount == 1


def _linking(account_id: str, identity: Identity) -> Insert:
    return insert(IDENTITIES).values(account_id=account_id, **identity._asdict())


def _is(identity: Identity) -> ColumnElement[bool]:
    return and_(IDENTITIES.c.issuer == identity.issuer, IDENTITIES.c.subject == identity.subject)


def _at(account_id: str) -> Update:
    return update(ACCOUNTS).where(ACCOUNTS.c.account_id == account_id)


def _account(row: Row[Any]) -> Account:
    return Account(
        account_id=row.account_id,
        email=row.email,
        password_hash=row.password_hash,
        roles=tuple(row.roles.split()),
        created=row.created,
        announced=row.announced,
        disabled=row.disabled,
        verified=row.verified,
        mails=MailPreference(row.mails),
        mail_links=row.mail_links,
    )
