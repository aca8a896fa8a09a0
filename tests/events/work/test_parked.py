"""What is done with work that was given up, when somebody asks for it again."""

import pytest
from making import ACCOUNT, event, uploaded

from events.envelope import Event, Recorded, account_event
from events.log import topology
from events.log.amqp import Delivery
from events.projections.jobs import fold
from events.types import (
    AccountLetterRequested,
    DeletionReason,
    FailureCode,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobNotificationFailed,
    JobNotified,
    JobPayload,
    JobRequeued,
    Letter,
)
from events.work.parked import ParkedWork, Remedy, remedy

JOB = "job-1"
FAILED = JobFailed(run=1, attempt=5, code=FailureCode.INTERNAL, message="It may work later.")
CANCELLED = JobCancelled(run=1)
DELETED = JobDeleted(reason=DeletionReason.USER)
REQUEUED = JobRequeued(
    run=2, filename="a.mp4", content_type="video/mp4", bytes=3, sha256="0" * 64, video_id=JOB
)
CONVERTED = JobConverted(
    run=1, attempt=1, audio_id="a", bytes=9, sha256="0" * 64, duration_seconds=1.0, bit_rate=1,
    sample_rate=1, channels=2, seconds_spent=1.0, engine="e",
)  # fmt: skip
NOTIFIED = JobNotified(run=1, about="job.converted", message_id="<m@x>")
GAVE_UP = JobNotificationFailed(run=1, about="job.converted", reason="We gave up.")


def parked(queue: str, asked: Event | None) -> ParkedWork:
    delivery = Delivery(queue, 1, False, {}, b"")
    return ParkedWork(queue=queue, event=asked, attempt=5, reason="", delivery=delivery)


def asked_again(queue: str, asked: Event, *story: JobPayload) -> Remedy:
    events = [uploaded(JOB), *(event(payload, JOB) for payload in story)]
    view = fold(Recorded(offset, each) for offset, each in enumerate(events))
    return remedy(parked(queue, asked), view)


@pytest.mark.parametrize("queue", topology.VIDEOS)
@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([FAILED], Remedy.RUN),
        ([], Remedy.KEEP),
        ([FAILED, REQUEUED], Remedy.DROP),
        ([CANCELLED, FAILED], Remedy.DROP),
        ([CONVERTED, FAILED], Remedy.DROP),
        ([FAILED, DELETED], Remedy.DROP),
    ],
)
def test_a_conversion_gets_another_run_if_it_is_what_has_failed(
    queue: str, story: list[JobPayload], expected: Remedy
) -> None:
    assert asked_again(queue, uploaded(JOB), *story) is expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([CONVERTED, GAVE_UP], Remedy.HAND_OUT),
        ([CONVERTED], Remedy.HAND_OUT),
        ([CONVERTED, GAVE_UP, NOTIFIED], Remedy.DROP),
        ([CANCELLED, CONVERTED], Remedy.DROP),
        ([CONVERTED, DELETED], Remedy.DROP),
        ([], Remedy.KEEP),
    ],
)
def test_a_mail_goes_back_if_nobody_got_it_and_the_run_has_ended_so(
    story: list[JobPayload], expected: Remedy
) -> None:
    assert asked_again(topology.MP3, event(CONVERTED, JOB), *story) is expected


def test_a_letter_goes_back_and_what_cannot_be_read_or_is_of_no_known_job_stays() -> None:
    asked = AccountLetterRequested(letter=Letter.VERIFY)
    letter = account_event(asked, account=ACCOUNT, source="/tests", occasion="1")
    assert remedy(parked(topology.LETTERS, letter), None) is Remedy.HAND_OUT
    for queue in topology.WORK_QUEUES:
        assert remedy(parked(queue, None), None) is Remedy.KEEP
    assert remedy(parked(topology.VIDEO, uploaded(JOB)), None) is Remedy.KEEP
