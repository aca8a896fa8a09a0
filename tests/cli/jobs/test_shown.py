from msgspec.structs import replace

from cli.client.answers import Audio, Expires, Job, Queue
from cli.jobs.shown import facts, receipt

WAITS = Job(job_id="j", state="uploaded", done=False, queue=Queue(place=12, seconds_min=90, seconds_max=4000))
SOUND = Audio(url="/jobs/j/audio", bytes=2_000_000, duration_seconds=61, sha256="0")


def test_the_place_and_the_time_left_are_told_as_far_as_they_are_known() -> None:
    at_work = Job(job_id="j", state="converting", done=False, queue=Queue(place=0))
    assert dict(facts(WAITS, ""))["queue"] == "number 12, done in 1:30 to 1:06:40"
    assert dict(facts(at_work, ""))["queue"] == "at work"


def test_what_goes_when_is_told() -> None:
    expires = Expires(audio="2026-12-01T00:00:00Z")
    job = Job(job_id="j", state="notified", done=True, audio=SOUND, expires=expires)
    told = dict(facts(job, "https://tonearm.example"))
    assert told["audio"] == "1:01, 2.0 MB  https://tonearm.example/jobs/j/audio"
    assert told["expires"].endswith(", the audio")


def test_what_shorter_pauses_saved_is_told() -> None:
    shorter = Job(job_id="j", state="notified", done=True, audio=replace(SOUND, seconds_saved=754.2))
    assert dict(facts(shorter, ""))["pauses"] == "12:34 left out"


def test_a_receipt_tells_whether_the_bytes_are_gone() -> None:
    deleted = {"deleted_at": "2026-12-01T00:00:00Z", "reason": "expired", "erased_at": None}
    assert dict(receipt(deleted))["erased"] == "not yet"
    assert dict(receipt(deleted | {"video_sha256": "401e"}))["video"] == "SHA-256 401e"
    erased = dict(receipt(deleted | {"erased_at": "2026-12-01T00:00:02Z", "video_kept": True}))
    assert "not yet" not in erased["erased"]
    assert erased["kept"] == "the video, which other jobs need"
