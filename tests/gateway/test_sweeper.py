"""The sweeper against the real database and the real log."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase
from structlog.testing import capture_logs
from waiting import wait_for

from events.envelope import job_event
from events.errors import Unavailable
from events.ids import new_id
from events.log import topology
from events.log.publisher import Publisher
from events.tasks import cancelled
from events.types import DeletionReason, JobDeleted, JobPayload, JobUploaded
from events.views.store import JobViews
from gateway.jobs.live import LiveJobs
from gateway.jobs.recent import RecentEvents
from gateway.storage import BATCH, CHUNK, Bucket, Writer
from gateway.sweeper import Sweeper
from tests.gateway.running import STARTED, converted

ACCOUNT = new_id()


class World:
    """A log, a tail of it, two buckets, and a sweeper that spares nothing for its age alone."""

    def __init__(self, database: AsyncDatabase[Any], publisher: Publisher, live: LiveJobs) -> None:
        self.publisher, self.live = publisher, live
        self.videos, self.audio = Bucket(database, "videos"), Bucket(database, "audio")
        self.database = database

    def sweeper(self, grace: float = 0.0) -> Sweeper:
        return Sweeper(
            self.database, self.live, self.videos, self.audio, holder="test", interval=0.05, grace=grace
        )

    async def store(self, bucket: Bucket, job_id: str, blob_id: str | None = None) -> str:
        blob_id = blob_id or new_id()
        writer = Writer(bucket, blob_id)
        await writer.write(b"content")
        await writer.finish(filename="a", account=ACCOUNT, job_id=job_id)
        # A second ago: the times in ids are whole seconds.
        before = datetime.now(UTC) - timedelta(seconds=2)
        await bucket.files.update_one({"_id": blob_id}, {"$set": {"uploadDate": before}})
        return blob_id

    async def tell(self, job_id: str, *payloads: JobPayload) -> None:
        for payload in payloads:
            event = job_event(payload, job_id=job_id, account=ACCOUNT, source="test")
            await self.publisher.publish(event)
            assert await self.live.wait_for(event.id, 5)

    async def job(self) -> str:
        job_id = new_id()
        await self.store(self.videos, job_id, job_id)
        await self.tell(job_id, uploaded(job_id))
        return job_id

    async def crash(self, bucket: Bucket, blob_id: str) -> None:
        """Leave what a process leaves that is killed after its first chunk."""
        writer = Writer(bucket, blob_id)
        await writer.write(b"x" * BATCH)
        await wait_for(lambda: bucket.chunks.count_documents({"files_id": blob_id}))

    async def stored(self, bucket: Bucket) -> set[str]:
        files = {file["_id"] async for file in bucket.files.find()}
        assert {chunk["files_id"] async for chunk in bucket.chunks.find()} == files
        return files


def uploaded(video_id: str) -> JobUploaded:
    return JobUploaded(filename="a.mp4", content_type="video/mp4", bytes=7, sha256="0", video_id=video_id)


@pytest.fixture
async def world(broker: Any, database: AsyncDatabase[Any]) -> AsyncIterator[World]:
    await topology.declare(broker.url)
    connected = asyncio.Event()
    live = LiveJobs(JobViews(database), broker.stream_url, on_state=lambda _: connected.set())
    following = asyncio.create_task(live.run())
    try:
        async with Publisher(broker.url, name="test") as publisher:
            await wait_for(lambda: live.caught_up)
            await connected.wait()  # which ends any trouble, also one that a test has set
            yield World(database, publisher, live)
    finally:
        await cancelled([following])


async def test_what_belongs_to_no_job_goes_and_the_rest_stays(world: World) -> None:
    kept = await world.job()
    never_a_job = await world.store(world.videos, new_id())
    given_up_attempt = await world.store(world.videos, kept)
    audio, lost_race = await world.store(world.audio, kept), await world.store(world.audio, kept)
    await world.tell(kept, STARTED, converted(audio, b"content"))
    deleted = await world.job()
    await world.tell(deleted, JobDeleted(reason=DeletionReason.USER))
    await world.crash(world.videos, "orphan")

    swept = await world.sweeper().sweep()

    assert (swept.uploads, swept.audio, swept.chunks) == (3, 1, BATCH // CHUNK)
    assert await world.stored(world.videos) == {kept}
    assert await world.stored(world.audio) == {audio}
    assert {never_a_job, given_up_attempt, lost_race, deleted}.isdisjoint({kept, audio})
    again = await world.sweeper().sweep()
    assert (again.uploads, again.audio, again.chunks) == (0, 0, 0)


async def test_a_view_that_cannot_be_read_stops_no_sweep_and_costs_its_job_nothing(world: World) -> None:
    damaged, deleted = await world.job(), await world.job()
    audio = await world.store(world.audio, damaged)
    await world.tell(deleted, JobDeleted(reason=DeletionReason.USER))
    store = await JobViews(world.database).live()
    await store.save((await world.live.views([damaged, deleted])).views.values())
    await world.database[store.name].update_one({"_id": damaged}, {"$set": {"view": "{"}})
    swept = await world.sweeper().sweep()
    assert (swept.uploads, swept.audio) == (1, 0)
    assert await world.stored(world.videos) == {damaged}
    assert await world.stored(world.audio) == {audio}


@pytest.mark.parametrize("stored", [True, False])
async def test_a_video_stays_while_any_job_of_its_family_needs_it(world: World, stored: bool) -> None:
    first, second = await world.job(), new_id()
    await world.tell(second, replace(uploaded(first), family=first))
    if stored:  # in the views, and no more in memory
        views = await world.live.views([first, second])
        await (await JobViews(world.database).live()).save(views.views.values())
        world.live.recent = RecentEvents(world.live.recent.position)
        await world.database["projections"].insert_one(
            {"_id": "jobs_v1", "offset": world.live.recent.position, "event_id": ""}
        )

    async def delete(job_id: str) -> None:
        await world.tell(job_id, JobDeleted(reason=DeletionReason.USER))
        if stored:
            await (await JobViews(world.database).live()).save(
                (await world.live.views([job_id])).views.values()
            )

    await delete(first)
    assert (await world.sweeper().sweep()).uploads == 0
    await delete(second)
    assert (await world.sweeper().sweep()).uploads == 1
    assert await world.stored(world.videos) == set()


async def test_what_is_young_is_left_alone(world: World) -> None:
    video = await world.store(world.videos, new_id())
    await world.crash(world.videos, "under way")
    swept = await world.sweeper(grace=60).sweep()
    assert (swept.uploads, swept.audio, swept.chunks) == (0, 0, 0)
    assert await world.videos.find(video) is not None


async def test_nothing_is_swept_while_the_log_is_not_followed(world: World) -> None:
    video = await world.store(world.videos, new_id())
    world.live.trouble = "the log is away"
    with capture_logs() as lines:
        sweeping = asyncio.create_task(world.sweeper().run())
        await wait_for(lambda: [line["event"] for line in lines].count("lease_taken") > 1)
    assert await world.videos.find(video) is not None
    world.live.trouble = None

    async def is_gone() -> bool:
        return await world.videos.find(video) is None

    await wait_for(is_gone)
    await cancelled([sweeping])


async def test_views_that_know_less_than_everything_sweep_nothing(world: World) -> None:
    """As when the views are dropped, and folded again from the log's beginning."""
    kept = await world.job()
    await wait_for(lambda: world.live.recent.has(kept) or world.live.recent.of_job(kept))
    world.live.recent.prune(2**40, time.monotonic() + 3600)
    assert await world.live.view(kept) is None
    with pytest.raises(Unavailable):
        await world.sweeper().sweep()
    assert await world.videos.find(kept) is not None
