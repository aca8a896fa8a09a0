"""The checker catches each fault that is planted in an otherwise whole world."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from events.envelope import Event, Recorded, consequence, job_event
from events.projections.job_view import State
from events.projections.jobs import fold
from events.projections.usage import moved
from events.types import (
    DeletionReason,
    JobConverted,
    JobDeleted,
    JobErased,
    JobNotified,
    JobPayload,
    JobStarted,
    JobUploaded,
)
from infra.drills.rig.checker import Blob, Mail, Upload, World, check

JOB = "0192aaaa-0000-7000-8000-000000000001"


def made(payload: JobPayload) -> Event:
    return job_event(payload, job_id=JOB, account="a", source="/t", time=datetime(2026, 1, 1, tzinfo=UTC))


def whole_world() -> World:
    converted = made(
        JobConverted(
            run=1,
            attempt=1,
            audio_id="audio-1",
            bytes=9,
            sha256="s-audio",
            duration_seconds=1.0,
            bit_rate=1,
            sample_rate=1,
            channels=1,
            seconds_spent=0.1,
            engine="e",
        )
    )
    events = [
        made(JobUploaded(filename="a.mp4", content_type="video/mp4", bytes=3, sha256="s", video_id=JOB)),
        made(JobStarted(run=1, attempt=1, worker="w")),
        converted,
        made(JobNotified(run=1, about="job.converted", message_id="m")),
    ]
    log = [Recorded(2 * n, event) for n, event in enumerate(events)]
    view = fold(log)
    assert view is not None
    return World(
        uploads=[
            Upload(
                key="k",
                job_id=JOB,
                expected=State.NOTIFIED,
                owner="r",
                sha256="s",
                audio_sha256="s-audio",
                watched=tuple(event.id for event in events),
            )
        ],
        log=log,
        views={JOB: view},
        usages=moved({}, [(None, view)]),
        videos={JOB: Blob(id=JOB, sha256="s", whole=True)},
        audio={"audio-1": Blob(id="audio-1", sha256="s-audio", whole=True)},
        orphan_chunks=0,
        mails=[Mail(message_id=f"<{converted.id}@tonearm>", recipient="r", subject="s")],
        queued={"video": 0},
    )


def test_a_whole_world_breaks_no_promise():
    assert check(whole_world()) == []


def test_a_redelivered_event_and_a_second_copy_of_a_mail_are_no_fault():
    world = whole_world()
    again = Recorded(100, world.log[2].event)
    log = [*world.log, again]
    view = fold(log)
    assert view is not None
    seen = replace(world, log=log, views={JOB: view}, usages=moved({}, [(None, view)]))
    assert check(replace(seen, mails=world.mails * 2)) == []


def deleted_world(*, erased: bool = True) -> World:
    """The same after the job was deleted."""
    world = whole_world()
    deletion = made(JobDeleted(reason=DeletionReason.USER))
    told = [deletion]
    if erased:
        payload = JobErased(about=JobDeleted.TYPE, videos=1, audio=1)
        told.append(consequence(deletion, payload, source="/t"))
    log = [*world.log, *(Recorded(200 + n, event) for n, event in enumerate(told))]
    view = fold(log)
    assert view is not None
    uploads = [replace(world.uploads[0], expected=State.DELETED)]
    usages = moved({}, [(None, view)])
    return replace(world, uploads=uploads, log=log, views={JOB: view}, usages=usages, videos={}, audio={})


def test_a_deleted_job_has_no_files_and_a_receipt():
    world = deleted_world()
    assert check(world) == []
    left = replace(world, audio=whole_world().audio, videos=whole_world().videos)
    assert [fault.rpartition(" and ")[2] for fault in check(left)] == ["was not swept"] * 2
    (fault,) = check(deleted_world(erased=False))
    assert "nobody told that its files are gone" in fault


def _watched(world: World, *places: int) -> Upload:
    """The upload of somebody who was shown these events."""
    return replace(world.uploads[0], watched=tuple(world.log[place].event.id for place in places))


FAULTS: dict[str, tuple[Callable[[World], World], str]] = {
    "an acknowledged upload is not in the log": (lambda w: replace(w, log=w.log[1:]), "not in the log"),
    "a job never ended": (
        lambda w: replace(w, log=w.log[:2], views={JOB: fold(w.log[:2])}, mails=[], audio={}),
        "never ended",
    ),
    "a view is lost": (lambda w: replace(w, views={}), "has no view"),
    "a view differs from the log": (
        lambda w: replace(w, views={JOB: replace(w.views[JOB], attempt=7)}),
        "not the fold",
    ),
    "a job is counted twice": (
        lambda w: replace(w, usages={"a": replace(w.usages["a"], jobs_open=1)}),
        "not what its jobs add up to",
    ),
    "a job nobody began": (
        lambda w: replace(w, uploads=[]),
        "no client began",
    ),
    "the download differs": (
        lambda w: replace(w, uploads=[replace(w.uploads[0], audio_sha256="other")]),
        "not what was converted",
    ),
    "the audio is gone": (lambda w: replace(w, audio={}), "missing or damaged"),
    "the audio is damaged": (
        lambda w: replace(w, audio={"audio-1": replace(w.audio["audio-1"], whole=False)}),
        "missing or damaged",
    ),
    "another video than was sent": (
        lambda w: replace(w, uploads=[replace(w.uploads[0], sha256="other")]),
        "not what was sent",
    ),
    "an event was shown twice": (
        lambda w: replace(w, uploads=[_watched(w, 0, 1, 1, 2, 3)]),
        "shown live",
    ),
    "an event was not shown": (lambda w: replace(w, uploads=[_watched(w, 0, 2, 3)]), "shown live"),
    "the video is gone": (lambda w: replace(w, videos={}), "video is missing"),
    "the video is damaged": (
        lambda w: replace(w, videos={JOB: replace(w.videos[JOB], sha256="other")}),
        "missing or damaged",
    ),
    "an orphan audio": (
        lambda w: replace(w, audio={**w.audio, "x": Blob(id="x", sha256="", whole=True)}),
        "not swept",
    ),
    "an orphan chunk": (lambda w: replace(w, orphan_chunks=1), "not swept"),
    "no mail": (lambda w: replace(w, mails=[]), "0 different mails"),
    "two different mails": (
        lambda w: replace(w, mails=[*w.mails, replace(w.mails[0], message_id=w.mails[0].message_id + "2")]),
        "2 different mails",
    ),
    "a mail to somebody else": (
        lambda w: replace(w, mails=[replace(w.mails[0], recipient="other")]),
        "went to other",
    ),
    "work left in a queue": (lambda w: replace(w, queued={"video": 2}), "left in video"),
    "offsets out of order": (lambda w: replace(w, log=w.log[::-1]), "do not grow"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault):
    plant, sentence = FAULTS[fault]
    assert any(sentence in broken for broken in check(plant(whole_world())))
