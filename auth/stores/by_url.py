"""The directory that a URL names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from auth.stores.directory import Directory
from auth.stores.mongo.directory import MongoDirectory
from service import mongodb
from service.settings import InvalidSetting

MONGODB = ("mongodb://", "mongodb+srv://")
SQL = ("postgresql://", "postgres://", "mysql://", "mariadb://")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Directory]:
    """Give the directory for a block. It connects when it is first asked. Raises InvalidSetting."""
    if url.startswith(MONGODB):
        client = _mongo(url)
        async with client:
            yield MongoDirectory(client.get_default_database("tonearm"))
    elif url.startswith(SQL):
        try:
            from auth.stores.sql.directory import SqlDirectory
            from auth.stores.sql.engine import engine_of

            engine = engine_of(url)  # looks for the driver
        except ModuleNotFoundError as error:
            raise without_sql(error) from None
        try:
            yield SqlDirectory(engine)
        finally:
            await engine.dispose()
    else:
        raise InvalidSetting(
            "setting: AUTH_DIRECTORY_URL begins with mongodb://, postgresql:// or mysql://, and this does not"
        )


def without_sql(error: ModuleNotFoundError) -> InvalidSetting:
    """Return the error for missing libraries for SQL."""
    return InvalidSetting(
        f"setting: PostgreSQL and MySQL need the extra `sql` ({error.name} is missing):"
        " pip install 'tonearm-….whl[sql]'"
    )


def _mongo(url: str) -> AsyncMongoClient[dict[str, Any]]:
    try:
        return mongodb.connect(url, reach=3.0, answer=5.0)
    except (ValueError, PyMongoError):  # without the URL: a password in it may be what made it unreadable
        raise InvalidSetting("setting: the directory's URL is no mongodb://HOST:PORT/DATABASE") from None
