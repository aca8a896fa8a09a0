"""The tail of a gateway when things go wrong around it."""

import asyncio
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import job_event
from events.ids import new_id
from events.log import topology
from events.log.publisher import Publisher
from events.tasks import cancelled
from events.views.store import Checkpoint, JobViews
from gateway.jobs.live import LiveJobs
from tests.gateway.running import FAILED, STARTED
from tests.gateway.upkeep.world import uploaded


async def test_memory_is_bounded_while_the_views_are_behind_and_nothing_is_lost(
    broker: Any, database: AsyncDatabase[Any], account: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("gateway.jobs.live._AT_ONCE", 1)
    await topology.declare(broker.url)
    live, job_id = LiveJobs(JobViews(database), broker.stream_url, limit=1), new_id()
    following = asyncio.create_task(live.run())
    try:
        await wait_for(lambda: live.caught_up)
        events = [
            job_event(payload, job_id=job_id, account=account, source="test")
            for payload in (uploaded(job_id), STARTED, FAILED)
        ]
        last = asyncio.create_task(live.wait_for(events[-1].id, 30))
        with live.subscriptions.of(account) as heard:
            async with Publisher(broker.url, name="test") as publisher:
                for event in events:
                    await publisher.publish(event)
            await wait_for(lambda: live.trouble)
            assert live.trouble == "the views are behind"
            assert (len(live.recent), last.done()) == (2, False)
            stored = await JobViews(database).live()
            assert await stored.move_checkpoint(None, Checkpoint(2, events[2].id))
            assert await last
            await wait_for(lambda: live.caught_up)
            for event in events:
                item = await heard.take(5)
                assert getattr(item, "event", None) == event
            async with Publisher(broker.url, name="test") as publisher:
                for _ in range(2):
                    last_one = job_event(uploaded(job_id), job_id=new_id(), account=account, source="test")
                    await publisher.publish(last_one)
            await wait_for(lambda: live.trouble)
            assert await stored.move_checkpoint(Checkpoint(2, events[2].id), Checkpoint(4, last_one.id))
            await wait_for(lambda: live.caught_up, message="no event has to come for that")
    finally:
        await cancelled([following])


async def test_a_tail_that_cannot_be_pruned_begins_again_and_its_listeners_come_back(
    live: LiveJobs, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = live.recent

    def broken(*_: Any) -> None:
        monkeypatch.undo()
        raise RuntimeError("broken")

    with live.subscriptions.of(account) as listening:
        monkeypatch.setattr(live.recent, "prune", broken)
        await wait_for(lambda: live.trouble)
        assert "broken" in str(live.trouble)
        await wait_for(lambda: live.caught_up)
        assert live.recent is not before
        assert await listening.take(1) is None
