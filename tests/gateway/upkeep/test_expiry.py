"""What has been kept long enough goes, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from waiting import wait_for

from events.options import Options
from events.types import JobAudioRemoved, JobDeleted, JobRequeued, JobVideoRemoved
from gateway.jobs.retention import Retention
from tests.gateway.running import FAILED, STARTED
from tests.gateway.upkeep.world import World


async def test_video_audio_and_job_go_each_in_its_time(world: World) -> None:
    """By a job's own options: the server keeps all."""
    video = await world.job(options=Options(retain_video=0))
    audio = await world.job(options=Options(retain_audio=0))
    whole = await world.job(options=Options(retain_record=0))
    kept = await world.job(options=Options(retain_video=9e8, retain_audio=9e8, retain_record=9e8))
    async with world.cared_for():
        made = [await world.convert(job_id) for job_id in (video, audio, whole, kept)]
        await wait_for(lambda: world.told(video, JobVideoRemoved.TYPE))
        await wait_for(lambda: world.told(audio, JobAudioRemoved.TYPE))
        view = await world.erased(whole)

        await wait_for(lambda: world.holds(world.videos, {audio, kept}))
        await wait_for(lambda: world.holds(world.audio, {made[0], made[3]}))
    assert view.deletion is not None
    assert view.deletion.reason == "expired"
    for job_id in (video, audio, kept):
        assert (await world.view(job_id)).deletion is None
    assert not await world.told(video, JobAudioRemoved.TYPE)


async def test_a_walk_finds_what_nobody_heard_of_in_the_stored_views(world: World) -> None:
    old = await world.job()
    await world.convert(old)
    own = await world.job(options=Options(retain_record=0))
    await world.tell(own, STARTED, FAILED)
    await world.project(old, own)
    async with world.cared_for(retention=Retention(record=0.0)):
        for job_id in (old, own):
            await world.erased(job_id)


async def test_what_other_jobs_of_the_family_need_stays_with_them(world: World) -> None:
    first = await world.job(options=Options(retain_video=0))
    second = await world.sibling(first)
    async with world.cared_for():
        await world.tell(first, STARTED, FAILED)
        await wait_for(lambda: world.told(first, "job.erased"))
        assert await world.stored(world.videos) == {first}
        assert (await world.view(second)).video_removal is None


async def test_a_job_that_was_begun_again_is_not_over_and_loses_nothing(world: World) -> None:
    job_id = await world.job(options=Options(retain_record=0))
    view = await world.view(job_id)
    assert view.video is not None
    video = view.video
    again = JobRequeued(
        run=2,
        filename=video.filename,
        content_type=video.content_type,
        bytes=video.bytes,
        sha256=video.sha256,
        video_id=video.video_id,
        options=video.options,
    )
    await world.tell(job_id, STARTED, FAILED)
    due = await world.view(job_id)
    await world.tell(job_id, again)
    expiries, now = world.expiries(Retention()), datetime.now(UTC) + timedelta(days=1)
    expiries.consider([due], now)
    await expiries.let_go(now)
    assert not await world.told(job_id, JobDeleted.TYPE)


async def test_what_goes_a_little_later_is_not_forgotten(world: World) -> None:
    job_id = await world.job(options=Options(retain_video=60, retain_audio=120))
    await world.convert(job_id)
    expiries, ended = world.expiries(Retention()), datetime.now(UTC)
    expiries.consider([await world.view(job_id)], ended)
    await expiries.let_go(ended + timedelta(seconds=30))
    assert not await world.told(job_id, JobVideoRemoved.TYPE)
    await expiries.let_go(ended + timedelta(seconds=61))
    await wait_for(lambda: world.told(job_id, JobVideoRemoved.TYPE))
    assert not await world.told(job_id, JobAudioRemoved.TYPE)
    await expiries.let_go(ended + timedelta(seconds=121))
    await wait_for(lambda: world.told(job_id, JobAudioRemoved.TYPE))


async def test_many_go_some_at_a_time_and_none_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.upkeep.expiry.MOST_SCHEDULED", 3)
    monkeypatch.setattr("gateway.upkeep.expiry._AT_ONCE", 2)
    jobs = [await world.job() for _ in range(7)]
    for job_id in jobs:
        await world.tell(job_id, STARTED, FAILED)
    await world.project(*jobs)

    async def all_erased() -> bool:
        await world.project(*jobs)
        return all(view.erasure for view in (await world.live.views(jobs)).views.values())

    async with world.cared_for(retention=Retention(record=0.0)):
        await wait_for(all_erased, 60)
