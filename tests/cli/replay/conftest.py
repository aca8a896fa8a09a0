"""`tonearm replay` as a process of its own, as people run it, on a log and a database of the test's own."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from broker import Broker
from pymongo import AsyncMongoClient
from uuid_utils import uuid4

from bench.loggen import events, write
from events.envelope import Event
from events.log import amqp, topology
from events.log.publisher import Publisher
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import USER, RabbitMQ
from tests.cli.replay import warm

ROOT = Path(__file__).parents[3]


@dataclass
class Result:
    """How a run ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]


@dataclass
class Replay:
    """The tool and its servers."""

    broker: Broker
    mongodb_url: str
    settings: dict[str, str] = field(default_factory=dict)
    directory: Path = ROOT

    @property
    def environ(self) -> dict[str, str]:
        servers = {
            "RABBITMQ_URL": self.broker.url,
            "STREAM_URL": self.broker.stream_url,
            "MONGODB_URL": self.mongodb_url,
            "RABBITMQ_MANAGEMENT_URL": self.broker.management_url,
        }
        return {**os.environ, "PYTHONUNBUFFERED": "1", **servers, **self.settings}

    async def start(self, *arguments: str) -> Process:
        """Start a run."""
        command = [sys.executable, "-P", "-m", "cli.replay", *arguments]
        return await asyncio.create_subprocess_exec(
            *command, stdout=PIPE, stderr=PIPE, env=self.environ, cwd=self.directory
        )

    async def __call__(self, *arguments: str, timeout: float = 120) -> Result:
        """Run to the end. No run may show a traceback."""
        async with asyncio.timeout(timeout):
            code, out, err = await warm.run(arguments, self.environ, self.directory)
        assert b"Traceback" not in err, err.decode()
        return Result(code, out.decode(errors="replace"), err.decode())

    async def publish(self, *told: Event) -> None:
        """Append events to the log as services do."""
        await topology.declare(self.broker.url)
        async with Publisher(self.broker.url, name="test") as publisher:
            for event in told:
                await publisher.publish(event)

    async def generate(self, count: int, seed: int = 1) -> None:
        """Append many events, by the generator of the benchmarks."""
        await topology.declare(self.broker.url)
        await write(self.broker.stream_url, islice(events(seed), count))

    async def lose_log(self) -> None:
        """Leave the broker as if it were new: no stream, no work queues."""
        async with amqp.connected(self.broker.url, name="test") as connection:
            channel = await connection.channel()
            for queue in (topology.STREAM, topology.VIDEO, topology.MP3):
                await channel.call("queue_delete", queue=queue)


@pytest.fixture(scope="module")
async def shared(rabbitmq: RabbitMQ, mongodb: MongoDB) -> AsyncIterator[Replay]:
    """The same for a whole module, for tests that only read."""
    vhost = f"test-{uuid4()}"
    async with httpx.AsyncClient(base_url=rabbitmq.management_url, timeout=30) as management:
        for path, body in [
            (f"/vhosts/{vhost}", {}),
            (f"/permissions/{vhost}/{USER}", {"configure": ".*", "write": ".*", "read": ".*"}),
        ]:
            (await management.put(path, json=body)).raise_for_status()
        broker = Broker(rabbitmq.amqp_url_of(vhost), rabbitmq.stream_url_of(vhost), rabbitmq.management_url)
        yield Replay(broker, mongodb.url_of(vhost))
        await management.delete(f"/vhosts/{vhost}")
    async with AsyncMongoClient(mongodb.url) as client:
        await client.drop_database(vhost)


@pytest.fixture
def replay(broker: Broker, mongodb_url: str) -> Replay:
    return Replay(broker, mongodb_url)
