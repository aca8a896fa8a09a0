import random
from collections.abc import Iterable
from datetime import datetime
from itertools import permutations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events.envelope import Event, Recorded, job_event
from events.errors import InvalidEvent
from events.media import Chapter, Media
from events.options import Options, Tags
from events.payload import Aggregate, Payload
from events.projections.job_view import ENDS, JobView, State
from events.projections.jobs import evolve, fold
from events.types import (
    DeletionReason,
    FailureCode,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobNotified,
    JobProbed,
    JobStarted,
    JobUploaded,
    Unknown,
)
from tests.events.strategies import EPOCH, JOB, JOB_PAYLOADS, OWNER, logs, orderly, payloads, recorded


def shuffled(log: list[Recorded], chance: random.Random) -> list[Recorded]:
    """The same log in another order, with some of it repeated."""
    again = [*log, *chance.choices(log, k=chance.randint(0, len(log)))] if log else []
    chance.shuffle(again)
    return again


def stored(view: JobView | None) -> JobView | None:
    """The view after a stay in a document store, which keeps times as times and knows no tuples."""
    document = msgspec.to_builtins(view, builtin_types=(datetime,))
    return msgspec.convert(document, JobView | None)


@given(logs(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_folds_to_the_same_view(log: list[Recorded], chance: random.Random):
    view, other = fold(log), fold(shuffled(log, chance))
    assert other == view
    assert msgspec.json.encode(other) == msgspec.json.encode(view)


@given(logs(), st.randoms(use_true_random=False))
def test_a_view_stored_in_the_middle_and_folded_on_ends_as_if_folded_at_once(
    log: list[Recorded], chance: random.Random
):
    events = shuffled(log, chance)
    middle = chance.randint(0, len(events))
    assert fold(events[middle:], stored(fold(events[:middle]))) == fold(log)


@given(logs())
def test_a_view_survives_json(log: list[Recorded]):
    view = fold(log)
    assert msgspec.json.decode(msgspec.json.encode(view), type=JobView | None) == view


@given(logs(), st.randoms(use_true_random=False))
def test_seen_is_the_highest_offset_that_told_of_the_job(log: list[Recorded], chance: random.Random):
    view, offsets = None, [-1]
    for event in shuffled(log, chance):
        view = evolve(view, event)
        if isinstance(event.event.payload(), JOB_PAYLOADS):
            offsets.append(event.offset)
        assert (view.seen if view else -1) == max(offsets)


@given(logs())
def test_the_timeline_holds_each_id_once_where_the_log_held_it_first(log: list[Recorded]):
    first: dict[str, int] = {}
    for event in log:
        if not isinstance(event.event.payload(), Unknown) and event.event.aggregate is Aggregate.JOB:
            first.setdefault(event.event.id, event.offset)
    view = fold(reversed(log))
    assert {entry.id: entry.offset for entry in (view.timeline if view else ())} == first
    assert [entry.offset for entry in (view.timeline if view else ())] == sorted(first.values())


AFTER = {
    "job.uploaded": State.UPLOADED,
    "job.requeued": State.UPLOADED,
    "job.started": State.CONVERTING,
    "job.retrying": State.RETRYING,
    "job.converted": State.CONVERTED,
    "job.failed": State.FAILED,
    "job.cancelled": State.CANCELLED,
    "job.deleted": State.DELETED,
}


def model(events: Iterable[Event]) -> tuple[State, int, int]:
    """State, run and attempt by the simple model: the events in the log's order, the first end counts."""
    state, run, attempt = State.UPLOADED, 1, 1
    for event in events:
        payload = event.payload()
        if event.type == "job.notified":
            state = State.NOTIFIED if state is State.CONVERTED else state
        elif event.type in AFTER and not (state in ENDS and AFTER[event.type] in ENDS):
            state = AFTER[event.type]
        if event.type == "job.requeued":
            run, attempt = run + 1, 1
        if event.type in AFTER:
            attempt = max(attempt, getattr(payload, "attempt", 1))
    return state, run, attempt


@given(orderly(), st.randoms(use_true_random=False))
def test_an_orderly_history_ends_where_the_simple_model_says_whatever_the_order_of_arrival(
    events: list[Event], chance: random.Random
):
    for length in range(1, len(events) + 1):
        view = fold(shuffled(recorded(events[:length]), chance))
        assert view is not None
        assert (view.state, view.run, view.attempt) == model(events[:length])
        assert (view.created, view.updated) == (EPOCH, events[length - 1].time)
        names = [p.filename for e in events[:length] if hasattr(p := e.payload(), "filename")]
        assert view.filename == ("" if view.state is State.DELETED else names[-1])


def test_events_that_tell_of_no_job_leave_no_view():
    unknown = Event(
        id="1", type="job.admired", source="/", subject=JOB, time=EPOCH, dataschema="", account=OWNER,
        data=msgspec.Raw(b"{}"),
    )  # fmt: skip
    assert evolve(None, Recorded(0, unknown)) is None


def test_data_that_does_not_fit_its_type_is_an_error_and_not_a_guess():
    event = tell(JobStarted(run=1, attempt=1, worker="w"))
    with pytest.raises(InvalidEvent, match=r"job\.started version 1 does not fit"):
        evolve(None, Recorded(0, msgspec.structs.replace(event, data=msgspec.Raw(b'{"run":0}'))))


def tell(payload: Payload, account: str = OWNER) -> Event:
    return job_event(payload, job_id=JOB, account=account, source="/test", time=EPOCH)  # type: ignore[arg-type]


@given(payloads(JobConverted, run=st.just(1)), payloads(JobConverted, run=st.just(1)))
@settings(deadline=None, max_examples=20)
def test_of_two_workers_that_finish_one_run_the_first_in_the_log_gives_the_audio(
    one: JobConverted, two: JobConverted
):
    view = fold(reversed(recorded([tell(one), tell(two)])))
    assert view is not None
    assert view.audio is not None
    assert (view.audio.audio_id, len(view.timeline)) == (one.audio_id, 1)


@given(payloads(JobConverted, run=st.just(1)))
@settings(deadline=None, max_examples=20)
def test_of_a_cancellation_and_a_conversion_the_first_in_the_log_is_the_end(end: JobConverted):
    for first, second, state in (
        (JobCancelled(run=1), end, State.CANCELLED),
        (end, JobCancelled(run=1), State.CONVERTED),
    ):
        log = recorded([tell(first), tell(second)])
        for events in (log, log[::-1]):
            view = fold(events)
            assert view is not None
            assert view.state is state
            assert (view.result is not None) == (state is State.CONVERTED)


@given(
    payloads(JobUploaded),
    payloads(JobConverted, run=st.just(1)),
    orderly(),
    st.randoms(use_true_random=False),
)
def test_a_deleted_job_keeps_nothing_that_a_person_typed_whatever_the_order_of_arrival(
    upload: JobUploaded, converted: JobConverted, events: list[Event], chance: random.Random
):
    typed = "a name that somebody typed"
    media = Media(container="mov", chapters=(Chapter(start=0.0, end=1.0, title=typed),))
    story = [
        replace(upload, filename=typed, options=Options(tags=Tags(title=typed, comment=typed))),
        JobProbed(run=1, media=media),
        replace(converted, left_out=(typed,)),
        JobDeleted(reason=DeletionReason.USER, video_sha256="a", audio_sha256="b"),
    ]
    view = fold(shuffled(recorded([*map(tell, story), *events]), chance))
    assert view is not None
    assert view.state is State.DELETED
    assert view.deletion is not None
    assert (view.deletion.reason, view.deletion.video_sha256) == (DeletionReason.USER, "a")
    assert typed not in msgspec.json.encode(view).decode()


def test_a_mail_about_audio_that_came_after_the_failure_changes_nothing():
    failed = JobFailed(run=1, attempt=1, code=FailureCode.INTERNAL, message="It broke.")
    mail = JobNotified(run=1, about=JobConverted.TYPE, message_id="1")
    for events in permutations(recorded([tell(failed), tell(mail)])):
        view = fold(events)
        assert view is not None
        assert (view.state, view.failure is not None) == (State.FAILED, True)


def test_the_owner_is_whom_the_first_event_of_the_log_names():
    first = tell(JobStarted(run=1, attempt=1, worker="w"))
    later = tell(
        JobFailed(run=1, attempt=1, code=FailureCode.INTERNAL, message="It broke."), account="another"
    )
    for log in (recorded([first, later]), recorded([first, later])[::-1]):
        view = fold(log)
        assert view is not None
        assert view.account == OWNER
