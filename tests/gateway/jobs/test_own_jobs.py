"""Jobs for their owners alone, also where the reader of the log is a moment behind."""

import asyncio
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import job_event
from events.errors import Unavailable
from events.ids import new_id
from events.log.publisher import Publisher
from events.views.store import JobViews
from gateway.errors import NoSuchJob
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.storage import Bucket, Writer
from tests.gateway.upkeep.world import uploaded


async def test_a_job_whose_video_is_stored_is_waited_for_by_its_owner_only(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.jobs.own_jobs._SEEN_WITHIN", 30.0)
    videos, account, job_id = Bucket(database, "videos"), new_id(), new_id()
    own = OwnJobs(live, JobViews(database), videos)
    writer = Writer(videos, job_id)
    await writer.write(b"video")
    await writer.finish(filename="a.mp4", account=account, job_id=job_id)
    asking = asyncio.create_task(own.get(account, job_id))
    with pytest.raises(NoSuchJob):
        await own.get(new_id(), job_id)
    assert not asking.done()
    async with Publisher(broker.url, name="test") as publisher:
        await publisher.publish(job_event(uploaded(job_id), job_id=job_id, account=account, source="test"))
    assert (await asking).job_id == job_id
    with pytest.raises(NoSuchJob):
        await own.get(new_id(), job_id)


async def test_who_does_not_follow_the_log_does_not_say_that_there_is_no_such_job(
    broker: Any, database: AsyncDatabase[Any]
) -> None:
    views = JobViews(database)
    behind = OwnJobs(LiveJobs(views, broker.stream_url), views, Bucket(database, "videos"))
    with pytest.raises(Unavailable):
        await behind.get(new_id(), new_id())


async def test_of_several_jobs_each_is_found_by_its_owner_also_where_the_log_is_not_followed(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs
) -> None:
    own, account, job_id = OwnJobs(live, JobViews(database), Bucket(database, "videos")), new_id(), new_id()
    async with Publisher(broker.url, name="test") as publisher:
        await publisher.publish(job_event(uploaded(job_id), job_id=job_id, account=account, source="test"))
    assert await live.wait_for(job_id, 10)
    asked = [new_id(), job_id, "no id", job_id]
    assert list(await own.several(account, asked)) == [job_id]
    assert await own.several(new_id(), asked) == {}
    live.trouble = "the log is away"
    assert list(await own.several(account, [job_id, job_id])) == [job_id]
    with pytest.raises(Unavailable):
        await own.several(account, asked)
