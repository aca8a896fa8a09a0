"""The receipt of a deleted job."""

from events.envelope import Recorded, job_event
from events.projections.jobs import fold
from events.types import DeletionReason, JobDeleted
from gateway.jobs.receipts import receipt_of
from tests.gateway.running import STARTED
from tests.gateway.upkeep.world import HASH, result, uploaded


def test_a_receipt_has_the_hash_of_audio_that_came_as_the_job_was_deleted() -> None:
    """The gateway that deleted it had not heard of the audio, which the log has before or after that."""
    deleted = JobDeleted(reason=DeletionReason.USER, video_sha256=HASH)
    for story in (
        (uploaded("v"), STARTED, result("audio"), deleted),
        (uploaded("v"), STARTED, deleted, result("audio")),
    ):
        events = (job_event(each, job_id="j", account="a", source="test") for each in story)
        view = fold(Recorded(at, each) for at, each in enumerate(events))
        assert view is not None
        receipt = receipt_of(view)
        assert receipt is not None
        assert (receipt.video_sha256, receipt.audio_sha256) == (HASH, HASH)
