"""What was deleted stays deleted, whatever is done with the log."""

from typing import Any

import pytest
from making import event, started, uploaded
from pymongo.asynchronous.database import AsyncDatabase

from cli.replay.views.versions import live
from events.envelope import consequence
from events.log import topology
from events.projections.erasures import owed
from events.projections.job_view import JobView
from events.types import (
    DeletionReason,
    FailureCode,
    JobAudioRemoved,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobPayload,
    JobVideoRemoved,
)

pytestmark = pytest.mark.servers

GONE = JobDeleted(reason=DeletionReason.ACCOUNT_ERASED, video_sha256="1" * 64, audio_sha256="2" * 64)
DELETION = event(GONE, "deleted")
ERASURE = consequence(DELETION, JobErased(about=JobDeleted.TYPE, videos=1, audio=1), source="/tests")
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.INTERNAL, message="m")
STORY = (
    *(uploaded("deleted", "whose-name.mp4"), started("deleted")),
    *(uploaded("owes", "whose-name.mp4"), event(FAILED, "owes"), event(GONE, "owes")),
    *(uploaded("kept"), event(FAILED, "kept")),
    event(JobVideoRemoved(reason=DeletionReason.EXPIRED, sha256="0" * 64), "kept"),
    *(DELETION, ERASURE),
)


def converted(job_id: str) -> JobPayload:
    return JobConverted(
        run=1,
        attempt=1,
        audio_id="a",
        bytes=1,
        sha256="2" * 64,
        duration_seconds=1.0,
        bit_rate=1,
        sample_rate=44_100,
        channels=2,
        seconds_spent=1.0,
        engine="test",
    )


async def views(database: AsyncDatabase[Any]) -> dict[str, JobView]:
    return {view.job_id: view async for view in (await live(database)).all()}


def check(found: dict[str, JobView]) -> None:
    for job_id in ("deleted", "owes"):
        view = found[job_id]
        assert view.deletion is not None
        assert view.deletion.reason == "account_erased"
        assert (view.deletion.video_sha256, view.deletion.audio_sha256) == ("1" * 64, "2" * 64)
        assert "whose-name" not in str(view)
    assert found["deleted"].erasure is not None
    assert (owed(found["deleted"]), len(owed(found["owes"]))) == ([], 1)
    assert found["kept"].video_removal is not None


async def test_rebuilt_views_and_an_imported_log_hold_the_same_receipts(replay, database, tmp_path):
    await replay.publish(*STORY)
    assert (await replay("rebuild", "--yes")).code == 0
    check(await views(database))
    assert (await replay("verify")).code == 0

    file = str(tmp_path / "log.jsonl")
    assert (await replay("export", file)).code == 0
    await replay.lose_log()
    assert (await replay("import", file, "--yes")).code == 0
    assert (await replay("rebuild", "--yes", "--restart")).code == 0
    check(await views(database))
    assert await replay.broker.depth(topology.VIDEO) == 0


async def test_a_log_that_lost_deletions_is_told_of_them_and_hands_out_no_work(replay, database):
    await replay.publish(*STORY)
    await replay("rebuild", "--yes")
    await replay.lose_log()
    await replay.publish(STORY[0])  # the first upload is all that is left
    told = await replay("reconcile", "--work", "--yes")
    assert told.code == 0, told.err
    assert (await replay("rebuild", "--yes", "--restart")).code == 0
    found = await views(database)
    for job_id in ("deleted", "owes"):
        assert found[job_id].deletion is not None
        assert len(owed(found[job_id])) == 1  # whoever looks after the jobs tells once more that all is gone
    assert found["kept"].video_removal is not None
    assert await replay.broker.depth(topology.VIDEO) == 1  # that of the upload that was left


async def test_audio_that_was_removed_is_no_loss_and_no_work(replay, database):
    removed = JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256="2" * 64)
    story = (uploaded("j1"), event(converted("j1"), "j1"), event(removed, "j1"))
    await replay.publish(uploaded("other"), *story)
    await replay("rebuild", "--yes")
    await replay.lose_log()
    await replay.publish(uploaded("other"))
    await replay("reconcile", "--yes")
    await replay("rebuild", "--yes", "--restart")
    view = (await views(database))["j1"]
    assert view.audio_gone is not None
    assert view.state == "converted"


async def test_no_run_is_begun_without_a_video(replay):
    await replay.publish(*STORY)
    await replay("rebuild", "--yes")
    every = await replay("requeue", "--all-failed", "--yes")
    assert "job kept is left out: its video was removed" in every.err
    assert "0 of 0 failed jobs" in every.out
    assert (await replay("requeue", "--job", "deleted", "--yes")).code == 70


async def test_what_is_gone_is_not_converted_again(replay):
    done = (uploaded("gone"), event(converted("gone"), "gone"), event(GONE, "gone"))
    await replay.publish(*done, uploaded("novideo"), event(converted("novideo"), "novideo"))
    removed = JobVideoRemoved(reason=DeletionReason.EXPIRED, sha256="0" * 64)
    await replay.publish(event(removed, "novideo"))
    result = await replay("reconvert", "--sample", "9")
    assert (result.code, "no such conversion" in result.err) == (66, True)
