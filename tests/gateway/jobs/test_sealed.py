"""What is sealed in the log is whole for its owner, and gone at once when its key is destroyed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Event, job_event
from events.errors import Unavailable
from events.ids import new_id
from events.log.publisher import Publisher
from events.privacy.job_keys import JobKeys
from events.privacy.sealing import NoKeys
from events.projections.job_view import State
from gateway.callers.tokens import Caller
from gateway.jobs.event_stream import watch
from gateway.jobs.live import LiveJobs
from tests.gateway.upkeep.world import uploaded

NAME = "canary of Anna.mp4"
"""The word is looked for in the files of every stream."""


async def test_views_and_event_streams_are_whole_while_there_is_a_key(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs
) -> None:
    live.keys = JobKeys(database, seconds=0)
    job_id, caller = new_id(), Caller(account=new_id(), roles=("user",), expires=time.time() + 60)
    payload = replace(uploaded(job_id), filename=NAME)
    event = job_event(payload, job_id=job_id, account=caller.account, source="test")

    async def told() -> bytes:
        """What a client is told of the job."""
        async with aclosing(watch(live, caller, None, job_id)) as stream:
            return b"".join([await anext(stream) for _ in range(2)])

    async with (
        Publisher(broker.url, name="test", keys=JobKeys(database)) as publisher,
        aclosing(watch(live, caller, None)) as coming,
    ):
        await listening(coming)
        waiting = asyncio.create_task(anext(coming))
        await publisher.publish(event)
        assert NAME.encode() in await waiting
    view = await live.view(job_id)
    assert view
    assert view.filename == NAME
    assert (await live.views([job_id])).views[job_id].filename == NAME
    assert NAME.encode() in await told()
    assert NAME.encode() not in bytes(live.recent.of_job(job_id)[0].event.data), "in memory it stays sealed"

    await JobKeys(database).destroy([job_id])

    view = await live.view(job_id)
    assert view
    assert (view.filename, view.state) == ("", State.UPLOADED)
    assert NAME.encode() not in await told()


async def listening(stream: AsyncIterator[bytes]) -> None:
    """Read up to the position in the log from which all will be heard."""
    async for message in stream:
        if message.startswith(b"event: position"):
            return


class Away(NoKeys):
    """Keys in a database that is away."""

    async def open(self, event: Event) -> Event:
        raise Unavailable("the keys of jobs: away")


async def test_a_stream_ends_where_there_is_no_key_to_be_had_and_its_client_misses_nothing(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs
) -> None:
    live.keys = Away()
    job_id, caller = new_id(), Caller(account=new_id(), roles=("user",), expires=time.time() + 60)
    payload = replace(uploaded(job_id), filename=NAME)
    event = job_event(payload, job_id=job_id, account=caller.account, source="test")
    async with (
        Publisher(broker.url, name="test", keys=JobKeys(database)) as publisher,
        aclosing(watch(live, caller, None)) as coming,
    ):
        await listening(coming)
        waiting = asyncio.create_task(anext(coming))
        await publisher.publish(event)
        with pytest.raises(StopAsyncIteration):
            await waiting
    live.keys, seen = JobKeys(database), live.recent.of_job(job_id)[0].offset
    async with aclosing(watch(live, caller, seen - 1)) as again:
        await anext(again)
        assert NAME.encode() in await anext(again)
