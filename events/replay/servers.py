"""Where the servers are, as the environment tells, and a database that speaks our errors."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.errors import Unavailable
from events.settings import InvalidSetting, Settings


class Servers(Settings, frozen=True, kw_only=True):
    """The URLs, each needed by some subcommands only, and whether colour is unwanted."""

    stream_url: str = ""
    rabbitmq_url: str = ""
    mongodb_url: str = ""
    rabbitmq_management_url: str = ""
    no_color: str = ""

    def need(self, name: str) -> str:
        """Return the URL in this field. Raises InvalidSetting when it is not set."""
        url = getattr(self, name)
        if not url:
            raise InvalidSetting(
                f"{name.upper()} is not set; is the local stack running? `./justw status` tells"
            )
        return str(url)

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[AsyncDatabase[Any]]:
        """Open the database for a block. Raises Unavailable, from inside the block too."""
        client: AsyncMongoClient[Any] | None = None
        try:
            client = AsyncMongoClient(
                self.need("mongodb_url"), serverSelectionTimeoutMS=5000, appname="tonearm replay"
            )
            yield client.get_default_database("tonearm")
        except PyMongoError as error:
            raise Unavailable(f"MongoDB: {error}") from error
        finally:
            if client is not None:
                await client.close()
