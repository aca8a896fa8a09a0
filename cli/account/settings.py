"""The settings of `tonearm account`, and the stores and the publisher that they lead to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from auth.passwords.rules import SHORTEST, Length
from auth.settings import KeySettings
from auth.stores import by_url
from auth.stores.directory import Directory
from auth.stores.mongo.sessions import MongoSessions
from auth.stores.sessions import SessionStore
from cli.system.servers import needed
from events.log import topology
from events.log.publisher import Publisher
from service import mongodb


class OperatorSettings(KeySettings, frozen=True, kw_only=True):
    """URLs, key files, rules: each needed by some subcommands only."""

    auth_directory_url: str = ""
    mongodb_url: str = ""
    rabbitmq_url: str = ""
    stream_url: str = ""
    import_url: str = ""
    password_length: Length = SHORTEST

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[Directory]:
        """Give the directory for a block, its tables made: auth may never have run. Raises InvalidSetting."""
        async with by_url.opened(self.auth_directory_url or self.need("mongodb_url")) as directory:
            await directory.prepare()
            yield directory

    @asynccontextmanager
    async def sessions(self) -> AsyncIterator[SessionStore]:
        """Give the sessions for a block."""
        async with self.database() as database:
            yield MongoSessions(database)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[AsyncDatabase[Any]]:
        """Give the gateways' database for a block."""
        async with mongodb.connect(self.need("mongodb_url"), reach=3.0, answer=5.0) as client:
            yield client.get_default_database("tonearm")

    async def publisher(self) -> Publisher:
        """Return a publisher, to be entered, once the log can be written to. Raises Unavailable."""
        url = self.need("rabbitmq_url")
        await topology.declare(url)
        return Publisher(url, name="account")

    def need(self, name: str) -> str:
        """Return the URL in this field. Raises Unavailable when there is none, InvalidSetting."""
        return needed(self, name)
