"""`python -m auth`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo import AsyncMongoClient

from auth.accounts import Accounts
from auth.announcing import Announcer
from auth.app import Door, make_app
from auth.errors import DirectoryUnavailable
from auth.first_admin import ensure_first_admin
from auth.keyfile import load_or_create
from auth.mongo_directory import MongoDirectory
from auth.passwords import Passwords
from auth.serving import serve
from auth.settings import AuthSettings
from events import logs, topology
from events.errors import TonearmError
from events.publisher import Publisher
from events.settings import InvalidSetting, load

SERVICE = "auth"

STOP_SECONDS = 8
"""From the signal on; then SIGALRM ends the process, whatever it waits for: a server may be gone, too."""

log = structlog.get_logger()


async def run(settings: AuthSettings, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    key = load_or_create(settings.key_file)
    async with AsyncExitStack() as stack:
        mongo: AsyncMongoClient[dict[str, Any]] = await stack.enter_async_context(
            AsyncMongoClient(
                settings.mongodb_url,
                tz_aware=True,
                serverSelectionTimeoutMS=3000,
                connectTimeoutMS=3000,
                socketTimeoutMS=5000,
            )
        )
        directory = MongoDirectory(mongo.get_default_database("tonearm"))
        publisher = Publisher(settings.rabbitmq_url, name=SERVICE)
        stack.push_async_exit(publisher)
        announcer = Announcer(publisher)
        stack.push_async_callback(announcer.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        accounts = Accounts(
            directory=directory,
            passwords=passwords,
            announcer=announcer,
            key=key,
            clock=lambda: datetime.now(UTC),
            lifetime=settings.access_seconds,
        )
        if not await _until(stop, _prepare(settings, accounts, directory)):
            return
        link = asyncio.create_task(_keep_link(publisher, settings.rabbitmq_url, accounts))
        stack.callback(link.cancel)

        async def missing() -> tuple[str, ...]:
            lacks = () if publisher.ready else ("the broker is away",)
            try:
                await directory.ping()
            except DirectoryUnavailable:
                lacks = ("the database is away", *lacks)
            return lacks

        door = Door(settings.registration == "open", settings.service_token)
        app = make_app(accounts, door, missing)
        await serve(app, settings.auth_host, settings.auth_port, stop)


async def _prepare(settings: AuthSettings, accounts: Accounts, directory: MongoDirectory) -> None:
    """Wait for the database for ever: without its unique index nobody may register."""
    while True:
        try:
            await directory.prepare()
            await ensure_first_admin(accounts, directory, settings.admin_email, settings.admin_password)
            return
        except DirectoryUnavailable as error:
            log.warning("waiting_for_database", error=str(error))
            await asyncio.sleep(0.5)


async def _keep_link(publisher: Publisher, url: str, accounts: Accounts) -> None:
    """Declare the topology and keep the publisher's channel open, so that `ready` tells of now.

    Each time the broker is back, announce what it has missed.
    """
    while True:
        if not publisher.ready:
            try:
                await topology.declare(url)
                await publisher.open()
                await accounts.announce_rest()
            except Exception as error:  # whatever it is, this loop is what mends it
                log.warning("broker_away", error=repr(error))
        await asyncio.sleep(2.0)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Tell whether the work was done before being told to stop."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        await working
        return True
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    return False


async def _until_signalled(settings: AuthSettings) -> None:
    stop = asyncio.Event()

    def end() -> None:
        if not stop.is_set():
            signal.alarm(STOP_SECONDS)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    log.info("started", settings=repr(settings))
    await run(settings, stop)
    log.info("stopped")


def main() -> int:
    """Run the service. Returns 0 after a clean stop, 1 when it cannot start or go on, 2 for bad settings."""
    try:
        settings = load(AuthSettings, os.environ)
        logs.configure(SERVICE, settings.log_level)
        asyncio.run(_until_signalled(settings))
    except InvalidSetting as error:
        print(f"{SERVICE}: {error}", file=sys.stderr)
        return 2
    except TonearmError as error:
        log.error("cannot_go_on", error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
