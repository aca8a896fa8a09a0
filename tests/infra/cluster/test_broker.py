"""What each service's user may do in the broker, tried with the definitions in a real one."""

import ast
import asyncio
import json
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from broker import Broker
from making import event, uploaded
from waiting import wait_for

import events.types
from events.envelope import Event, decode
from events.errors import Unavailable
from events.log import amqp, topology
from events.log.bounds import bounds
from events.log.publisher import Publisher
from events.log.transient import feed
from events.routing import keys
from events.work import parked
from events.work.task import Pace, Work
from events.work.worker import Worker
from infra.cluster.broker import ADMIN, USERS, definitions

PAYLOADS = [kind for kind in vars(events.types).values() if isinstance(kind, type) and hasattr(kind, "TYPE")]
FOLDERS = {
    "gateway": "gateway",
    "auth": "auth",
    "converter": "workers/converter",
    "notifier": "workers/notifier",
}
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def urls(broker: Broker) -> dict[str, str]:
    """The definitions, in a fresh vhost; the URL of each user."""
    return await defined(broker)


async def defined(broker: Broker, *, quorum: bool = False) -> dict[str, str]:
    vhost = urlsplit(broker.url).path[1:]
    passwords = {name: f"password of {name}" for name in (ADMIN, *USERS)}
    wanted = {key: rows for key, rows in definitions(passwords, quorum=quorum).items() if key != "vhosts"}
    for row in (row for rows in wanted.values() for row in rows):
        if "vhost" in row:
            row["vhost"] = vhost
    async with httpx.AsyncClient(base_url=broker.management_url, timeout=30) as management:
        (await management.post("/definitions", json=wanted)).raise_for_status()
    where = urlsplit(broker.url)
    return {
        name: f"amqp://{name}:{quote(password)}@{where.hostname}:{where.port}/{vhost}"
        for name, password in passwords.items()
    }


async def may(url: str, exchange: str, key: str) -> bool:
    async with amqp.connected(url, name="test") as connection:
        channel = await connection.channel(confirms=True)
        try:
            await channel.publish(exchange, key, b"{}", {}, "test")
        except amqp.Unroutable:
            return True
        except Unavailable:
            return False
        return True


@pytest.mark.servers
async def test_the_definitions_hold_all_that_a_service_needs_and_none_may_make_it(broker, urls):
    assert await topology.missing(broker.url, broker.management_url) == ()
    for name in ("gateway", "auth", "converter", "notifier"):
        await topology.declare(urls[name])
        for queue in topology.queues():
            async with amqp.connected(urls[name], name="test") as connection:
                with pytest.raises(amqp.NotAllowed):
                    await (await connection.channel()).call("queue_delete", queue=queue)


@pytest.mark.servers
async def test_each_service_may_tell_of_its_own_events_and_of_no_other(urls):
    for name, user in USERS.items():
        told = {key for kind in user.events for key in keys(kind.TYPE)}
        every = {key for kind in PAYLOADS for key in keys(kind.TYPE)}
        assert {key for key in every if await may(urls[name], topology.EXCHANGE, key)} == told, name


async def may_take(url: str, queue: str) -> bool:
    async with amqp.connected(url, name="test") as connection:
        try:
            await (await connection.channel()).call("queue_purge", queue=queue)
        except amqp.NotAllowed:
            return False
        return True


@pytest.mark.servers
async def test_work_is_taken_by_its_workers_alone_and_only_counted_by_the_scaler(urls):
    for name, user in USERS.items():
        taken = {queue for queue in topology.WORK_QUEUES if await may_take(urls[name], queue)}
        assert taken == set(user.works_on), name
    async with amqp.connected(urls["scaler"], name="test") as connection:
        await (await connection.channel()).call("queue_declare", queue=topology.VIDEO, passive=True)


@pytest.mark.servers
async def test_no_way_leads_past_the_exchange_into_the_stream(urls):
    for name in USERS:
        assert not await may(urls[name], "", topology.STREAM)
        assert not await may(urls[name], topology.WORK, topology.STREAM)
    assert not await may(urls["converter"], topology.WORK, topology.MP3)


@pytest.mark.servers
async def test_the_gateway_sees_the_bindings_and_the_stream_and_the_converter_neither(broker, urls):
    def stream(name: str) -> str:
        user = urlsplit(urls[name])
        return where._replace(netloc=f"{user.username}:{user.password}@{where.netloc.split('@')[1]}").geturl()

    where = urlsplit(broker.stream_url)
    async with Publisher(urls["gateway"], name="test") as publisher:
        await publisher.publish(uploaded("job"))
    assert await bounds(stream("gateway")) is not None
    with pytest.raises(Unavailable):
        await bounds(stream("converter"))
    management = urlsplit(broker.management_url)
    user = urlsplit(urls["gateway"])
    url = f"http://{user.username}:{user.password}@{management.hostname}:{management.port}"
    assert await topology.missing(urls["gateway"], url) == ()


class Fails:
    def __init__(self) -> None:
        self.tried = 0

    async def handle(self, work: Work) -> Event | None:
        self.tried += 1
        raise OSError("the disk is full")

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        return None

    def gave_up(self, work: Work, error: Exception) -> Event:
        kind = events.types.JobFailed
        failed = kind(run=1, attempt=1, code=events.types.FailureCode.INTERNAL, message="m")
        return event(failed, work.event.subject)


@pytest.mark.servers
async def test_a_converter_with_its_own_user_retries_and_parks(broker, urls):
    stop, handler = asyncio.Event(), Fails()
    async with Publisher(urls["converter"], name="test") as publisher:
        worker = Worker(urls["converter"], topology.VIDEOS, handler, publisher, pace=Pace(delays=()))
        running = asyncio.create_task(worker.run(stop))
        await wait_for(lambda: worker.trouble is None)
        async with Publisher(urls["gateway"], name="test") as gateway:
            await gateway.publish(uploaded("job"))

        async def parked() -> bool:
            return await broker.depth(topology.parked(topology.VIDEO)) == 1

        await wait_for(parked)
        stop.set()
        await running


@pytest.mark.servers
async def test_a_converter_hears_what_is_withdrawn_and_nothing_else(urls):
    """By its own user, which may not read what else is said."""
    heard: list[bytes | None] = []

    async def listen() -> None:
        async for body in feed(urls["converter"], ["#"], name="test", exchange=topology.WITHDRAWN):
            heard.append(body)

    listening = asyncio.create_task(listen())
    try:
        await wait_for(lambda: heard == [None])
        cancelled = event(events.types.JobCancelled(run=1), "job")
        async with Publisher(urls["gateway"], name="test") as gateway:
            await gateway.publish(uploaded("job"))
            await gateway.publish(cancelled)
        await wait_for(lambda: len(heard) > 1)
        assert [body and decode(body).id for body in heard] == [None, cancelled.id]
    finally:
        listening.cancel()


@pytest.mark.servers
async def test_who_does_work_may_tell_how_far_it_is(urls):
    """A conversion, and an import, which is the gateway's."""
    for name in ("converter", "gateway"):
        assert await may(urls[name], topology.PROGRESS, "job"), name
    assert not await may(urls["auth"], topology.PROGRESS, "job")


@pytest.mark.servers
async def test_the_gateway_may_look_at_parked_work_and_hand_out_all_of_it_but_videos(broker, urls):
    await broker.put(topology.parked(topology.MP3), b"{}")
    async with amqp.connected(urls["gateway"], name="test") as connection:
        for queue in topology.WORK_QUEUES:
            async with parked.held(connection, queue, 5) as held:
                assert len(held.works) == (queue == topology.MP3), queue
    assert await broker.depth(topology.parked(topology.MP3)) == 1
    handed_out = {queue for queue in topology.queues() if await may(urls["gateway"], topology.WORK, queue)}
    own = topology.parked(topology.IMPORTS)  # its work is the gateway's
    assert handed_out == {*topology.WORK_QUEUES, own} - {*topology.VIDEOS}


@pytest.mark.servers
async def test_to_look_at_parked_work_again_and_again_does_not_lose_it(broker):
    """RabbitMQ 4 drops what came back to a quorum queue twenty times, unless a policy says otherwise."""
    urls = await defined(broker, quorum=True)
    for body in (b"1", b"2"):
        async with amqp.connected(broker.url, name="test") as connection:
            channel = await connection.channel(confirms=True)
            await channel.publish(topology.WORK, topology.parked(topology.MP3), body, {}, "test")
    async with amqp.connected(urls["gateway"], name="test") as connection:

        async def looked() -> list[bytes]:
            async with parked.held(connection, topology.MP3, 5) as held:
                return [work.delivery.body for work in held.works]

        for _ in range(30):
            await wait_for(lambda: seen_whole(looked))


async def seen_whole(looked) -> bool:
    """What was handed back comes back in a moment."""
    return await looked() == [b"1", b"2"]


def test_every_event_that_a_service_makes_is_in_its_permissions():
    for name, folder in FOLDERS.items():
        calls = {
            node.func.id
            for path in (ROOT / folder).rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        made = {kind for kind in PAYLOADS if kind.__name__ in calls}
        assert made, name
        assert made <= set(USERS[name].events), name


def test_passwords_are_in_the_definitions_only_as_hashes():
    passwords = {name: f"password of {name}" for name in (ADMIN, *USERS)}
    assert "password of" not in json.dumps(definitions(passwords))


def test_on_three_nodes_every_work_queue_is_replicated_and_may_be_declared_without_saying_so():
    """As seen on 4.0.5: a default outside of `metadata` is passed over, and each declaration is refused."""
    made = definitions(dict.fromkeys((ADMIN, *USERS), "password"), quorum=True)
    assert made["vhosts"] == [{"name": "/", "metadata": {"default_queue_type": "quorum"}}]
    kinds = {queue["name"]: queue["arguments"]["x-queue-type"] for queue in made["queues"]}
    assert kinds.pop(topology.STREAM) == "stream"
    assert set(kinds.values()) == {"quorum"}
