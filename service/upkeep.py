"""Broker and database: what must stand in them before a service begins, and the link that is kept up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase

from events.errors import Unavailable
from events.log import topology
from events.log.publisher import Publisher
from events.mongodb_errors import translated
from service.health import Check, trouble_check

log = structlog.get_logger()

_PREPARE_AGAIN = 0.5
_LOOK_EVERY = 1.0


async def prepared(*steps: Callable[[], Awaitable[None]]) -> None:
    """Take all steps, from the first again while one raises Unavailable, for ever.

    Nothing is served until then: with a binding missing an event would be lost silently, and without its
    unique index a database would take an account twice.
    """
    while True:
        try:
            for step in steps:
                await step()
        except Unavailable as error:
            log.warning("waiting", error=str(error))
            await asyncio.sleep(_PREPARE_AGAIN)
        else:
            return


async def keep_open(
    publisher: Publisher, rabbitmq_url: str, *, opened: Callable[[], None] = lambda: None
) -> None:
    """Keep the publisher's channel open, also while nothing is published, so that `ready` holds now.

    The broker may have come back empty, so everything is declared again first. `opened` is called each time
    the channel is open again.
    """
    while True:
        if not publisher.ready:
            try:
                await topology.declare(rabbitmq_url)
                await publisher.open()
                opened()
            except Exception as error:  # of any kind: only this loop mends the link
                log.warning("broker_away", error=str(error) or repr(error))
        await asyncio.sleep(_LOOK_EVERY)


def link_check(publisher: Publisher) -> Check:
    """Return a check that events can be published."""
    return trouble_check(lambda: None if publisher.ready else "the broker is away")


def database_check(database: AsyncDatabase[Any]) -> Check:
    """Return a check that MongoDB answers."""

    async def check() -> str | None:
        try:
            with translated("the database does not answer"):
                await database.command("ping")
        except Unavailable as error:
            log.warning("database_away", error=str(error))
            return "the database does not answer"
        return None

    return check
