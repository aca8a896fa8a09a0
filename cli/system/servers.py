"""The URLs of the servers, from the environment, and a database that raises our errors."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from cli.errors import stack_is_down
from events.errors import Unavailable
from service import mongodb
from service.settings import InvalidSetting, Settings

_ANSWER = 300.0
"""Seconds: on what a rebuild asks of it a database may work for minutes."""
SCHEMES = {
    "stream_url": ("rabbitmq-stream",),
    "rabbitmq_url": ("amqp", "amqps"),
    "mongodb_url": ("mongodb", "mongodb+srv"),
    "rabbitmq_management_url": ("http", "https"),
}


class Servers(Settings, frozen=True, kw_only=True):
    """The URLs, each needed by some subcommands only, and whether colour is unwanted."""

    stream_url: str = ""
    rabbitmq_url: str = ""
    mongodb_url: str = ""
    rabbitmq_management_url: str = ""
    no_color: str = ""

    def need(self, name: str) -> str:
        """Return the URL in this field. Raises Unavailable when there is none, InvalidSetting."""
        return needed(self, name)

    @contextlib.asynccontextmanager
    async def database(self, *, answer: float = _ANSWER) -> AsyncIterator[AsyncDatabase[Any]]:
        """Open the database for a block. Raises InvalidSetting, and Unavailable from inside the block.

        `answer` is the limit in seconds for its silence while it owes an answer.
        """
        url = self.need("mongodb_url")
        try:
            client = mongodb.connect(url, reach=min(5.0, answer), answer=answer, name="tonearm replay")
            database = client.get_default_database("tonearm")
        except (ValueError, PyMongoError):
            raise InvalidSetting("MONGODB_URL is no URL such as mongodb://HOST:PORT") from None
        async with client:
            try:
                yield database
            except PyMongoError as error:
                raise Unavailable(f"MongoDB: {error}") from error


def needed(settings: Settings, name: str) -> str:
    """Return the URL in a field of some settings. Raises Unavailable when there is none, InvalidSetting."""
    url = getattr(settings, name)
    if not url:
        raise Unavailable(stack_is_down(f"set {name.upper()}"))
    if not _is_sound(name, url):
        # Without the value: a password in it may be what made it unreadable.
        raise InvalidSetting(f"{name.upper()} is no URL such as {SCHEMES[name][0]}://HOST:PORT")
    return str(url)


def _is_sound(name: str, url: str) -> bool:
    if not url.startswith(tuple(f"{scheme}://" for scheme in SCHEMES[name])):
        return False
    if name == "mongodb_url":
        return True  # its driver takes it apart: there may be several hosts in it
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        return False
