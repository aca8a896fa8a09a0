"""When the parts of a job go. The setting is the longest time, and a job's own wish may be shorter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.envelope import Recorded, job_event
from events.options import Options
from events.projections.job_view import JobView
from events.projections.jobs import fold
from events.types import DeletionReason, JobAudioRemoved, JobDeleted, JobVideoRemoved
from gateway.jobs.retention import Expiry, Retention, expiry
from tests.gateway.running import FAILED, STARTED, converted
from tests.gateway.upkeep.world import uploaded

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
ENDED = AT + timedelta(seconds=2)


def job(*payloads: Any, **options: Any) -> JobView:
    story = (uploaded("v", options=Options(**options)), *payloads)
    events = [
        job_event(each, job_id="j", account="a", source="test", time=AT + timedelta(seconds=at))
        for at, each in enumerate(story)
    ]
    view = fold(Recorded(at, each) for at, each in enumerate(events))
    assert view is not None
    return view


def days(number: float) -> datetime:
    return ENDED + timedelta(days=number)


DAY = 86_400.0
DONE = (STARTED, converted("audio", b"x"))


@pytest.mark.parametrize(
    ("view", "retention", "then"),
    [
        (job(*DONE), Retention(), Expiry()),
        (job(STARTED), Retention(video=DAY, audio=DAY, record=DAY), Expiry()),
        (
            job(*DONE),
            Retention(video=DAY, audio=2 * DAY, record=3 * DAY),
            Expiry(video=days(1), audio=days(2), record=days(3)),
        ),
        (job(*DONE), Retention(record=DAY), Expiry(video=days(1), audio=days(1), record=days(1))),
        (job(*DONE, retain_audio=DAY), Retention(), Expiry(audio=days(1))),
        (job(*DONE, retain_video=DAY / 2), Retention(video=DAY), Expiry(video=days(0.5))),
        (job(*DONE, retain_video=2 * DAY), Retention(video=DAY), Expiry(video=days(1))),
        (job(STARTED, FAILED), Retention(video=DAY, audio=DAY), Expiry(video=days(1))),
        (
            job(*DONE, JobVideoRemoved(reason=DeletionReason.EXPIRED, sha256="0")),
            Retention(video=DAY, audio=DAY),
            Expiry(audio=days(1)),
        ),
        (
            job(*DONE, JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256="0")),
            Retention(audio=DAY),
            Expiry(),
        ),
        (job(*DONE, JobDeleted(reason=DeletionReason.USER)), Retention(record=DAY), Expiry()),
    ],
)
def test_each_part_of_a_job_goes_so_long_after_its_end(
    view: JobView, retention: Retention, then: Expiry
) -> None:
    assert expiry(view, retention) == then


def test_a_walk_leaves_out_only_jobs_that_are_too_young() -> None:
    assert Retention().oldest(AT) == ""
    bound = Retention(video=2 * DAY, audio=DAY).oldest(AT)
    assert bound == Retention(record=DAY).oldest(AT)
    assert bound < Retention(record=0.0).oldest(AT)
