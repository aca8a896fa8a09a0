"""Broker and database: what must stand in them before anything is served, and the link that is kept up."""

import asyncio
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events.errors import Unavailable
from events.log import topology
from events.log.publisher import Publisher
from gateway.storage import Bucket
from gateway.uploads.idempotency import UploadKeys

log = structlog.get_logger()


async def prepare(rabbitmq_url: str, *stores: Bucket | UploadKeys) -> None:
    """Wait for broker and database, for ever, and make what must stand in them.

    Nothing is served until then: with a binding missing, an upload's event would be lost silently.
    """
    while True:
        try:
            await topology.declare(rabbitmq_url)
            for each in stores:
                await each.prepare()
            return
        except Unavailable as error:
            log.warning("waiting", error=str(error))
            await asyncio.sleep(0.5)


async def keep_open(publisher: Publisher, rabbitmq_url: str) -> None:
    """Keep the publisher's channel open also when nobody uploads, so that `ready` tells of now.

    The broker may have come back empty, so everything is declared again first.
    """
    while True:
        if not publisher.ready:
            try:
                await topology.declare(rabbitmq_url)
                await publisher.open()
            except Unavailable as error:
                log.warning("broker_away", error=str(error))
        await asyncio.sleep(1.0)


async def answers(database: AsyncDatabase[Any]) -> str | None:
    """Return what is wrong with the database (a `gateway.health.Check`, once it has its database)."""
    try:
        await database.command("ping")
    except PyMongoError as error:
        return type(error).__name__
    return None
