"""Event streams of a gateway that has just started: nothing missed, nothing told twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Recorded, job_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.projections.jobs import fold
from events.tasks import cancelled
from events.views.store import Checkpoint, JobViews
from gateway.callers.tokens import Caller
from gateway.jobs import event_stream
from gateway.jobs.event_stream import watch
from gateway.jobs.live import LiveJobs
from tests.gateway.running import FAILED, STARTED
from tests.gateway.upkeep.world import uploaded


async def stored_up_to(database: AsyncDatabase[Any], seen: tuple[Recorded, ...]) -> None:
    """Store the view of these events of one job, and the checkpoint after them, as the projector does."""
    stored = await JobViews(database).live()
    view = fold(seen)
    assert view
    await stored.save([view])
    assert await stored.move_checkpoint(None, Checkpoint(seen[-1].offset, seen[-1].event.id))


@asynccontextmanager
async def starting(
    broker: Any, database: AsyncDatabase[Any]
) -> AsyncIterator[tuple[LiveJobs, asyncio.Event]]:
    """A second gateway's tail, which begins to read when the event is set."""
    live, begin = LiveJobs(JobViews(database), broker.stream_url), asyncio.Event()

    async def run() -> None:
        await begin.wait()
        await live.run()

    running = asyncio.create_task(run())
    yield live, begin
    await cancelled([running])


async def test_a_client_that_comes_before_the_gateway_knows_its_place_in_the_log_misses_nothing(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_BEGINS_WITHIN", 20.0)
    job_id, caller = new_id(), Caller(account=new_id(), roles=("user",), expires=time.time() + 60)
    event = job_event(uploaded(job_id), job_id=job_id, account=caller.account, source="test")
    async with Publisher(broker.url, name="test") as publisher:
        await publisher.publish(event)
    await wait_for(lambda: live.recent.has(event.id))
    await stored_up_to(database, live.recent.of_job(job_id))

    async with (
        starting(broker, database) as (late, begin),
        aclosing(watch(late, caller, None, job_id)) as stream,
        asyncio.timeout(30),
    ):
        assert (await anext(stream)).startswith(b"retry:")
        telling = asyncio.create_task(anext(stream))
        begin.set()
        assert event.id.encode() in await telling


async def test_what_a_client_saw_before_a_restart_is_not_told_again_when_it_is_published_again(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_BEGINS_WITHIN", 20.0)
    job_id, caller = new_id(), Caller(account=new_id(), roles=("user",), expires=time.time() + 60)
    begun, started, failed = (
        job_event(payload, job_id=job_id, account=caller.account, source="test")
        for payload in (uploaded(job_id), STARTED, FAILED)
    )
    async with Publisher(broker.url, name="test") as publisher:
        for event in (begun, started):
            await publisher.publish(event)
        await wait_for(lambda: live.recent.has(started.id))
        seen = live.recent.of_job(job_id)
        await stored_up_to(database, seen)
        for event in (started, failed):
            await publisher.publish(event)

    async with (
        starting(broker, database) as (late, begin),
        aclosing(watch(late, caller, seen[-1].offset, job_id)) as stream,
        asyncio.timeout(30),
    ):
        begin.set()
        assert (await anext(stream)).startswith(b"retry:")
        events = (each async for each in stream if b"event: queue" not in each)
        assert failed.id.encode() in await anext(events)


async def test_what_a_client_saw_at_another_replica_is_waited_for_and_not_told_again(
    broker: Any, live: LiveJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_REACHES_WITHIN", 20.0)
    job_id, caller = new_id(), Caller(account=new_id(), roles=("user",), expires=time.time() + 60)
    seen, new = (
        job_event(payload, job_id=job_id, account=caller.account, source="test")
        for payload in (uploaded(job_id), STARTED)
    )
    async with aclosing(watch(live, caller, 0)) as stream, asyncio.timeout(20):
        assert (await anext(stream)).startswith(b"retry:")
        # Where the first one is read before the second has come, the stream tells where it is, and the job.
        events = (each async for each in stream if b"event: job." in each)
        telling = asyncio.create_task(anext(events))
        async with Publisher(broker.url, name="test") as publisher:
            for event in (seen, new):
                await publisher.publish(event)
        assert new.id.encode() in await telling


async def test_who_saw_more_than_a_gateway_that_is_behind_is_sent_back(
    live: LiveJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_REACHES_WITHIN", 0.0)
    live.trouble = "behind"
    caller = Caller(account=new_id(), roles=("user",), expires=time.time() + 60)
    async with asyncio.timeout(10):
        first, *rest = [each async for each in watch(live, caller, 1_000_000)]
    assert (first, rest) == (b"retry: 2000\n\n", [])


async def test_who_is_revoked_after_the_requests_check_and_before_the_stream_began_hears_nothing(
    live: LiveJobs,
) -> None:
    caller = Caller(account=new_id(), roles=("user",), expires=time.time() + 60)
    void: set[Caller] = set()
    stream = watch(live, caller, None, is_void=void.__contains__)
    void.add(caller)  # nothing listens yet: this is the moment that the subscription alone would miss
    live.subscriptions.revoke(caller.account)
    async with asyncio.timeout(10):
        assert [each async for each in stream] == [b"retry: 2000\n\n"]
