"""Real servers for the tests, each started when the first test asks for it and ended with the session.

A server's modules are loaded by its fixture: one file's tests are to begin at once.
"""

from __future__ import annotations

import faulthandler
import os
import random
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import TYPE_CHECKING, Any

# Early, and not when httpx needs it: it compiles its own source. CPython 3.11 fails at that where the garbage
# collector finds something just then for which pytest formats a traceback.
import anyio  # noqa: F401
import canaries
import certifi
import pytest
import structlog
from hypothesis import settings
from uuid_utils import uuid4

if TYPE_CHECKING:
    import httpx
    from broker import Broker
    from pymongo.asynchronous.database import AsyncDatabase
    from servers.mariadb import MariaDB
    from servers.openid import Canaille
    from servers.postgresql import PostgreSQL

    from infra.local.servers.mail import MailCatcher
    from infra.local.servers.mongodb import MongoDB
    from infra.local.servers.rabbitmq import RabbitMQ

PROCESSES = 4
TEARDOWN_SECONDS = 120
STDERR = pytest.StashKey[int]()
"""The real one: during a test the descriptor 2 is pytest's."""


SEED = "hypothesis_seed"
SECRETS = "tonearm/secrets"
"""What was found in logs, in pytest's cache."""


settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("chance", deadline=None, print_blob=True, max_examples=150)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long tests too, and properties by chance")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[STDERR] = os.dup(2)
    trust_one_authority(config)
    keep_sessions_apart(config)
    options = config.option
    settings.load_profile("chance" if options.long else "fixed")
    asked = options.markexpr
    left_out = [*([] if options.long else ["long"]), *([] if "nightly" in asked else ["nightly"])]
    options.markexpr = " and ".join(
        [*([f"({asked})"] if asked else []), *(f"not {mark}" for mark in left_out)]
    )
    if options.long and options.hypothesis_seed is None:
        worker = getattr(config, "workerinput", {})
        options.hypothesis_seed = worker.get(SEED) or str(random.randrange(2**32))  # noqa: S311 - no secret


def trust_one_authority(config: pytest.Config) -> None:
    """Let each client of HTTP, here and in services, read one certificate instead of 150: 20 ms of a core.

    Nothing here is spoken to by HTTPS. Who trusts an authority of the test's own names it.
    """
    if "SSL_CERT_FILE" not in os.environ:
        end = "-----END CERTIFICATE-----\n"
        with NamedTemporaryFile("w", prefix="authority", suffix=".pem", delete=False) as file:
            file.write(certifi.contents().partition(end)[0] + end)
        os.environ["SSL_CERT_FILE"] = file.name
        config.add_cleanup(lambda: Path(os.environ.pop("SSL_CERT_FILE")).unlink())


def keep_sessions_apart(config: pytest.Config) -> None:
    """Let commands keep sessions and uploads in a folder of the tests' own, and not among the developer's."""
    folder = TemporaryDirectory(prefix="config", ignore_cleanup_errors=True)
    os.environ["XDG_CONFIG_HOME"] = folder.name
    os.environ["XDG_STATE_HOME"] = f"{folder.name}/state"
    config.add_cleanup(folder.cleanup)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One file begins at once, in this process. Of many, four at a time keep two cores busy."""
    files = {argument.partition("::")[0] for argument in config.args}
    return 0 if len(files) == 1 and all(file.endswith(".py") for file in files) else PROCESSES


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let those begin that share something, where processes share the tests."""
    if hasattr(config, "workerinput"):
        from together import turn_of

        items.sort(key=lambda item: turn_of(item.nodeid.partition("::")[0]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from together import Scheduling

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give each worker the same seed, the one that the head of the report names."""
    node.workerinput[SEED] = node.config.option.hypothesis_seed


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.option.hypothesis_seed
    return f"hypothesis: --hypothesis-seed={seed}" if seed else "hypothesis: a fixed seed"


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if getattr(config, "cache", None) and not hasattr(config, "workerinput") and not config.getoption("lf"):
        config.cache.set(SECRETS, [])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """End a run whose clean-up hangs, and say where: after a failure no plug-in does that any more."""
    faulthandler.dump_traceback_later(TEARDOWN_SECONDS, exit=True, file=item.config.stash[STDERR])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def own_log_lines() -> Iterator[None]:
    """Forget how a test has configured log lines: its standard error is closed, and its level is not ours."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def no_secret_in_any_log(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Fail the session when a service has logged or published what it must not: see `canaries`.

    And fail again where only what has failed is tried once more: which test it was, nobody knows.
    """
    yield
    canaries.look_through(tmp_path_factory.getbasetemp())
    cache = getattr(request.config, "cache", None)
    if canaries.found and cache:
        cache.set(SECRETS, canaries.found[:20])
    earlier = cache.get(SECRETS, []) if cache and request.config.getoption("lf") else []
    told = canaries.found[:20] or earlier
    assert not told, "secrets in logs:\n" + "\n".join(told)


@pytest.fixture(scope="session")
async def shared_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[RabbitMQ, Path]]:
    """The node that all workers share, and its folder."""
    from servers.shared_node import shared_node

    base = tmp_path_factory.getbasetemp()
    async with shared_node(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as (node, directory):
        yield node, directory
        canaries.look_through(directory)


@pytest.fixture(scope="session")
def rabbitmq(shared_rabbitmq: tuple[RabbitMQ, Path]) -> RabbitMQ:
    """The node that all workers share. A test that stops one wants `private_rabbitmq`."""
    return shared_rabbitmq[0]


@pytest.fixture(scope="session")
async def mortal_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RabbitMQ]:
    """A node of the worker's own, for the tests that kill theirs.

    Restarted once in good order: a broker killed within seconds of its very first stream forgets it.
    """
    from events.log import topology
    from infra.local.servers.rabbitmq import RabbitMQ

    node = RabbitMQ(tmp_path_factory.mktemp("rabbitmq"), management=True)
    try:
        await node.start()
        await topology.declare(node.amqp_url)
        # Not `restart`: it kills after eight seconds, which is about what this takes.
        await node.stop(grace=60.0)
        await node.start()
        yield node
    finally:
        await node.kill()


@pytest.fixture
async def private_rabbitmq(mortal_rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> RabbitMQ:
    """A running node, empty, that nobody else uses: for kill(), stop() and start().

    Its stream comes back after the node itself. Deleted before that, the vhost would leave the stream behind.
    """
    from events.log import topology

    if mortal_rabbitmq.process is None or mortal_rabbitmq.process.pid is None:
        await mortal_rabbitmq.start()
    await topology.declare_when_up(mortal_rabbitmq.amqp_url)
    for stream in tmp_path_factory.getbasetemp().glob("rabbitmq*/data/*/stream/__*"):
        canaries.look_through(stream)  # what the test before has published goes with the vhost
    async with managed(mortal_rabbitmq) as management:
        (await management.delete("/vhosts/%2f")).raise_for_status()
        await make_vhost(management, "%2f")
    return mortal_rabbitmq


def managed(node: RabbitMQ) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(base_url=node.management_url, timeout=30)


async def make_vhost(management: httpx.AsyncClient, name: str) -> None:
    from infra.local.servers.rabbitmq import USER

    for path, body in [
        (f"/vhosts/{name}", {}),
        (f"/permissions/{name}/{USER}", {"configure": ".*", "write": ".*", "read": ".*"}),
    ]:
        (await management.put(path, json=body)).raise_for_status()


@pytest.fixture
async def broker(shared_rabbitmq: tuple[RabbitMQ, Path]) -> AsyncIterator[Broker]:
    """A fresh vhost: nothing declared, nothing in it."""
    from broker import Broker

    rabbitmq, directory = shared_rabbitmq
    vhost = f"test-{uuid4()}"
    async with managed(rabbitmq) as management:
        await make_vhost(management, vhost)
        yield Broker(rabbitmq.amqp_url_of(vhost), rabbitmq.stream_url_of(vhost), rabbitmq.management_url)
        for stream in directory.glob(f"data/*/stream/{vhost}_*"):
            canaries.look_through(stream)  # what was published goes with the vhost
        await management.delete(f"/vhosts/{vhost}")


@pytest.fixture(scope="session")
async def mongodb(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MongoDB]:
    """One MongoDB-wire server for the session."""
    from infra.local.servers.mongodb import MongoDB

    server = MongoDB(tmp_path_factory.mktemp("mongodb"))
    try:
        await server.start()
        yield server
    finally:
        await server.kill()


@pytest.fixture
def mongodb_url(mongodb: MongoDB) -> str:
    """The URL of an empty database of the test's own. It goes with the server: to drop it fills the cache."""
    return mongodb.url_of(f"test-{uuid4()}")


@pytest.fixture
async def database(mongodb_url: str) -> AsyncIterator[AsyncDatabase]:
    """The same empty database, opened."""
    from service.mongodb import connect

    async with connect(mongodb_url) as client:
        yield client.get_default_database()


@pytest.fixture(scope="session")
async def postgresql() -> AsyncIterator[PostgreSQL]:
    """One PostgreSQL for the session."""
    from servers.postgresql import PostgreSQL

    server = PostgreSQL()
    try:
        await started(server)
        yield server
    finally:
        await server.kill()


@pytest.fixture(scope="session")
async def mariadb() -> AsyncIterator[MariaDB]:
    """One MariaDB for the session."""
    from servers.mariadb import MariaDB

    server = MariaDB()
    try:
        await started(server)
        yield server
    finally:
        await server.kill()


async def started(server: PostgreSQL | MariaDB | Canaille) -> None:
    """Start it. Where it is not installed, the test is skipped; but not where all must run."""
    from infra.local.errors import NotInstalled

    try:
        await server.start()
    except NotInstalled as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"{error}: `./justw test` installs it where it can, and could not")


@pytest.fixture
async def postgresql_url(postgresql: PostgreSQL) -> AsyncIterator[str]:
    """The URL of an empty database of the test's own."""
    name = await postgresql.database()
    yield postgresql.url_of(name)
    await postgresql.drop(name)


@pytest.fixture
async def mariadb_url(mariadb: MariaDB) -> AsyncIterator[str]:
    """The URL of an empty database of the test's own."""
    name = await mariadb.database()
    yield mariadb.url_of(name)
    await mariadb.drop(name)


@pytest.fixture(scope="session")
async def mail_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailCatcher]:
    """One mail catcher for the session."""
    from infra.local.servers.mail import MailCatcher

    server = MailCatcher(tmp_path_factory.mktemp("smtp") / "mails")
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@pytest.fixture
def mail_catcher(mail_server: MailCatcher) -> MailCatcher:
    """The mail catcher without any mail in it. Its addresses that refuse: see `infra.local.servers.mail`."""
    for mail in mail_server.mails():
        mail.unlink()
    return mail_server
