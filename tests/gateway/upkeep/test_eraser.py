"""Erasures against the real database and the real log."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from bson.binary import Binary
from msgspec.structs import replace
from waiting import wait_for

from events.errors import Unavailable
from events.types import DeletionReason, JobAudioRemoved, JobDeleted, JobErased, JobVideoRemoved
from events.views.leases import Lease
from events.views.store import JobViews
from gateway.errors import JobGone
from gateway.jobs.own_jobs import OwnJobs
from gateway.storage import QUIET, Content
from gateway.uploads.idempotency import Submission
from tests.gateway.running import STARTED
from tests.gateway.upkeep.world import ACCOUNT, CONTENT, HASH, World, result
from workers.converter.errors import StorageAway
from workers.converter.storage import Maker, Storage

USER = DeletionReason.USER


async def erasure_of(world: World, job_id: str) -> JobErased:
    """Return what the log says of the job's erasure, the first time that it does."""
    await wait_for(lambda: world.told(job_id, JobErased.TYPE))
    events = [each.event.payload() for each in world.live.recent.of_job(job_id)]
    return next(each for each in events if isinstance(each, JobErased))


async def test_a_deleted_job_leaves_no_byte_and_a_receipt(world: World) -> None:
    job_id, other = await world.job(), await world.job()
    await world.convert(job_id)
    audio = await world.convert(other)
    await world.store(world.audio, job_id)  # of a worker that lost the race
    async with world.cared_for():
        await world.deletions.delete(await world.view(job_id), USER)
        view = await world.erased(job_id)
        await wait_for(lambda: world.has_no_notes())
    assert await world.stored(world.videos) == {other}
    assert await world.stored(world.audio) == {audio}
    assert view.deletion is not None
    assert (view.deletion.video_sha256, view.deletion.audio_sha256) == (HASH, HASH)
    assert await erasure_of(world, job_id) == JobErased(about=JobDeleted.TYPE, videos=1, audio=2)


async def test_what_was_deleted_while_nobody_cared_is_erased_later(world: World) -> None:
    """As after a restart, or a change of the holder: the views alone say what is owed."""
    job_id = await world.job()
    await world.tell(job_id, JobDeleted(reason=USER))
    await world.project(job_id)
    async with world.cared_for():
        await world.erased(job_id)
    assert await world.stored(world.videos) == set()


async def test_a_video_goes_with_the_last_job_of_its_family(world: World) -> None:
    first = await world.job()
    second = await world.sibling(first)
    async with world.cared_for():
        await world.deletions.delete(await world.view(first), USER)
        kept = await world.erased(first)
        assert await world.stored(world.videos) == {first}
        await world.deletions.delete(await world.view(second), USER)
        gone = await world.erased(second)
    assert kept.erasure is not None
    assert gone.erasure is not None
    assert (kept.erasure.video_kept, gone.erasure.video_kept) == (True, False)
    assert (await erasure_of(world, first)).videos == 0
    assert (await erasure_of(world, second)).videos == 1
    assert await world.stored(world.videos) == set()


async def test_the_receipt_of_a_job_says_when_the_video_went_with_the_last_of_its_family(
    world: World,
) -> None:
    first = await world.job()
    second = await world.sibling(first)
    own = OwnJobs(world.live, JobViews(world.database), world.videos)
    async with world.cared_for():
        await world.deletions.delete(await world.view(first), USER)
        kept = await world.erased(first)
        with pytest.raises(JobGone) as while_kept:
            await own.get(ACCOUNT, first)
        await world.deletions.delete(await world.view(second), USER)
        gone = await world.erased(second)
    with pytest.raises(JobGone) as afterwards:
        await own.get(ACCOUNT, first)
    assert kept.erasure is not None
    assert gone.erasure is not None
    receipts = [caught.value.receipt for caught in (while_kept, afterwards)]
    assert [(each.video_kept, each.erased_at) for each in receipts if each] == [
        (True, kept.erasure.time),
        (False, gone.erasure.time),
    ]


async def test_siblings_deleted_together_take_the_video_with_them(world: World) -> None:
    """The stored views know of no deletion yet: what is in memory decides."""
    first = await world.job()
    second = await world.sibling(first)
    await world.project(first, second)
    for job_id in (first, second):
        await world.tell(job_id, JobDeleted(reason=USER))
    views = [await world.view(job_id) for job_id in (first, second)]
    await asyncio.gather(*map(world.eraser.settle, views))
    for job_id in (first, second):
        view = await world.erased(job_id)
        assert view.erasure is not None
        assert not view.erasure.video_kept
    assert sum([(await erasure_of(world, job_id)).videos for job_id in (first, second)]) == 1
    assert await world.stored(world.videos) == set()


async def test_an_erasure_that_a_crash_cut_off_is_ended_and_counts_all_files(world: World) -> None:
    """The files document is gone, its chunks are not: without the note nobody would find them."""
    job_id = await world.job()
    await world.convert(job_id)
    await world.tell(job_id, JobDeleted(reason=USER))
    for bucket in (world.videos, world.audio):
        for file in [each async for each in bucket.files.find()]:
            await bucket.pending.condemn(file["_id"], job_id)
            await bucket.files.delete_one({"_id": file["_id"]})
    assert await world.videos.chunks.count_documents({}) == 1
    await world.eraser.settle(await world.view(job_id))
    assert await erasure_of(world, job_id) == JobErased(about=JobDeleted.TYPE, videos=1, audio=1)
    for bucket in (world.videos, world.audio):
        assert await bucket.chunks.count_documents({}) == 0


async def test_audio_that_is_being_stored_cannot_be_finished_and_the_receipt_waits_for_its_writer(
    world: World,
) -> None:
    job_id = await world.job()
    storage, began, may_end = Storage(world.database), asyncio.Event(), asyncio.Event()

    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            loop.call_soon_threadsafe(began.set)
            asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result()
            return super().read(size)

    loop, audio = asyncio.get_running_loop(), Slow(b"x" * 5_000_000)
    keeping = asyncio.create_task(
        storage.keep("late", audio, Maker(account=ACCOUNT, job_id=job_id), filename="a.mp3")  # type: ignore[arg-type]
    )
    await began.wait()
    await world.tell(job_id, JobDeleted(reason=USER))
    await world.eraser.settle(await world.view(job_id))
    assert not await world.told(job_id, JobErased.TYPE)
    may_end.set()
    with pytest.raises(StorageAway, match="the job was deleted"):
        await keeping
    await world.eraser.settle(await world.view(job_id))
    await wait_for(lambda: world.told(job_id, JobErased.TYPE))
    assert await world.stored(world.audio) == set()


async def test_a_writer_that_died_is_not_waited_for(world: World) -> None:
    job_id = await world.job()
    await world.audio.pending.begin("half", job_id)
    await world.audio.chunks.insert_one({"files_id": "half", "n": 0, "data": Binary(CONTENT)})
    await world.tell(job_id, JobDeleted(reason=USER))
    await world.eraser.settle(await world.view(job_id))
    assert not await world.told(job_id, JobErased.TYPE)
    silent = datetime.now(UTC) - timedelta(seconds=QUIET + 1)
    await world.database["audio.pending"].update_one({"_id": "half"}, {"$set": {"since": silent}})
    await world.eraser.settle(await world.view(job_id))
    await wait_for(lambda: world.told(job_id, JobErased.TYPE))
    assert await world.stored(world.audio) == set()


async def test_audio_of_a_converter_that_did_not_hear_goes_when_its_event_comes(world: World) -> None:
    job_id = await world.job()
    await world.tell(job_id, STARTED)
    async with world.cared_for():
        await world.deletions.delete(await world.view(job_id), USER)
        await world.erased(job_id)
        late = await world.store(world.audio, job_id)
        await world.tell(job_id, result(late))

        await wait_for(lambda: world.holds(world.audio, set()))
    assert (await world.view(job_id)).state.value == "deleted"


async def test_a_removed_video_and_a_removed_audio_are_erased_and_the_job_stays(world: World) -> None:
    job_id = await world.job()
    await world.convert(job_id)
    async with world.cared_for():
        await world.deletions.remove_video(await world.view(job_id), DeletionReason.EXPIRED)
        await world.deletions.remove_audio(await world.view(job_id), DeletionReason.EXPIRED)

        async def both() -> bool:
            told = [each.event.payload() for each in world.live.recent.of_job(job_id)]
            return {each.about for each in told if isinstance(each, JobErased)} == {
                JobVideoRemoved.TYPE,
                JobAudioRemoved.TYPE,
            }

        await wait_for(both)
    assert await world.stored(world.videos) == await world.stored(world.audio) == set()
    assert (await world.view(job_id)).state.value == "converted"


async def test_the_audio_of_an_earlier_run_goes_when_it_is_removed_and_not_that_of_the_next(
    world: World,
) -> None:
    job_id = await world.job()
    first = await world.convert(job_id)
    await world.audio.files.update_one({"_id": first}, {"$set": {"metadata.run": 1}})
    second = await world.store(world.audio, job_id)
    removed = JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256=HASH)
    await world.tell(job_id, removed, replace(result(second), run=2))
    await world.eraser.settle(await world.view(job_id))
    assert (await erasure_of(world, job_id)).audio == 1
    assert await world.stored(world.audio) == {second}


async def test_nothing_is_erased_on_the_word_of_views_that_are_behind(world: World) -> None:
    """A sibling may be in the part of the log that they lack."""
    job_id = await world.job()
    await world.tell(job_id, JobDeleted(reason=USER))
    world.live.trouble = "the log is away"
    with pytest.raises(Unavailable):
        await world.eraser.settle(await world.view(job_id))
    assert await world.stored(world.videos) == {job_id}


async def test_one_job_that_cannot_be_erased_keeps_no_other_from_it(world: World) -> None:
    damaged, other = await world.job(), await world.job()
    await world.videos.files.update_one({"_id": damaged}, {"$unset": {"length": 1}})
    async with world.cared_for():
        for job_id in (damaged, other):
            await world.tell(job_id, JobDeleted(reason=USER))
        await world.erased(other)
    assert not await world.told(damaged, JobErased.TYPE)


async def test_the_key_of_a_deleted_job_is_spent_and_forgets_the_file(world: World) -> None:
    claim = await world.keys.claim(ACCOUNT, "key")
    content = Content(bytes=7, sha256=HASH)
    await world.keys.store(claim, Submission(filename="mine.mp4", content_type="video/mp4", content=content))
    await world.keys.finish(claim)
    await world.keys.forget(claim.job_id)
    again = await world.keys.claim(ACCOUNT, "key")
    assert (again.job_id, again.done, again.submission) == (claim.job_id, True, None)
    kept: Any = await world.database["idempotency_keys"].find_one({})
    assert "mine" not in str(kept)


async def test_who_does_not_follow_the_log_leaves_the_work_to_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.upkeep.caretaker.BEHIND", 0.1)
    monkeypatch.setattr("gateway.upkeep.caretaker.LOOK_EVERY", 0.05)
    async with world.cared_for():
        world.live.trouble = "the log is away"
        other = Lease(world.database, "sweeper", "another gateway")
        await wait_for(other.take)
