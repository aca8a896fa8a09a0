"""The notifier as the process that runs it, between a real broker, database, mail server and auth."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import canaries
import pytest
from broker import Broker
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Event, decode, job_event
from events.ids import new_id
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.types import FailureCode, JobConverted, JobFailed, JobNotificationFailed, JobNotified, JobPayload
from events.views.projector import Projector
from infra.local.servers.mail import MailCatcher
from tests.workers.notifier.servers import TOKEN, Auth, auth_serving

pytestmark = pytest.mark.servers

CONVERTED = JobConverted(
    run=1,
    attempt=1,
    audio_id="a",
    bytes=1000,
    sha256="0",
    duration_seconds=1.0,
    bit_rate=1,
    sample_rate=1,
    channels=1,
    seconds_spent=1.0,
    engine="",
)
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no audio track.")
ADDRESSES = {
    "ada": "ada@example.net",
    "late": "tempfail-1-ada@example.net",
    "never": "permfail-ada@example.net",
}


@pytest.fixture
def auth() -> Iterator[Auth]:
    with auth_serving(ADDRESSES) as server:
        yield server


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    server = MailCatcher(tmp_path / "mail")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def answers(broker: Broker) -> AsyncIterator[list[Event]]:
    """What the log is told about mails."""
    told: list[Event] = []
    await topology.declare(broker.url)
    async with amqp.connected(broker.url, name="test") as connection:
        channel = await connection.channel()
        await channel.call("queue_declare", queue="told", durable=False)
        for type_ in (JobNotified.TYPE, JobNotificationFailed.TYPE):
            await channel.call("queue_bind", queue="told", exchange=topology.EXCHANGE, routing_key=type_)

        def keep(method: object, properties: object, body: bytes) -> None:
            told.append(decode(body))

        await channel.consume("told", keep)
        yield told


@pytest.fixture
async def projector(broker: Broker, database: AsyncDatabase[Any]) -> AsyncIterator[None]:
    """Keeps the views in step with the log, as a gateway does."""
    await topology.declare(broker.url)
    projector, stop = Projector(database, broker.stream_url, holder="test"), asyncio.Event()
    projecting = asyncio.create_task(projector.run(stop))
    yield
    stop.set()
    await projecting


@pytest.fixture
async def notifier(
    projector: None, broker: Broker, mongodb_url: str, catcher: MailCatcher, auth: Auth
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **{"RABBITMQ_URL": broker.url, "MONGODB_URL": mongodb_url, "SMTP_URL": catcher.url},
        **{"AUTH_URL": auth.url, "SERVICE_TOKEN": TOKEN, "PUBLIC_URL": "https://tonearm.example.org"},
        "PATH": os.environ["PATH"],
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.notifier"), env=environment, stdout=asyncio.subprocess.PIPE
    )
    yield process
    if process.returncode is None:
        process.kill()
    output, _ = await process.communicate()
    canaries.hear("notifier", output.splitlines())


async def publish(broker: Broker, *events: Event) -> None:
    async with Publisher(broker.url, name="test") as publisher:
        for event in events:
            await publisher.publish(event)


def about(payload: JobPayload, account: str) -> Event:
    return job_event(payload, job_id=new_id(), account=account, source="test")


async def test_mails_go_out_and_the_log_is_told(
    notifier: asyncio.subprocess.Process, broker: Broker, catcher: MailCatcher, answers: list[Event]
) -> None:
    converted, failed = about(CONVERTED, "ada"), about(FAILED, "ada")
    late, never = about(CONVERTED, "late"), about(CONVERTED, "never")
    await publish(broker, converted, failed, late, never)
    await wait_for(lambda: len(answers) == 4)
    told = {event.causationid: event.payload() for event in answers}
    assert isinstance(told[converted.id], JobNotified)
    assert isinstance(told[failed.id], JobNotified)
    assert isinstance(told[late.id], JobNotified)
    refused = told[never.id]
    assert isinstance(refused, JobNotificationFailed)
    assert "550" in refused.reason
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in catcher.mails()]
    assert {mail["Message-ID"] for mail in mails} == {
        f"<{event.id}@tonearm.example.org>" for event in (converted, failed, late)
    }
    assert len(mails) == 3


async def test_work_that_comes_again_sends_nothing(
    notifier: asyncio.subprocess.Process, broker: Broker, catcher: MailCatcher, answers: list[Event]
) -> None:
    converted, other = about(CONVERTED, "ada"), about(CONVERTED, "ada")
    await publish(broker, converted)
    await wait_for(lambda: answers)
    await publish(broker, converted, other)
    await wait_for(lambda: other.id in {answer.causationid for answer in answers})
    notifier.send_signal(signal.SIGTERM)
    await notifier.wait()
    assert len(catcher.mails()) == 2


async def test_it_ends_cleanly_and_its_log_holds_no_secret(
    notifier: asyncio.subprocess.Process, broker: Broker, answers: list[Event]
) -> None:
    await publish(broker, about(CONVERTED, "never"), about(CONVERTED, "late"))
    await wait_for(lambda: answers)
    notifier.send_signal(signal.SIGTERM)
    async with asyncio.timeout(8):
        output, _ = await notifier.communicate()
    assert notifier.returncode == 0
    assert b'"event":"started"' in output.splitlines()[0]
    assert b'"event":"stopped"' in output.splitlines()[-1]
    assert TOKEN.encode() not in output
    assert b"example.net" not in output
