"""`python -m auth`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

from msgspec import structs

from auth.accounts.accounts import Accounts
from auth.accounts.changes import Changes
from auth.accounts.front_desk import FrontDesk
from auth.accounts.letter_limits import LetterLimits
from auth.accounts.letters import Letters
from auth.accounts.password_changes import PasswordChanges
from auth.accounts.unconfirmed import forget_unverified
from auth.announcements import Announcer
from auth.app import make_app
from auth.keys.keyring import Keyring
from auth.keys.signer import Signer, keep_rotated
from auth.oidc.people import People
from auth.oidc.provider import providers
from auth.oidc.settings import LISTED, issuers
from auth.oidc.sign_in import SigningIn
from auth.passwords.hashing import Passwords
from auth.passwords.rules import PasswordRules
from auth.routes.door import Door
from auth.sessions.api_keys import ApiKeys
from auth.sessions.sessions import Sessions
from auth.settings import AuthSettings
from auth.stores.by_url import opened
from auth.stores.mongo.failures import MongoFailures
from auth.stores.mongo.letters import MongoLetters
from auth.stores.mongo.sessions import MongoSessions
from auth.throttle import Throttle
from auth.upkeep import keep_link, keep_swept, lacks, prepare
from events.log.publisher import Publisher
from events.tasks import cancelled
from service import mongodb
from service.http import serve
from service.metrics.http import Counted, HttpMetrics
from service.metrics.publishes import PublishMetrics
from service.metrics.registry import new_registry, serve_metrics
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.tracing.http import traced
from service.usage import answer_help

SERVICE = "auth"
REQUEST_GRACE = 3.0
"""Seconds that requests under way get when the process is told to stop."""


async def run(settings: AuthSettings, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    started(settings)
    files = settings.key_files()
    keys = Keyring(files.read(), timedelta(seconds=settings.key_lead_seconds))
    async with AsyncExitStack() as stack:
        directory = await stack.enter_async_context(
            opened(settings.auth_directory_url or settings.mongodb_url)
        )
        mongo = await stack.enter_async_context(mongodb.connect(settings.mongodb_url, reach=3.0, answer=5.0))
        database = mongo.get_default_database("tonearm")
        store, failures = MongoSessions(database), MongoFailures(database)
        registry = new_registry(SERVICE)
        publisher = Publisher(settings.rabbitmq_url, name=SERVICE, observer=PublishMetrics(registry))
        stack.push_async_exit(publisher)
        announcer = Announcer(publisher)
        stack.push_async_callback(announcer.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        clock: Callable[[], datetime] = partial(datetime.now, UTC)
        throttle = Throttle(failures, clock, files.secret("throttle"))
        signer = Signer(keys, clock=clock, lifetime=settings.access_seconds)
        sessions = Sessions(
            store=store,
            directory=directory,
            signer=signer,
            announcer=announcer,
            clock=clock,
            lifetime=timedelta(days=settings.session_days),
        )
        api_keys = ApiKeys(
            store=store,
            directory=directory,
            sessions=sessions,
            signer=signer,
            throttle=throttle,
            announcer=announcer,
            clock=clock,
        )
        rules = PasswordRules(settings.password_length)
        accounts = Accounts(
            directory=directory,
            passwords=passwords,
            announcer=announcer,
            sessions=sessions,
            throttle=throttle,
            clock=clock,
            rules=rules,
        )
        posted = MongoLetters(database)
        letters = Letters(store=posted, directory=directory, announcer=announcer, clock=clock)
        password_changes = PasswordChanges(
            directory=directory,
            passwords=passwords,
            rules=rules,
            letters=letters,
            sessions=sessions,
            throttle=throttle,
            announcer=announcer,
            clock=clock,
        )
        desk = FrontDesk(
            accounts=accounts,
            directory=directory,
            letters=letters,
            limits=LetterLimits(failures, clock, files.secret("letters")),
            log_is_there=lambda: publisher.ready,
        )
        stores = (store, failures, posted)
        signing_in = SigningIn(
            await stack.enter_async_context(providers(settings.oidc_issuers, settings.public_url)),
            people=People(
                directory=directory,
                sessions=sessions,
                announcer=announcer,
                clock=clock,
                open_to_all=settings.registration == "open",
            ),
            sessions=sessions,
            signer=signer,
            throttle=throttle,
            clock=clock,
        )
        if not await unless_stopped(
            stop,
            prepare(accounts, directory, stores, settings.admin_email, settings.admin_password),
        ):
            return
        keeping = (
            keep_link(publisher, settings.rabbitmq_url, accounts, sessions),
            keep_swept(stores, partial(forget_unverified, directory, letters, announcer), clock),
            desk.run(),
            keep_rotated(keys, files, clock, settings.rotation()),
        )
        stack.push_async_callback(cancelled, [asyncio.create_task(each) for each in keeping])
        app = make_app(
            accounts=accounts,
            sessions=sessions,
            api_keys=api_keys,
            signing_in=signing_in,
            signer=signer,
            desk=desk,
            letters=letters,
            password_changes=password_changes,
            changes=Changes(directory, store, publisher, clock),
            door=Door(settings.registration, settings.email_verification, settings.service_token),
            readiness=partial(lacks, publisher, directory),
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve_metrics(registry, settings.metrics_host, settings.metrics_port, stop))
            counted = Counted(traced(app), HttpMetrics(registry))
            await serve(counted, settings.auth_host, settings.auth_port, stop, grace=REQUEST_GRACE)


def read(environ: Mapping[str, str]) -> AuthSettings:
    """Read the settings, those of each issuer among them. Raises InvalidSetting."""
    settings = load(AuthSettings, {name: value for name, value in environ.items() if name != LISTED})
    return structs.replace(settings, oidc_issuers=issuers(environ))


def main() -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, AuthSettings)
    run_service(SERVICE, lambda: read(os.environ), run)


if __name__ == "__main__":
    main()
