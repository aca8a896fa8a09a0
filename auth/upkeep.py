"""Broker and database: what must stand in them before anything is served, and the link that is kept up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from auth.accounts.accounts import Accounts
from auth.accounts.first_admin import ensure_first_admin
from auth.errors import DirectoryUnavailable
from auth.sessions.sessions import Sessions
from auth.stores.directory import Directory
from events.log import topology
from events.log.publisher import Publisher

log = structlog.get_logger()


class Store(Protocol):
    """What is kept for a while. Both methods raise DirectoryUnavailable."""

    async def prepare(self) -> None:
        """Make what it needs. Idempotent."""
        ...

    async def sweep(self, now: datetime) -> None:
        """Forget what has expired."""
        ...


async def prepare(
    accounts: Accounts, directory: Directory, stores: Sequence[Store], email: str, password: str
) -> None:
    """Wait for the database for ever: without its unique index nobody may register.

    Address and password are the first admin's, as the settings name them.
    """
    while True:
        try:
            await directory.prepare()
            for store in stores:
                await store.prepare()
            await ensure_first_admin(accounts, directory, email, password)
            return
        except DirectoryUnavailable as error:
            log.warning("waiting_for_database", error=str(error))
            await asyncio.sleep(0.5)


async def keep_link(publisher: Publisher, url: str, accounts: Accounts, sessions: Sessions) -> None:
    """Declare the topology and keep the publisher's channel open, so that `ready` tells of now.

    Each time the broker is back, announce what it has missed. Ends of sessions are looked for all the time:
    one may have been dropped among too many events, or by a broker that was back before it was missed here.
    """
    owing = True
    while True:
        try:
            if not publisher.ready:
                owing = True
                await topology.declare(url)
                await publisher.open()
            if owing:
                await accounts.announce_rest()
                owing = False
            await sessions.announce_rest()
        except DirectoryUnavailable as error:
            log.warning("not_announced", error=str(error))
        except Exception as error:  # whatever it is, this loop is what mends it
            log.warning("broker_away", error=repr(error))
        await asyncio.sleep(2.0)


async def keep_swept(
    stores: Sequence[Store], forget: Callable[[datetime], Awaitable[None]], clock: Callable[[], datetime]
) -> None:
    """Forget what has expired, in stores and otherwise, every few minutes and for ever."""
    while True:
        try:
            for store in stores:
                await store.sweep(clock())
            await forget(clock())
        except DirectoryUnavailable as error:
            log.warning("not_swept", error=str(error))
        await asyncio.sleep(300.0)


async def lacks(publisher: Publisher, directory: Directory) -> tuple[str, ...]:
    """Return what is away."""
    away = () if publisher.ready else ("the broker is away",)
    try:
        await directory.ping()
    except DirectoryUnavailable:
        away = ("the database is away", *away)
    return away
