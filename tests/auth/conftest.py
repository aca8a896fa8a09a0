import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from broker import Broker
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymongo.asynchronous.database import AsyncDatabase

from auth.accounts.accounts import Accounts
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
from auth.accounts.unsubscribe_links import UnsubscribeLinks
from auth.announcements import Announcer
from auth.app import Parts, make_app
from auth.keys.keyring import Keyring, signing_key
from auth.keys.signer import Signer
from auth.oidc.people import People
from auth.oidc.sign_in import SignIn
from auth.passwords.hasher import Hasher
from auth.passwords.passwords import Passwords
from auth.policy import Policy
from auth.sessions.api_keys import ApiKeys
from auth.sessions.devices import DeviceSignIns
from auth.sessions.sessions import Sessions
from auth.stores.mongo.devices import MongoDevices
from auth.stores.mongo.directory import MongoDirectory
from auth.stores.mongo.failures import MongoFailures
from auth.stores.mongo.letters import MongoLetters
from auth.stores.mongo.sessions import MongoSessions
from auth.throttle import Throttle
from cli.main import main
from events.envelope import Event
from events.errors import NotConfirmed
from events.tasks import cancelled
from infra.local.ports import free_port
from service.quotas import OwnLimits

SERVICE = {"Authorization": "Bearer between-services"}


def wait_for_port(port: int, process: "subprocess.Popen[Any]", seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"ended with {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing listens on {port}")


class FakeBroker:
    """Stands for the publisher: keeps what is published, or is away, or hangs."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.mode = "up"

    async def publish(self, event: Event) -> None:
        if self.mode == "hangs":
            await asyncio.Event().wait()
        if self.mode == "away":
            raise NotConfirmed("no broker")
        self.events.append(event)

    def types(self) -> list[str]:
        return [event.type for event in self.events]


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def directory(database: AsyncDatabase[dict[str, Any]]) -> MongoDirectory:
    directory = MongoDirectory(database)
    await directory.prepare()
    return directory


@pytest.fixture
def fake_broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
async def announcer(fake_broker: FakeBroker) -> AsyncIterator[Announcer]:
    """It waits until what it tells is also noted as told, however long the database takes."""
    announcer = Announcer(fake_broker, patience=60)
    yield announcer
    await announcer.close(0)


@pytest.fixture
def signer(clock: Clock, key: Ed25519PrivateKey) -> Signer:
    return Signer(Keyring([signing_key(key)]), clock=clock, lifetime=600)


@pytest.fixture
async def store(database: AsyncDatabase[dict[str, Any]]) -> MongoSessions:
    store = MongoSessions(database)
    await store.prepare()
    return store


@pytest.fixture
def api_keys(
    store: MongoSessions,
    directory: MongoDirectory,
    sessions: Sessions,
    signer: Signer,
    throttle: Throttle,
    announcer: Announcer,
    clock: Clock,
) -> ApiKeys:
    return ApiKeys(
        store=store,
        directory=directory,
        sessions=sessions,
        signer=signer,
        throttle=throttle,
        announcer=announcer,
        clock=clock,
    )


@pytest.fixture
async def devices(
    database: AsyncDatabase[dict[str, Any]],
    directory: MongoDirectory,
    sessions: Sessions,
    throttle: Throttle,
    clock: Clock,
) -> DeviceSignIns:
    store = MongoDevices(database)
    await store.prepare()
    return DeviceSignIns(
        store=store,
        directory=directory,
        sessions=sessions,
        throttle=throttle,
        clock=clock,
        secret=b"secret",
    )


@pytest.fixture
def sessions(
    store: MongoSessions, directory: MongoDirectory, announcer: Announcer, signer: Signer, clock: Clock
) -> Sessions:
    return Sessions(
        store=store,
        directory=directory,
        signer=signer,
        announcer=announcer,
        clock=clock,
        lifetime=timedelta(days=30),
    )


@pytest.fixture
def sign_in(
    directory: MongoDirectory,
    sessions: Sessions,
    announcer: Announcer,
    signer: Signer,
    throttle: Throttle,
    clock: Clock,
) -> SignIn:
    """Without any issuer: the ones that there are need servers (tests/oidc)."""
    people = People(
        directory=directory, sessions=sessions, announcer=announcer, clock=clock, open_to_all=True
    )
    return SignIn({}, people=people, sessions=sessions, signer=signer, throttle=throttle, clock=clock)


@pytest.fixture
def throttle(database: AsyncDatabase[dict[str, Any]], clock: Clock) -> Throttle:
    return Throttle(MongoFailures(database), clock, b"secret")


@pytest.fixture
def hasher() -> Iterator[Hasher]:
    hasher = Hasher()
    yield hasher
    hasher.close()


@pytest.fixture
def accounts(
    directory: MongoDirectory,
    announcer: Announcer,
    sessions: Sessions,
    throttle: Throttle,
    clock: Clock,
    hasher: Hasher,
) -> Accounts:
    return Accounts(
        directory=directory,
        passwords=Passwords(hasher),
        announcer=announcer,
        sessions=sessions,
        throttle=throttle,
        clock=clock,
        refusal_seconds=0.0,
    )


@pytest.fixture
async def letters(
    database: AsyncDatabase[dict[str, Any]], directory: MongoDirectory, announcer: Announcer, clock: Clock
) -> Letters:
    store = MongoLetters(database)
    await store.prepare()
    return Letters(store=store, directory=directory, announcer=announcer, clock=clock)


@pytest.fixture
def password_changes(
    directory: MongoDirectory,
    hasher: Hasher,
    letters: Letters,
    sessions: Sessions,
    password_check: PasswordCheck,
    announcer: Announcer,
    clock: Clock,
) -> PasswordChanges:
    return PasswordChanges(
        directory=directory,
        passwords=Passwords(hasher),
        letters=letters,
        sessions=sessions,
        password_check=password_check,
        announcer=announcer,
        clock=clock,
    )


@pytest.fixture
def password_check(hasher: Hasher, throttle: Throttle) -> PasswordCheck:
    return PasswordCheck(hasher, throttle)


@pytest.fixture
def own_accounts(
    directory: MongoDirectory,
    sessions: Sessions,
    sign_in: SignIn,
    password_check: PasswordCheck,
    fake_broker: FakeBroker,
    clock: Clock,
) -> OwnAccounts:
    return OwnAccounts(
        directory=directory,
        sessions=sessions,
        providers=sign_in.names_of,
        password_check=password_check,
        publisher=fake_broker,
        clock=clock,
    )


@pytest.fixture
async def letter_requests(
    accounts: Accounts,
    directory: MongoDirectory,
    letters: Letters,
    fake_broker: FakeBroker,
    database: AsyncDatabase[dict[str, Any]],
    clock: Clock,
) -> AsyncIterator[LetterRequests]:
    letter_requests = LetterRequests(
        accounts=accounts,
        directory=directory,
        letters=letters,
        limits=LetterLimits(MongoFailures(database), clock, b"secret"),
        log_is_there=lambda: fake_broker.mode == "up",
    )
    running = asyncio.create_task(letter_requests.run())
    yield letter_requests
    await cancelled([running])


@pytest.fixture
def changes(
    directory: MongoDirectory, store: MongoSessions, fake_broker: FakeBroker, clock: Clock
) -> OperatorChanges:
    return OperatorChanges(directory, store, fake_broker, clock)


@pytest.fixture
def mail_choices(directory: MongoDirectory, announcer: Announcer, clock: Clock) -> MailChoices:
    links = UnsubscribeLinks(b"secret")
    return MailChoices(directory=directory, links=links, announcer=announcer, clock=clock)


class Site:
    """The application, its policy and readiness set by the test."""

    def __init__(self, **parts: Any) -> None:
        self.parts = parts
        self.missing: str | None = None

    def client(self, **policy: Any) -> httpx.AsyncClient:
        async def check() -> str | None:
            return self.missing

        settings = {"verification": False, "service_token": "between-services"} | policy
        app = make_app(Parts(**self.parts, policy=Policy(**settings), checks={"publisher": check}))
        # In this loop, unlike litestar's own test client: the directory's connections belong to it.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://auth")


@pytest.fixture
def site(
    accounts: Accounts,
    sessions: Sessions,
    api_keys: ApiKeys,
    devices: DeviceSignIns,
    sign_in: SignIn,
    signer: Signer,
    letter_requests: LetterRequests,
    letters: Letters,
    password_changes: PasswordChanges,
    own_accounts: OwnAccounts,
    changes: OperatorChanges,
    mail_choices: MailChoices,
    directory: MongoDirectory,
    store: MongoSessions,
    database: AsyncDatabase[dict[str, Any]],
    fake_broker: FakeBroker,
    clock: Clock,
) -> Site:
    return Site(
        accounts=accounts,
        sessions=sessions,
        api_keys=api_keys,
        devices=devices,
        sign_in=sign_in,
        signer=signer,
        letter_requests=letter_requests,
        letters=letters,
        password_changes=password_changes,
        own_accounts=own_accounts,
        changes=changes,
        mail_choices=mail_choices,
        profiles=Profiles(directory, store),
        quota_changes=QuotaChanges(OwnLimits(database), fake_broker, clock),
    )


class Service:
    """`python -m auth` as a process."""

    def __init__(self, tmp_path: Path, mongodb_url: str, **environ: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.out = tmp_path / f"auth-{self.port}.log"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        settings = {
            "RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:1/",  # nothing listens there
            "MONGODB_URL": mongodb_url,
            "AUTH_PORT": str(self.port),
            "LOCAL_DIR": str(tmp_path / "local"),
            "EMAIL_VERIFICATION": "false",
            **environ,
        }
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "auth"], env=inherited | settings, stdout=out, stderr=subprocess.STDOUT
            )

    def wait(self) -> "Service":
        wait_for_port(self.port, self.process)
        return self

    def stop(self) -> tuple[int, float]:
        """Return the exit code and the seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        code = self.process.wait(15)
        return code, time.monotonic() - began


@pytest.fixture
def start(tmp_path: Path, mongodb_url: str) -> Iterator[Any]:
    services: list[Service] = []

    def begin(**environ: str) -> Service:
        services.append(Service(tmp_path, environ.pop("MONGODB_URL", mongodb_url), **environ))
        return services[-1]

    yield begin
    for service in services:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


@pytest.fixture
def tonearm(
    broker: Broker, mongodb_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: Any
) -> Iterator[Callable[..., Awaitable[tuple[int, str, str]]]]:
    """`tonearm account …` against real servers: its exit code, and what it said to whom."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("MONGODB_URL", mongodb_url)
    monkeypatch.setenv("RABBITMQ_URL", broker.url)
    monkeypatch.setenv("STREAM_URL", broker.stream_url)

    async def run(*arguments: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["account", *arguments])
        return code, *capfd.readouterr()

    yield run
    structlog.reset_defaults()
