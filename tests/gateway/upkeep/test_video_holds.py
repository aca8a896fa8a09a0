"""Requests for another run, or another output, that race with the erasure of the video."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from waiting import wait_for

from events.envelope import Event, job_event
from events.errors import Unavailable
from events.ids import new_id
from events.log.publisher import Publisher
from events.projections.job_view import JobView
from events.types import DeletionReason, JobDeleted, JobErased, JobVideoRemoved
from events.views.store import JobViews
from gateway.errors import JobGone
from gateway.jobs.own_jobs import OwnJobs
from gateway.life.repeats import Repeats
from gateway.life.runs import Runs
from gateway.uploads.intake import Intake
from tests.gateway.running import FAILED, STARTED
from tests.gateway.upkeep.world import ACCOUNT, World, uploaded

OUTPUT = {"format": "flac"}


class Hesitant(Publisher):
    """Publishes when it may."""

    def __init__(self, url: str) -> None:
        super().__init__(url, name="hesitant")
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def publish(self, event: Event) -> None:
        self.asked.set()
        await self.may.wait()
        await super().publish(event)


@asynccontextmanager
async def asked(
    broker: Any, world: World, view: JobView, given: Mapping[str, str]
) -> AsyncIterator[asyncio.Task[JobView]]:
    """Ask for work on a job's video; its event comes after the block, or when the task is awaited."""
    async with Hesitant(broker.url) as publisher:
        own = OwnJobs(world.live, JobViews(world.database), world.videos)
        runs = Runs(world.live, own, publisher)
        intake = Intake(world.videos, world.keys, publisher, world.live)
        repeats = Repeats(runs, intake, world.presets, world.live)
        asking = asyncio.create_task(repeats.repeat(view, dict(given)))
        await asyncio.wait(
            {asking, waiting := asyncio.create_task(publisher.asked.wait())},
            return_when=asyncio.FIRST_COMPLETED,
        )
        waiting.cancel()
        try:
            yield asking
        finally:
            publisher.may.set()
            await asyncio.wait({asking})


async def failed_job(world: World) -> JobView:
    job_id = await world.job()
    await world.tell(job_id, STARTED, FAILED)
    return await world.view(job_id)


async def test_an_output_that_is_being_asked_for_keeps_the_video_of_a_job_that_is_deleted(
    broker: Any, world: World
) -> None:
    view = await failed_job(world)
    async with asked(broker, world, view, OUTPUT) as asking:
        await world.tell(view.job_id, JobDeleted(reason=DeletionReason.USER))
        await world.eraser.settle(await world.view(view.job_id))
        assert not await world.told(view.job_id, JobErased.TYPE), "who asks may have it or not: that is open"
    output = asking.result()
    await world.eraser.settle(await world.view(view.job_id))
    erasure = (await world.erased(view.job_id)).erasure
    assert erasure is not None
    assert erasure.video_kept
    assert await world.stored(world.videos) == {view.job_id}

    await world.tell(output.job_id, JobDeleted(reason=DeletionReason.USER))
    await world.eraser.settle(await world.view(output.job_id))
    assert await world.stored(world.videos) == set()
    assert await wait_for(world.has_no_notes)


async def test_a_run_that_began_as_the_video_was_removed_has_it_up_to_its_end(
    broker: Any, world: World
) -> None:
    view = await failed_job(world)
    async with asked(broker, world, view, {}) as asking:
        await world.deletions.remove_video(view, DeletionReason.EXPIRED)
        await world.eraser.settle(await world.view(view.job_id))
    assert asking.result().run == 2
    await world.eraser.settle(await world.view(view.job_id))
    assert await world.stored(world.videos) == {view.job_id}
    assert not await world.told(view.job_id, JobErased.TYPE)

    await world.tell(view.job_id, replace(STARTED, run=2), replace(FAILED, run=2))
    await world.eraser.settle(await world.view(view.job_id))
    await wait_for(lambda: world.told(view.job_id, JobErased.TYPE))
    assert await world.stored(world.videos) == set()


async def test_work_of_which_the_log_knows_and_the_eraser_does_not_yet_keeps_its_video(
    broker: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = await failed_job(world)
    await world.tell(view.job_id, JobDeleted(reason=DeletionReason.USER))
    deleted, take, late = await world.view(view.job_id), world.live._take, []
    monkeypatch.setattr(world.live, "_take", late.append)
    sibling = uploaded(view.job_id, family=view.job_id)
    await world.publisher.publish(job_event(sibling, job_id=new_id(), account=ACCOUNT, source="test"))
    erasing = asyncio.create_task(world.eraser.settle(deleted))
    await wait_for(lambda: late)
    await wait_for(lambda: world.database["videos.pending"].find_one({"_id": view.job_id, "swept": True}))
    monkeypatch.undo()
    for batch in late:
        take(batch)
    await erasing
    assert await world.stored(world.videos) == {view.job_id}


async def test_who_comes_as_the_video_goes_is_told_so_and_no_job_begins(broker: Any, world: World) -> None:
    view = await failed_job(world)
    await world.videos.condemn(view.job_id, view.job_id)  # by an erasure that goes on now
    for given in ({}, OUTPUT):
        async with asked(broker, world, view, given) as asking:
            with pytest.raises(Unavailable, match="about to be removed"):
                await asking
    await world.tell(view.job_id, JobVideoRemoved(reason=DeletionReason.EXPIRED, sha256=""))
    await world.eraser.settle(await world.view(view.job_id))
    for given in ({}, OUTPUT):
        async with asked(broker, world, view, given) as asking:
            with pytest.raises(JobGone):
                await asking
    assert await wait_for(world.has_no_notes)
    assert (await world.view(view.job_id)).run == 1


async def test_a_job_that_is_deleted_while_it_is_repeated_is_gone_for_who_asked(
    broker: Any, world: World
) -> None:
    view = await failed_job(world)
    async with asked(broker, world, view, {}) as asking:
        await world.tell(view.job_id, JobDeleted(reason=DeletionReason.USER))
    with pytest.raises(JobGone):
        asking.result()
