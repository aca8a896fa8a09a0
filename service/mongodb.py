"""A client of MongoDB whose every wait is bounded."""

from typing import Any

from pymongo import AsyncMongoClient


def connect(
    url: str, *, reach: float = 5.0, answer: float = 30.0, name: str | None = None
) -> AsyncMongoClient[dict[str, Any]]:
    """Return a client, to be closed, that gives times with their zone. Nothing is opened yet.

    `reach` is the limit in seconds for finding a server and connecting, `answer` the limit for its silence
    while it owes an answer. The driver's default is no limit, so a database that stands still would hold its
    caller for ever. After either limit an operation raises PyMongoError; reading is tried twice. Raises
    ValueError or PyMongoError for a bad URL.
    """
    return AsyncMongoClient(
        url,
        tz_aware=True,
        appname=name,
        serverSelectionTimeoutMS=round(reach * 1000),
        connectTimeoutMS=round(reach * 1000),
        socketTimeoutMS=round(answer * 1000),
    )
