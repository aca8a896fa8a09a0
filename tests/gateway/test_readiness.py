"""Not ready means: by name, what is missing."""

import asyncio
from typing import Any

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.log import amqp, topology
from events.tasks import cancelled
from events.views.store import JobViews
from gateway.readiness import Bindings, projection
from infra.local.servers.rabbitmq import RabbitMQ
from tests.gateway.running import STARTED, FakeAuth, Gateway, Log, gateway_running


async def test_a_missing_binding_is_named(broker: Any) -> None:
    await topology.declare(broker.url)
    watched = Bindings(broker.url, broker.management_url, every=0.05)
    watching = asyncio.create_task(watched.run())
    try:
        async with amqp.connected(broker.url, name="test") as connection:
            channel = await connection.channel()
            await channel.call("queue_unbind", queue="mp3", exchange="events", routing_key="job.failed")

        async def trouble() -> str | None:
            return watched.trouble

        assert "mp3 (job.failed)" in await wait_for(trouble)
        await topology.declare(broker.url)

        async def mended() -> bool:
            return watched.trouble is None

        await wait_for(mended)
    finally:
        await cancelled([watching])


@pytest.mark.long
async def test_without_its_broker_it_is_not_ready_and_comes_back(
    private_rabbitmq: RabbitMQ, mongodb_url: str, auth: FakeAuth, account: str
) -> None:
    log = Log(private_rabbitmq.amqp_url_of("/"), private_rabbitmq.stream_url_of("/"))
    gateway = Gateway(log, mongodb_url, auth)
    await gateway.start()
    try:
        await private_rabbitmq.kill()

        async def missing() -> set[str]:
            async with httpx.AsyncClient(base_url=gateway.url) as client:
                answer = await client.get("/health/ready")
                assert (await client.get("/health/live")).status_code == 200
                return set(answer.json().get("missing", ()))

        async def all_is_missing() -> bool:
            return await missing() == {"publisher", "tail", "revocations"}

        await wait_for(all_is_missing)
        await private_rabbitmq.start()
        await wait_for(gateway.ready, 60)
        async with gateway.as_(account) as client:
            assert (await client.put("/upload/a.mp4", content=b"x")).status_code == 202
    finally:
        await gateway.stop()


@pytest.mark.parametrize(
    ("seconds", "trouble", "ready"),
    [
        (0, None, True),
        (0, "why", True),
        (9, "why", True),
        (11, "why", False),
        (29, None, True),
        (31, None, False),
    ],
)
async def test_a_projector_in_trouble_has_less_time(seconds: float, trouble: str | None, ready: bool) -> None:
    wrong = await projection(lambda: seconds, lambda: trouble)()
    assert (wrong is None) == ready
    assert ready or "why" not in str(wrong), "any visitor may read it"


@pytest.mark.long
async def test_views_that_stand_still_while_events_come_are_not_ready(
    broker: Any, mongodb_url: str, auth: FakeAuth, account: str, database: AsyncDatabase[Any]
) -> None:
    async with gateway_running(broker, mongodb_url, auth) as gateway, gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"x")).json()["job_id"]
        views = (await JobViews(database).live()).name
        stored = await wait_for(lambda: database[views].find_one({"_id": job_id}))
        await database[views].replace_one({"_id": job_id}, {"_id": job_id, "offset": "broken"})
        await gateway.tell(job_id, account, STARTED)

        async def missing() -> list[str]:
            return list((await client.get("/health/ready")).json().get("missing", ()))

        assert await wait_for(missing, 40) == ["projection"]
        await database[views].replace_one({"_id": job_id}, stored)
        await wait_for(gateway.ready, 30)
