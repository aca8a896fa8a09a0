"""The sweeper against the real database and the real log."""

import time

import pytest
from msgspec.structs import replace
from waiting import wait_for

from events.errors import Unavailable
from events.ids import new_id
from events.types import DeletionReason, JobDeleted
from events.views.store import JobViews
from gateway.jobs.recent import RecentEvents
from gateway.storage import BATCH, CHUNK
from tests.gateway.running import STARTED, converted
from tests.gateway.upkeep.world import World, uploaded


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
    world.live.trouble, complete, looks = "the log is away", world.live.complete, 0

    async def counted() -> bool:
        nonlocal looks
        looks += 1
        return await complete()

    world.live.complete = counted  # type: ignore[method-assign]
    async with world.cared_for(interval=0.05):
        await wait_for(lambda: looks > 2)
        assert await world.videos.find(video) is not None
        world.live.trouble = None

        async def is_gone() -> bool:
            return await world.videos.find(video) is None

        await wait_for(is_gone)


async def test_what_is_young_goes_if_its_job_was_deleted(world: World) -> None:
    """As of a converter that had not heard: its audio came after the erasure, and its event never."""
    job_id, other = await world.job(), await world.job()
    await world.tell(job_id, JobDeleted(reason=DeletionReason.USER))
    await world.store(world.audio, job_id)
    await world.store(world.audio, other)  # perhaps its event is on its way
    swept = await world.sweeper(grace=3600).sweep()
    assert (swept.uploads, swept.audio) == (1, 1)
    assert await world.stored(world.videos) == {other}
    assert len(await world.stored(world.audio)) == 1


async def test_views_that_know_less_than_everything_sweep_nothing(world: World) -> None:
    """As when the views are dropped, and folded again from the log's beginning."""
    kept = await world.job()
    await wait_for(lambda: world.live.recent.has(kept) or world.live.recent.of_job(kept))
    world.live.recent.prune(2**40, time.monotonic() + 3600)
    assert await world.live.view(kept) is None
    with pytest.raises(Unavailable):
        await world.sweeper().sweep()
    assert await world.videos.find(kept) is not None
