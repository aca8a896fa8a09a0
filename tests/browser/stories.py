"""Jobs told of in the log alone: without files, and without work for anybody. And jobs that wait."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from events.envelope import encode, job_event
from events.ids import new_id
from events.log import amqp, topology
from events.options import Options
from events.types import (
    FailureCode,
    JobConverted,
    JobFailed,
    JobNotified,
    JobPayload,
    JobRequeued,
    JobStarted,
    JobUploaded,
)
from infra.drills.rig.stack import Stack
from tests.browser.conftest import Person

STARTED = JobStarted(run=1, attempt=1, worker="w")
READY: tuple[JobPayload, ...] = (
    STARTED,
    JobConverted(
        run=1,
        attempt=1,
        audio_id="a",
        bytes=3_400_000,
        sha256="0" * 64,
        duration_seconds=247.0,
        bit_rate=128_000,
        sample_rate=44_100,
        channels=2,
        seconds_spent=3.0,
        engine="test",
    ),
    JobNotified(run=1, about=JobConverted.TYPE, message_id="1@test"),
)
"""What happens to a job that goes well."""
AGAIN = JobRequeued(
    run=2, filename="talk.mp4", content_type="video/mp4", bytes=8, sha256="0" * 64, video_id="v"
)
"""Another run is asked for."""

Story = tuple[str, Sequence[JobPayload]]
"""A file's name, and what has happened since its upload."""


def failed(code: FailureCode, message: str = "Nothing came out.") -> tuple[JobPayload, ...]:
    """Return what happens to a job that fails for this reason."""
    return STARTED, JobFailed(run=1, attempt=1, code=code, message=message)


async def tell(person: Person, *stories: Story, **options: Any) -> list[str]:
    """Write the stories of new jobs into the log, past the queues of work. Returns their ids, in order."""
    told = {
        new_id(): (
            JobUploaded(
                filename=filename,
                content_type="video/mp4",
                bytes=8_000_000,
                sha256="0" * 64,
                video_id=new_id(),
                options=Options(**options),
            ),
            *payloads,
        )
        for filename, payloads in stories
    }
    await go_on(person, told)
    return list(told)


async def go_on(person: Person, stories: Mapping[str, Sequence[JobPayload]]) -> None:
    """Write what happens to jobs, by their ids."""
    account, now = await account_of(person), datetime.now(UTC)
    async with amqp.connected(person.stack.environment["RABBITMQ_URL"], name="test") as connection:
        channel = await connection.channel(confirms=True)

        async def say(job_id: str, payloads: Sequence[JobPayload]) -> None:
            for second, payload in enumerate(payloads):
                time = now + timedelta(seconds=second)
                event = job_event(payload, job_id=job_id, account=account, source="test", time=time)
                await channel.publish("", topology.STREAM, encode(event), {}, event.id)

        waiting = list(stories.items())
        for at in range(0, len(waiting), 100):
            await asyncio.gather(*(say(*story) for story in waiting[at : at + 100]))


async def account_of(person: Person) -> str:
    """Return the id by which the log knows somebody."""
    async with person.client() as client:
        token = client.headers["Authorization"].removeprefix("Bearer ")
    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


@asynccontextmanager
async def converters_held(stack: Stack) -> AsyncIterator[None]:
    """Let all converters stand still for the block."""
    converters = [name for name in stack.parts() if name.startswith("converter")]
    for name in converters:
        await stack.signal(name, signal.SIGSTOP)
    try:
        yield
    finally:
        for name in converters:
            await stack.signal(name, signal.SIGCONT)
