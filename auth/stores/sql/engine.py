"""A database of SQL: how it is reached, how long it may take, and its errors as ours."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from auth.errors import DirectoryUnavailable
from auth.stores.time_limit import within
from service.settings import InvalidSetting

POSTGRESQL, MYSQL = "postgresql", "mysql"
_KINDS = {"postgresql": POSTGRESQL, "postgres": POSTGRESQL, "mysql": MYSQL, "mariadb": MYSQL}
_DATABASE = "tonearm"
_CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
"""For an answer of the database, connecting included."""
_POOL, _MORE = 5, 5
"""Connections that are kept, and as many more under load."""


def engine_of(url: str) -> AsyncEngine:
    """Return an engine for `postgresql://…` or `mysql://…`; it connects when it is first used.

    Without a path the database is `tonearm`. Encryption: `?sslmode=` of PostgreSQL's own values; for MySQL
    `?ssl=true` (the system's authorities) or `?ssl_ca=FILE`. Raises InvalidSetting, without the URL: a
    password in it may be what made it unreadable.
    """
    try:
        parsed = make_url(url)
        kind = _KINDS[parsed.drivername]
    except (ArgumentError, KeyError, ValueError):
        raise InvalidSetting(
            "setting: the directory's URL is no postgresql://USER:PASSWORD@HOST/DATABASE, nor mysql://…"
        ) from None
    parsed = parsed.set(database=parsed.database or _DATABASE)
    return _postgresql(parsed) if kind == POSTGRESQL else _mysql(parsed)


@asynccontextmanager
async def answering(seconds: float | None = None) -> AsyncIterator[None]:
    """Raise DirectoryUnavailable if the block takes longer than `seconds`, and for any error of a driver.

    The default is ANSWER_SECONDS.
    """
    try:
        async with within(seconds or ANSWER_SECONDS):
            yield
    except (SQLAlchemyError, OSError, TimeoutError) as error:  # drivers let those of sockets through
        raise DirectoryUnavailable(f"the database does not answer: {_root(error)}") from error


def _root(error: BaseException) -> str:
    """Return the name of what happened, in the driver's words; its text may hold what was asked."""
    while cause := getattr(error, "orig", None) or error.__cause__:
        error = cause
    number = error.args[0] if error.args and isinstance(error.args[0], int) else ""
    return f"{type(error).__name__} {number}".strip()


def _postgresql(url: URL) -> AsyncEngine:
    query = _known(url, "sslmode")
    encryption = {"ssl": query["sslmode"]} if "sslmode" in query else {}
    return _engine(
        url.set(drivername="postgresql+asyncpg", query={}),
        {"timeout": _CONNECT_SECONDS, "command_timeout": ANSWER_SECONDS, **encryption},
    )


def _mysql(url: URL) -> AsyncEngine:
    query = _known(url, "ssl", "ssl_ca")
    arguments: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "charset": "utf8mb4",
        # Text that does not fit is an error, although the server's default may be to cut it.
        "init_command": "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    }
    if query.get("ssl_ca") or query.get("ssl") == "true":
        from auth.stores.sql.mysql import connect

        arguments["async_creator_fn"] = connect
        try:
            arguments["ssl"] = ssl.create_default_context(cafile=query.get("ssl_ca"))
        except OSError as error:
            raise InvalidSetting(f"setting: ssl_ca in the directory's URL: {error.strerror}") from error
    return _engine(url.set(drivername="mysql+aiomysql", query={}), arguments)


def _engine(url: URL, arguments: dict[str, Any]) -> AsyncEngine:
    return create_async_engine(
        url,
        connect_args=arguments,
        pool_size=_POOL,
        max_overflow=_MORE,
        pool_timeout=_CONNECT_SECONDS,
        pool_pre_ping=True,  # a connection that died while idle is replaced, not handed out
        pool_recycle=1800,
        isolation_level="AUTOCOMMIT",  # every question is one statement: no BEGIN, COMMIT or ROLLBACK around
        skip_autocommit_rollback=True,
        hide_parameters=True,  # addresses and hashes; errors end in logs
    )


def _known(url: URL, *names: str) -> dict[str, str]:
    if unknown := sorted(set(url.query) - set(names)):
        if "@" in unknown[0]:  # it is the rest of a password, and not to be shown
            raise InvalidSetting("setting: the directory's URL has an @ in its password; it is written %40")
        raise InvalidSetting(
            f"setting: the directory's URL: {unknown[0]!r} is not known; it may have {', '.join(names)}"
        )
    return {name: value for name, value in url.query.items() if isinstance(value, str)}
