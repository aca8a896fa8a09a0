"""`python -m auth`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from auth.accounts import Accounts
from auth.announcing import Announcer
from auth.app import Door, make_app
from auth.directories import opened
from auth.keeping import keep_link, lacks, prepare
from auth.keyfile import load_or_create
from auth.passwords import Passwords
from auth.settings import AuthSettings
from events.publisher import Publisher
from events.settings import load
from service.http import serve
from service.lifecycle import run_service, started
from service.stopping import unless_stopped

SERVICE = "auth"
REQUEST_GRACE = 3.0
"""Seconds that requests under way get when the process is told to stop."""


async def run(settings: AuthSettings, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    started(settings)
    key = load_or_create(settings.key_file)
    async with AsyncExitStack() as stack:
        directory = await stack.enter_async_context(
            opened(settings.auth_directory_url or settings.mongodb_url)
        )
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
        if not await unless_stopped(
            stop, prepare(accounts, directory, settings.admin_email, settings.admin_password)
        ):
            return
        link = asyncio.create_task(keep_link(publisher, settings.rabbitmq_url, accounts))
        stack.callback(link.cancel)
        door = Door(settings.registration == "open", settings.service_token)
        app = make_app(accounts, door, partial(lacks, publisher, directory))
        await serve(app, settings.auth_host, settings.auth_port, stop, grace=REQUEST_GRACE)


def main() -> NoReturn:
    """Run the service, and end the process (see `service.lifecycle`)."""
    run_service(SERVICE, lambda: load(AuthSettings, os.environ), run)


if __name__ == "__main__":
    main()
