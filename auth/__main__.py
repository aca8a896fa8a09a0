"""`python -m auth`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

from msgspec import Struct, structs
from prometheus_client import CollectorRegistry

from auth.accounts.accounts import Accounts
from auth.accounts.first_admin import ensure_first_admin
from auth.accounts.letter_limits import LetterLimits
from auth.accounts.letter_requests import LetterRequests
from auth.accounts.letters import Letters
from auth.accounts.mail_choices import MailChoices
from auth.accounts.operator_changes import OperatorChanges
from auth.accounts.own_account import OwnAccounts
from auth.accounts.password_changes import PasswordChanges
from auth.accounts.password_check import PasswordCheck
from auth.accounts.profiles import Profiles
from auth.accounts.quotas import QuotaChanges
from auth.accounts.unconfirmed import forget_unverified
from auth.accounts.unsubscribe_links import UnsubscribeLinks
from auth.announcements import Announcer
from auth.app import Parts, make_app
from auth.background import keep_announced, keep_swept
from auth.errors import DirectoryUnavailable
from auth.keys.keyfile import KeyFiles
from auth.keys.keyring import Keyring
from auth.keys.signer import Signer, keep_rotated
from auth.oidc.people import People
from auth.oidc.provider import Provider, providers
from auth.oidc.settings import LISTED, issuers
from auth.oidc.sign_in import SignIn
from auth.passwords.hasher import Hasher
from auth.passwords.passwords import Passwords
from auth.passwords.rules import PasswordRules
from auth.policy import Policy
from auth.sessions.api_keys import ApiKeys
from auth.sessions.devices import DeviceSignIns
from auth.sessions.sessions import Sessions
from auth.settings import AuthSettings
from auth.stores.by_url import opened
from auth.stores.directory import Directory
from auth.stores.expiry import ExpiringStore
from auth.stores.mongo.devices import MongoDevices
from auth.stores.mongo.failures import MongoFailures
from auth.stores.mongo.letters import MongoLetters
from auth.stores.mongo.sessions import MongoSessions
from auth.throttle import Throttle
from events.log.publisher import Publisher
from service import mongodb
from service.background import kept_running
from service.help import answer_help
from service.http.requests import CleanRequests
from service.http.server import Allowance, serve
from service.metrics.http import Counted, HttpMetrics
from service.metrics.publishes import PublishMetrics
from service.metrics.registry import new_registry, serve_metrics
from service.quotas import OwnLimits
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.tracing.http import traced
from service.upkeep import keep_open, link_check, prepared

SERVICE = "auth"
REQUEST_GRACE = 3.0
"""Seconds that requests under way get after the signal to stop."""


class Stores(Struct, frozen=True, kw_only=True):
    """The stores of auth."""

    directory: Directory
    sessions: MongoSessions
    devices: MongoDevices
    letters: MongoLetters
    failures: MongoFailures
    limits: OwnLimits

    @property
    def expiring(self) -> tuple[ExpiringStore, ...]:
        """The stores that are swept."""
        return self.sessions, self.devices, self.letters, self.failures


class Tools(Struct, frozen=True, kw_only=True):
    """The parts that the domain is built on."""

    stores: Stores
    publisher: Publisher
    announcer: Announcer
    hasher: Hasher
    keyring: Keyring
    files: KeyFiles
    providers: Mapping[str, Provider]
    clock: Callable[[], datetime]


async def run(settings: AuthSettings, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    started(settings)
    registry = new_registry(SERVICE)
    async with AsyncExitStack() as stack:
        tools = await _tools(settings, registry, stack)
        stores, publisher = tools.stores, tools.publisher
        parts = _parts(settings, tools)
        admin = settings.admin_email, settings.admin_password
        steps: tuple[Callable[[], Awaitable[None]], ...] = (
            stores.directory.prepare,
            *(each.prepare for each in stores.expiring),
            partial(ensure_first_admin, parts.accounts, stores.directory, *admin),
        )
        if not await unless_stopped(stop, prepared(*steps)):
            return
        reopened = asyncio.Event()
        reopened.set()  # at the start, too, the log may lack something
        forget = partial(forget_unverified, stores.directory, parts.letters, tools.announcer)
        background = kept_running(
            publisher=partial(keep_open, publisher, settings.rabbitmq_url, opened=reopened.set),
            announcements=partial(
                keep_announced,
                parts.accounts,
                parts.sessions,
                ready=lambda: publisher.ready,
                reopened=reopened,
            ),
            sweeper=partial(keep_swept, stores.expiring, forget, tools.clock),
            keys=partial(keep_rotated, tools.keyring, tools.files, tools.clock, settings.rotation()),
            letters=parts.letter_requests.run,
        )
        await stack.enter_async_context(background)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve_metrics(registry, settings.metrics_host, settings.metrics_port, stop))
            app = Counted(traced(CleanRequests(make_app(parts))), HttpMetrics(registry))
            at = settings.auth_host, settings.auth_port
            # Its clients are gateways, each in the name of many: an address has no share.
            await serve(app, *at, stop, grace=REQUEST_GRACE, allowance=Allowance())


async def _tools(settings: AuthSettings, registry: CollectorRegistry, stack: AsyncExitStack) -> Tools:
    """Read the keys and make the clients, which the stack closes. Raises KeyUnusable, InvalidSetting."""
    files = settings.key_files()
    keyring = Keyring(files.read(), timedelta(seconds=settings.key_lead_seconds))
    directory = await stack.enter_async_context(opened(settings.auth_directory_url or settings.mongodb_url))
    mongo = await stack.enter_async_context(mongodb.connect(settings.mongodb_url, reach=3.0, answer=5.0))
    database = mongo.get_default_database("tonearm")
    publisher = Publisher(settings.rabbitmq_url, name=SERVICE, observer=PublishMetrics(registry))
    stack.push_async_exit(publisher)
    announcer = Announcer(publisher)
    stack.push_async_callback(announcer.close)
    hasher = Hasher()
    stack.callback(hasher.close)
    return Tools(
        stores=Stores(
            directory=directory,
            sessions=MongoSessions(database),
            devices=MongoDevices(database),
            letters=MongoLetters(database),
            failures=MongoFailures(database),
            limits=OwnLimits(database),
        ),
        publisher=publisher,
        announcer=announcer,
        hasher=hasher,
        keyring=keyring,
        files=files,
        providers=await stack.enter_async_context(providers(settings.oidc_issuers, settings.public_url)),
        clock=partial(datetime.now, UTC),
    )


def _parts(settings: AuthSettings, tools: Tools) -> Parts:
    """Build the domain."""
    directory, clock = tools.stores.directory, tools.clock
    throttle = Throttle(tools.stores.failures, clock, tools.files.secret("throttle"))
    signer = Signer(tools.keyring, clock=clock, lifetime=settings.access_seconds)
    passwords = Passwords(tools.hasher, PasswordRules(settings.password_length))
    letters = Letters(store=tools.stores.letters, directory=directory, announcer=tools.announcer, clock=clock)
    sessions = Sessions(
        store=tools.stores.sessions,
        directory=directory,
        signer=signer,
        announcer=tools.announcer,
        clock=clock,
        lifetime=timedelta(days=settings.session_days),
    )
    accounts = Accounts(
        directory=directory,
        passwords=passwords,
        announcer=tools.announcer,
        sessions=sessions,
        throttle=throttle,
        clock=clock,
    )
    password_check = PasswordCheck(tools.hasher, throttle)
    sign_in = _sign_in(settings, tools, sessions, signer, throttle)
    return Parts(
        accounts=accounts,
        sessions=sessions,
        api_keys=_api_keys(tools, sessions, signer, throttle),
        devices=DeviceSignIns(
            store=tools.stores.devices,
            directory=directory,
            sessions=sessions,
            throttle=throttle,
            clock=clock,
            secret=tools.files.secret("devices"),
        ),
        sign_in=sign_in,
        signer=signer,
        letters=letters,
        letter_requests=_letter_requests(tools, accounts, letters),
        password_changes=PasswordChanges(
            directory=directory,
            passwords=passwords,
            letters=letters,
            sessions=sessions,
            password_check=password_check,
            announcer=tools.announcer,
            clock=clock,
        ),
        own_accounts=OwnAccounts(
            directory=directory,
            sessions=sessions,
            providers=sign_in.names_of,
            password_check=password_check,
            publisher=tools.publisher,
            clock=clock,
        ),
        changes=OperatorChanges(directory, tools.stores.sessions, tools.publisher, clock),
        profiles=Profiles(directory, tools.stores.sessions),
        quota_changes=QuotaChanges(tools.stores.limits, tools.publisher, clock),
        mail_choices=MailChoices(
            directory=directory,
            links=UnsubscribeLinks(tools.files.secret("unsubscribe")),
            announcer=tools.announcer,
            clock=clock,
        ),
        policy=Policy(settings.registration, settings.email_verification, settings.service_token),
        checks={
            "directory": partial(_trouble_of, directory),
            "publisher": link_check(tools.publisher),
        },
    )


def _api_keys(tools: Tools, sessions: Sessions, signer: Signer, throttle: Throttle) -> ApiKeys:
    return ApiKeys(
        store=tools.stores.sessions,
        directory=tools.stores.directory,
        sessions=sessions,
        signer=signer,
        throttle=throttle,
        announcer=tools.announcer,
        clock=tools.clock,
    )


def _letter_requests(tools: Tools, accounts: Accounts, letters: Letters) -> LetterRequests:
    publisher = tools.publisher
    return LetterRequests(
        accounts=accounts,
        directory=tools.stores.directory,
        letters=letters,
        limits=LetterLimits(tools.stores.failures, tools.clock, tools.files.secret("letters")),
        log_is_there=lambda: publisher.ready,
    )


def _sign_in(
    settings: AuthSettings, tools: Tools, sessions: Sessions, signer: Signer, throttle: Throttle
) -> SignIn:
    people = People(
        directory=tools.stores.directory,
        sessions=sessions,
        announcer=tools.announcer,
        clock=tools.clock,
        open_to_all=settings.registration == "open",
    )
    return SignIn(
        tools.providers,
        people=people,
        sessions=sessions,
        signer=signer,
        throttle=throttle,
        clock=tools.clock,
    )


async def _trouble_of(directory: Directory) -> str | None:
    try:
        await directory.ping()
    except DirectoryUnavailable:  # whose text may hold an address
        return "the database is away"
    return None


def read(environ: Mapping[str, str]) -> AuthSettings:
    """Read the settings, those of each issuer among them. Raises InvalidSetting."""
    settings = load(AuthSettings, {name: value for name, value in environ.items() if name != LISTED})
    return structs.replace(settings, oidc_issuers=issuers(environ))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, AuthSettings, arguments)
    run_service(SERVICE, lambda: read(os.environ), run)


if __name__ == "__main__":
    main()
