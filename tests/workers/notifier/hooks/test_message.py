"""The messages that receivers get."""

import json
from datetime import UTC, datetime

import pytest

from events.envelope import Recorded, job_event
from events.projections.job_view import JobView
from events.projections.jobs import fold
from events.types import (
    DeletionReason,
    FailureCode,
    HookRequested,
    JobDeleted,
    JobFailed,
    JobPayload,
    JobUploaded,
)
from workers.notifier.hooks.message import body

ASKED_AT = datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC)
HAPPENED_AT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
NAME = '"}],\u2028<script>\x1b[31m&amp;Ünï\x00.mp4'


def view(*payloads: JobPayload) -> JobView:
    uploaded = JobUploaded(filename=NAME, content_type="video/mp4", bytes=1, sha256="0", video_id="v")
    events = [
        job_event(each, job_id="j-1", account="ada", source="test", time=HAPPENED_AT)
        for each in (uploaded, *payloads)
    ]
    found = fold(Recorded(offset, event) for offset, event in enumerate(events, 1))
    assert found
    return found


def told(about: str, seen: JobView | None) -> dict[str, object]:
    event_id = seen.timeline[-1].id if seen else "e-1"
    asked = HookRequested(delivery_id="d-1", about=about, event_id=event_id, job_id="j-1")
    found: dict[str, object] = json.loads(body("h-1", asked, ASKED_AT, seen, "https://example.org"))
    return found


def test_a_failure_is_told_thinly_with_the_time_at_which_it_happened():
    failed = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no sound.")
    assert told("job.failed", view(failed)) == {
        "type": "job.failed",
        "timestamp": "2026-11-30T12:00:00Z",
        "data": {
            "job_id": "j-1",
            "state": "failed",
            "url": "https://example.org/jobs/j-1",
            "filename": NAME,
            "code": "no_audio",
            "message": "The video has no sound.",
        },
    }


@pytest.mark.parametrize("about", ["job.deleted", "job.uploaded"])
def test_of_a_deleted_job_no_name_is_told_also_by_what_comes_late(about: str):
    seen = view(JobDeleted(reason=DeletionReason.USER))
    assert "filename" not in json.dumps(told(about, seen))


def test_of_a_job_whose_deletion_is_not_seen_yet_no_name_is_told():
    assert "filename" not in json.dumps(told("job.deleted", view()))


def test_what_is_not_known_yet_is_left_out():
    assert told("job.uploaded", None) == {
        "type": "job.uploaded",
        "timestamp": "2026-11-30T12:00:05Z",
        "data": {"job_id": "j-1", "state": "uploaded", "url": "https://example.org/jobs/j-1"},
    }


def test_a_try_names_the_webhook():
    asked = HookRequested(delivery_id="d-1", about="hook.test")
    assert json.loads(body("h-1", asked, ASKED_AT, None, "https://example.org"))["data"] == {
        "webhook_id": "h-1"
    }


@pytest.mark.parametrize("about", ["job.uploaded", "job.converted", "job.failed", "job.cancelled"])
def test_a_message_is_short_and_ascii_control_characters_are_escaped(about: str):
    text = body(
        "h-1", HookRequested(delivery_id="d", about=about, job_id="j-1"), ASKED_AT, view(), "https://e.org"
    )
    assert len(text.encode()) < 20_000
    assert not any(ord(char) < 32 for char in text)
