"""A client of MongoDB that waits for nobody for ever."""

from typing import Any

from pymongo import AsyncMongoClient


def connect(
    url: str, *, reach: float = 5.0, answer: float = 30.0, name: str | None = None
) -> AsyncMongoClient[dict[str, Any]]:
    """Return a client, to be closed, that gives times with their zone. Nothing is opened yet.

    `reach` is how many seconds a server may take to be found and to accept a connection, `answer` how many
    it may say nothing while it owes an answer: the driver's default is for ever, and a database that stands
    still would hold its caller as long. After either an operation raises PyMongoError; reading is tried
    twice. Raises ValueError or PyMongoError for what is no URL.
    """
    return AsyncMongoClient(
        url,
        tz_aware=True,
        appname=name,
        serverSelectionTimeoutMS=round(reach * 1000),
        connectTimeoutMS=round(reach * 1000),
        socketTimeoutMS=round(answer * 1000),
    )
