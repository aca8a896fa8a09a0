"""What becomes of transcripts: they go with their job, with the audio, or when their owner says so."""

from typing import Any

from msgspec.structs import replace
from waiting import wait_for

from events.types import (
    DeletionReason,
    JobAudioRemoved,
    JobDeleted,
    JobErased,
    JobTranscriptAdded,
    JobTranscriptRemoved,
    Transcript,
)
from service.transcripts.cues import searchable
from service.transcripts.reading import read
from tests.gateway.running import STARTED
from tests.gateway.upkeep.world import ACCOUNT, HASH, World, result
from workers.converter.storage import Maker, Storage

TEXT = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n"


async def told(world: World, job_id: str) -> str:
    """Let a worker make a transcript with the job's audio."""
    maker = Maker(account=ACCOUNT, job_id=job_id, run=1, attempt=1)
    kept = await Storage(world.database).keep_transcript(
        f"of {job_id}", TEXT, maker, words=searchable(read(TEXT))
    )
    made = Transcript(
        transcript_id=kept.blob_id, track=0, bytes=kept.bytes, sha256=kept.sha256, cues=1, language="en"
    )
    audio = await world.store(world.audio, job_id)
    await world.audio.files.update_one({"_id": audio}, {"$set": {"metadata.run": 1}})
    await world.tell(job_id, STARTED, replace(result(audio), transcripts=(made,)))
    return kept.blob_id


async def given(world: World, job_id: str) -> str:
    blob = await world.store(world.transcripts, job_id)
    await world.tell(job_id, JobTranscriptAdded(transcript_id=blob, bytes=7, sha256=HASH, cues=1))
    return blob


async def test_a_deleted_job_leaves_nothing_of_what_was_said(world: World) -> None:
    gone, kept = await world.job(), await world.job()
    await told(world, gone)
    await given(world, gone)
    others = {await told(world, kept), await given(world, kept)}
    async with world.cared_for():
        await world.tell(gone, JobDeleted(reason=DeletionReason.USER))
        await world.erased(gone)
        assert await wait_for(world.has_no_notes), "the notes go after the receipt"
    assert await world.stored(world.transcripts) == others
    said = world.database["transcripts.files"].find(
        {"metadata.words": {"$exists": True}}, {"metadata.job_id": 1}
    )
    assert [each["metadata"]["job_id"] async for each in said] == [kept], "the words go with their file"


async def test_the_video_s_words_go_with_the_audio_and_the_owner_s_stay(world: World) -> None:
    job_id = await world.job()
    await told(world, job_id)
    own = await given(world, job_id)
    async with world.cared_for():
        await world.tell(job_id, JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256=HASH))

        async def erased() -> Any:
            return await world.told(job_id, JobErased.TYPE)

        await wait_for(erased)
    assert await world.stored(world.transcripts) == {own}


async def test_the_sweep_takes_what_no_job_has_and_at_once_what_was_taken_back(world: World) -> None:
    job_id = await world.job()
    kept = {await told(world, job_id), await given(world, job_id)}
    await world.store(world.transcripts, job_id)  # of a request that died before it told the log
    removed = await given(world, job_id)
    await world.tell(job_id, JobTranscriptRemoved(transcript_id=removed))
    young = await world.sweeper(grace=3600).sweep()
    assert (young.transcripts, removed in await world.stored(world.transcripts)) == (1, False)
    assert (await world.sweeper().sweep()).transcripts == 1
    assert await world.stored(world.transcripts) == kept


async def test_a_transcript_that_is_told_of_after_its_job_was_deleted_is_erased_too(world: World) -> None:
    job_id = await world.job()
    async with world.cared_for():
        await world.tell(job_id, JobDeleted(reason=DeletionReason.USER))
        await world.erased(job_id)
        await given(world, job_id)

        async def empty() -> bool:
            return await world.stored(world.transcripts) == set()

        await wait_for(empty)
