"""Which effects a story asks for, and what is wrong with what was found. On real folds, without servers."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cli.replay.ledger.effects import (
    BROKEN,
    Effect,
    Evidence,
    File,
    Kind,
    Moment,
    Note,
    Verdict,
    of_job,
    of_nobody,
)
from events.envelope import Event, Recorded, consequence, job_event
from events.projections.jobs import fold
from events.types import (
    DeletionReason,
    FailureCode,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobPayload,
    JobRequeued,
    JobStarted,
    JobUploaded,
)
from tests.events.strategies import logs, orderly, recorded

JOB, NOON = "job-1", datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = Moment(now=NOON + timedelta(hours=1), grace=timedelta(minutes=5))
VIDEO = {"filename": "a.mp4", "content_type": "video/mp4", "bytes": 3, "sha256": "0", "video_id": JOB}
UPLOADED, CANCELLED = JobUploaded(**VIDEO), JobCancelled(run=1)
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="no sound")
REQUEUED = JobRequeued(run=2, **VIDEO)
DELETED = JobDeleted(reason=DeletionReason.USER)


def converted(run: int = 1, attempt: int = 1) -> JobConverted:
    return JobConverted(
        run=run, attempt=attempt, audio_id=f"audio-{run}", bytes=9, sha256="0", duration_seconds=1.0,
        bit_rate=1, sample_rate=1, channels=2, seconds_spent=1.0, engine="e",
    )  # fmt: skip


def notified(run: int = 1, about: str = "job.converted", attempt: int = 1) -> JobNotified:
    return JobNotified(run=run, about=about, message_id="<m@x>", attempt=attempt)


class Story:
    """Events of one job in the log's order, and what was found of them."""

    def __init__(self, *payloads: JobPayload) -> None:
        self.events: list[Event] = [told(payload) for payload in payloads]
        self.videos, self.audio = [stored(JOB)], list[File]()
        self.notes: dict[str, Note] = {}

    def erase(self, cause: Event, **more: bool) -> "Story":
        erased = JobErased(about=cause.type, videos=1, audio=1, **more)
        self.events.append(consequence(cause, erased, source="test"))
        return self

    def id_of(self, payload: JobPayload) -> str:
        return told(payload).id

    def effects(self, moment: Moment = LATER) -> list[Effect]:
        view = fold(Recorded(offset, event) for offset, event in enumerate(self.events))
        assert view is not None
        evidence = Evidence(
            videos={JOB: self.videos},
            audio={JOB: self.audio},
            notes=self.notes,
            stored={file.id for file in self.videos},
        )
        return list(of_job(view, evidence, moment))

    def found(self, moment: Moment = LATER) -> Counter[tuple[Kind, Verdict]]:
        return Counter((each.kind, each.verdict) for each in self.effects(moment))

    def wrong(self, moment: Moment = LATER) -> dict[Kind, Verdict]:
        return {each.kind: each.verdict for each in self.effects(moment) if each.verdict in BROKEN}


def told(payload: JobPayload) -> Event:
    return job_event(payload, job_id=JOB, account="a", source="test", time=NOON)


def stored(blob_id: str, run: int = 0, attempt: int = 0, at: datetime = NOON) -> File:
    return File(id=blob_id, stored=at, run=run, attempt=attempt)


def whole() -> Story:
    story = Story(UPLOADED, JobStarted(run=1, attempt=1, worker="w"), converted(attempt=2), notified())
    story.audio = [stored("audio-1", run=1, attempt=2)]
    story.notes = {story.id_of(converted()): Note(sent=(3,))}
    return story


def test_a_whole_story_has_each_effect_once_and_tells_by_which_attempt() -> None:
    video, audio, mail = whole().effects()
    assert (video.kind, video.asked, video.produced, video.verdict) == (Kind.VIDEO, 1, 1, Verdict.DONE)
    assert (audio.kind, audio.attempts, audio.verdict) == (Kind.AUDIO, (2,), Verdict.DONE)
    assert (mail.kind, mail.about, mail.attempts) == (Kind.MAIL, "job.converted", (3,))
    assert (mail.answer, mail.verdict) == ("job.notified", Verdict.DONE)


def test_a_log_from_before_attempts_were_noted_is_clean_too() -> None:
    story = whole()
    story.audio, story.notes = [stored("audio-1")], {}
    _, audio, mail = story.effects()
    assert (audio.attempts, mail.attempts) == ((2,), (0,))
    assert story.wrong() == {}


def test_a_mail_that_went_twice_is_found_and_one_that_maybe_did_is_counted() -> None:
    story = whole()
    story.notes = {story.id_of(converted()): Note(sent=(1, 2))}
    assert story.wrong() == {Kind.MAIL: Verdict.TWICE}
    story.notes = {story.id_of(converted()): Note(sent=(2,), maybe=(1,))}
    mail = story.effects()[-1]
    assert (mail.verdict, mail.produced, mail.maybe) == (Verdict.DONE, 1, 1)


@pytest.mark.parametrize(
    "answer",
    [
        JobNotificationFailed(run=1, about="job.failed", reason="refused"),
        JobNotificationDeclined(run=1, about="job.failed"),
        notified(about="job.failed"),
    ],
)
def test_a_mail_that_never_went_is_found_unless_the_log_says_why(answer: JobPayload) -> None:
    story = Story(UPLOADED, FAILED)
    assert story.wrong() == {Kind.MAIL: Verdict.NEVER}
    story.events.append(told(answer))
    assert story.wrong() == {}


def test_what_may_still_come_is_not_missing() -> None:
    story = Story(UPLOADED, FAILED)
    for moment in (
        Moment(now=NOON, grace=timedelta(minutes=5)),
        Moment(now=LATER.now, grace=LATER.grace, waiting=frozenset({Kind.MAIL})),
        Moment(now=LATER.now, grace=LATER.grace, busy=frozenset({JOB})),
    ):
        assert story.wrong(moment) == {}
        assert story.found(moment)[Kind.MAIL, Verdict.OPEN] == 1
    waiting = Story(UPLOADED)
    assert waiting.wrong() == {Kind.AUDIO: Verdict.NEVER}
    assert waiting.wrong(Moment(now=LATER.now, grace=LATER.grace, waiting=frozenset({Kind.AUDIO}))) == {}


def test_a_mail_about_a_run_that_had_ended_otherwise_was_not_asked_for() -> None:
    story = Story(UPLOADED, CANCELLED, converted())
    assert story.wrong() == {}, "nothing was sent"
    story.notes = {story.id_of(converted()): Note(sent=(1,))}
    [mail] = [each for each in story.effects() if each.kind is Kind.MAIL]
    assert (mail.verdict, mail.asked, mail.produced) == (Verdict.UNASKED, 0, 1)


def test_audio_that_is_lost_left_over_or_there_twice_is_found() -> None:
    story = whole()
    story.audio = []
    assert story.wrong() == {Kind.AUDIO: Verdict.NEVER}
    story = whole()
    story.audio.append(stored("audio-other", run=1, attempt=1))
    assert story.wrong() == {Kind.AUDIO: Verdict.TWICE}
    assert [each.attempts for each in story.effects() if each.kind is Kind.AUDIO] == [(1, 2)]
    story.audio[-1] = stored("audio-other", run=1, attempt=1, at=LATER.now)
    assert story.wrong() == {}, "a worker stored it just now, or it is about to be swept"
    story = Story(UPLOADED, CANCELLED)
    assert story.wrong() == {}
    story.audio = [stored("audio-1", run=1)]
    assert story.wrong() == {Kind.AUDIO: Verdict.UNASKED}


def test_the_audio_of_an_earlier_run_may_be_there_or_not() -> None:
    story = Story(UPLOADED, FAILED, notified(about="job.failed"), REQUEUED, converted(2), notified(2))
    story.audio = [stored("audio-2", run=2)]
    assert story.wrong() == {}
    again = JobRequeued(run=2, **VIDEO)
    story = Story(UPLOADED, converted(), notified(), again, converted(2), notified(2))
    for files in ([stored("audio-2")], [stored("audio-2", 2), stored("audio-1", 1)]):
        story.audio = files
        assert story.wrong() == {}
        assert story.found()[Kind.AUDIO, Verdict.DONE] == 2


def test_a_video_that_is_gone_without_a_word_is_found_also_by_a_job_that_shares_it() -> None:
    story = whole()
    story.videos = []
    assert story.wrong() == {Kind.VIDEO: Verdict.NEVER}
    other = Story(JobUploaded(**{**VIDEO, "video_id": "other"}, family="other"), CANCELLED)
    other.videos = [stored("other")]
    assert other.wrong() == {}
    assert other.found()[Kind.VIDEO, Verdict.DONE] == 0, "it is an effect of the job that it was uploaded for"
    other.videos = []
    assert other.wrong() == {Kind.VIDEO: Verdict.NEVER}


def test_a_deletion_is_done_once_the_log_says_so_and_no_file_is_left() -> None:
    story = whole()
    story.events.append(told(DELETED))
    assert story.wrong() == {Kind.ERASURE: Verdict.NEVER}
    assert story.wrong(Moment(now=NOON, grace=LATER.grace)) == {}
    story.erase(story.events[-1])
    assert story.wrong() == {Kind.ERASURE: Verdict.NEVER}, "its files are there"
    story.audio = []
    assert story.wrong() == {Kind.ERASURE: Verdict.NEVER}, "its video is there"
    story.videos = []
    assert story.wrong() == {}
    of_jobs = set(Kind) - {Kind.LETTER, Kind.DELIVERY}
    assert story.found() == {(kind, Verdict.DONE): 1 for kind in of_jobs}


def test_a_video_that_others_need_stays_after_a_deletion() -> None:
    story = whole()
    story.events.append(told(DELETED))
    story.erase(story.events[-1], video_kept=True)
    story.audio = []
    assert story.wrong() == {}
    last = Story(JobUploaded(**{**VIDEO, "video_id": "other"}, family="other"), CANCELLED, DELETED)
    last.videos = [stored("other")]
    assert last.erase(last.events[-1]).wrong() == {Kind.ERASURE: Verdict.NEVER}, "nobody needs it any more"


def test_audio_that_was_removed_is_not_missing_and_must_be_gone() -> None:
    story = whole()
    story.events.append(told(JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256="0")))
    story.erase(story.events[-1])
    assert story.wrong() == {Kind.ERASURE: Verdict.NEVER}
    story.audio = []
    assert story.wrong() == {}


def test_a_file_of_no_job_was_not_asked_for() -> None:
    old, young = stored("x"), stored("y", at=LATER.now)
    found = [each.verdict for each in of_nobody(Kind.VIDEO, "x", [old, young], LATER)]
    assert found == [Verdict.UNASKED, Verdict.OPEN]


def test_what_waits_for_the_sweep_is_no_fault_until_the_sweep_is_late() -> None:
    early, late = (replace(LATER, sweep=timedelta(minutes=minutes)) for minutes in (61, 60))
    of_no_job = [
        each.verdict for moment in (early, late) for each in of_nobody(Kind.VIDEO, "x", [stored("x")], moment)
    ]
    assert of_no_job == [Verdict.LEFT, Verdict.UNASKED]
    overtaken = whole()
    overtaken.audio.append(stored("audio-other", run=1, attempt=1))
    cancelled = Story(UPLOADED, CANCELLED)
    cancelled.audio = [stored("audio-1", run=1)]
    again = whole()
    again.videos.append(stored("video-other"))
    for story, kind, verdict in (
        (overtaken, Kind.AUDIO, Verdict.TWICE),
        (cancelled, Kind.AUDIO, Verdict.UNASKED),
        (again, Kind.VIDEO, Verdict.TWICE),
    ):
        assert (story.wrong(early), story.found(early)[kind, Verdict.LEFT]) == ({}, 1)
        assert story.wrong(late) == {kind: verdict}


def drawn(log: list[Recorded]) -> list[Effect]:
    view = fold(log)
    return list(of_job(view, Evidence(), LATER)) if view else []


@given(logs(), st.randoms(use_true_random=False))
def test_the_ledger_is_the_same_in_whatever_order_the_log_tells(
    log: list[Recorded], chance: random.Random
) -> None:
    again = [*log, *log]
    chance.shuffle(again)
    assert drawn(again) == drawn(log)


@given(orderly())
def test_the_ledger_has_each_effect_once(events: list[Event]) -> None:
    asked = [(each.kind, each.run, each.about) for each in drawn(recorded(events))]
    assert asked
    assert len(asked) == len(set(asked))
