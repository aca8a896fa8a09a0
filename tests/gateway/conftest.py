"""One gateway for most tests; each test is an account of its own, so none sees another's jobs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase
from uuid_utils import uuid4
from waiting import wait_for

from events.ids import new_id
from events.log import topology
from events.tasks import cancelled
from events.views.store import JobViews
from gateway.jobs.live import LiveJobs
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import USER, RabbitMQ
from tests.gateway.running import FakeAuth, Gateway, Log, auth_running, gateway_running


@pytest.fixture(scope="session")
async def auth() -> AsyncIterator[FakeAuth]:
    async with auth_running() as auth:
        yield auth


@pytest.fixture(scope="session")
async def gateway(rabbitmq: RabbitMQ, mongodb: MongoDB, auth: FakeAuth) -> AsyncIterator[Gateway]:
    """A gateway that takes files of up to 3 MiB."""
    vhost = f"gateway-{uuid4()}"
    async with httpx.AsyncClient(base_url=rabbitmq.management_url, timeout=30) as management:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        (await management.put(f"/vhosts/{vhost}", json={})).raise_for_status()
        (await management.put(f"/permissions/{vhost}/{USER}", json=rights)).raise_for_status()
    broker = Log(rabbitmq.amqp_url_of(vhost), rabbitmq.stream_url_of(vhost))
    settings = {"MAX_UPLOAD_BYTES": str(3 * 1024 * 1024)}
    async with gateway_running(broker, mongodb.url_of(f"gateway-{uuid4()}"), auth, **settings) as running:
        yield running


@pytest.fixture
def account() -> str:
    return new_id()


@pytest.fixture
async def live(broker: Any, database: AsyncDatabase[Any]) -> AsyncIterator[LiveJobs]:
    """This process's own tail of an empty log."""
    await topology.declare(broker.url)
    live = LiveJobs(JobViews(database), broker.stream_url)
    following = asyncio.create_task(live.run())
    await wait_for(lambda: live.caught_up)
    yield live
    await cancelled([following])
