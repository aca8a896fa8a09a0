"""`python -m auth`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

from auth.accounts import Accounts
from auth.announcing import Announcer
from auth.app import Door, make_app
from auth.directories import opened
from auth.keeping import keep_link, keep_swept, lacks, prepare
from auth.keyfile import load_or_create
from auth.mongo_sessions import MongoSessions
from auth.passwords import Passwords
from auth.sessions import Sessions
from auth.settings import AuthSettings
from auth.signing import Signer
from events import mongodb
from events.publisher import Publisher
from events.settings import load
from service.http import serve
from service.lifecycle import run_service, started
from service.stopping import unless_stopped
from service.usage import answer_help

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
        mongo = await stack.enter_async_context(mongodb.connect(settings.mongodb_url, reach=3.0, answer=5.0))
        store = MongoSessions(mongo.get_default_database("tonearm"))
        publisher = Publisher(settings.rabbitmq_url, name=SERVICE)
        stack.push_async_exit(publisher)
        announcer = Announcer(publisher)
        stack.push_async_callback(announcer.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        clock: Callable[[], datetime] = partial(datetime.now, UTC)
        signer = Signer(key, clock=clock, lifetime=settings.access_seconds)
        sessions = Sessions(
            store=store,
            directory=directory,
            signer=signer,
            announcer=announcer,
            clock=clock,
            lifetime=timedelta(days=settings.session_days),
        )
        accounts = Accounts(
            directory=directory, passwords=passwords, announcer=announcer, sessions=sessions, clock=clock
        )
        if not await unless_stopped(
            stop, prepare(accounts, directory, store, settings.admin_email, settings.admin_password)
        ):
            return
        for keeping in (
            keep_link(publisher, settings.rabbitmq_url, accounts, sessions),
            keep_swept(store, clock),
        ):
            stack.callback(asyncio.create_task(keeping).cancel)
        door = Door(settings.registration == "open", settings.service_token)
        app = make_app(accounts, sessions, signer, door, partial(lacks, publisher, directory))
        await serve(app, settings.auth_host, settings.auth_port, stop, grace=REQUEST_GRACE)


def main() -> NoReturn:
    """Run the service, and end the process (see `service.lifecycle`)."""
    answer_help(SERVICE, AuthSettings)
    run_service(SERVICE, lambda: load(AuthSettings, os.environ), run)


if __name__ == "__main__":
    main()
