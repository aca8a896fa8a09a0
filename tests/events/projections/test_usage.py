"""Usage is the sum of what the jobs' views add, however it was come to."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Event, Recorded, consequence, job_event
from events.projections.jobs import evolve, fold
from events.projections.usage import DAYS, NONE, Day, Usage, moved
from events.types import (
    DeletionReason,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobPayload,
    JobStarted,
    JobUploaded,
    JobVideoRemoved,
)
from tests.events.strategies import OWNER, logs

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
TODAY = NOON.date()


def tell(job_id: str, payload: JobPayload, time: datetime = NOON) -> Event:
    return job_event(payload, job_id=job_id, account=OWNER, source="/test", time=time)


def uploaded(size: int = 100, family: str = "") -> JobUploaded:
    return JobUploaded(
        filename="a.mp4", content_type="video/mp4", bytes=size, sha256="0" * 64, video_id="v", family=family
    )


def converted(size: int = 10, seconds: float = 60.0, run: int = 1) -> JobConverted:
    return JobConverted(
        run=run, attempt=1, audio_id="a", bytes=size, sha256="1" * 64, duration_seconds=seconds, bit_rate=0,
        sample_rate=0, channels=2, seconds_spent=1.0, engine="test",
    )  # fmt: skip


def usage(*events: Event) -> Usage:
    """The usage after these events, one at a time."""
    usages: dict[str, Usage] = {}
    views = {}
    for offset, event in enumerate(events):
        old = views.get(event.subject)
        new = views[event.subject] = evolve(old, Recorded(offset, event))
        assert new is not None
        usages |= moved(usages, [(old, new)])
    return usages.get(OWNER, NONE)


@given(logs())
def test_an_event_at_a_time_or_all_at_once_it_is_the_same_usage(log: list[Recorded]):
    usages: dict[str, Usage] = {}
    view = None
    for recorded in log:
        old, view = view, evolve(view, recorded)
        if view is not None:
            usages |= moved(usages, [(old, view)])

    whole = fold(log)

    assert usages == (moved({}, [(None, whole)]) if whole else {})


@given(logs())
def test_a_job_that_is_not_counted_any_more_leaves_nothing(log: list[Recorded]):
    view = fold(log)
    if view is not None:
        left = moved(moved({}, [(None, view)]), [(view, None)])[view.account]
        assert (left.bytes_stored, left.jobs_open, left.days) == (0, 0, {})


def test_a_job_is_open_until_its_end_and_its_audio_counts_on_the_day_it_was_made():
    log = [tell("1", uploaded()), tell("1", JobStarted(run=1, attempt=1, worker="w"))]
    tomorrow = NOON + timedelta(days=1)

    now = usage(*log)
    then = usage(*log, tell("1", converted(seconds=60.0004), tomorrow))

    assert (now.jobs_open, now.bytes_stored, now.on(TODAY)) == (1, 100, Day(jobs=1))
    assert (then.jobs_open, then.bytes_stored) == (0, 110)
    assert (then.on(TODAY), then.on(tomorrow.date())) == (Day(jobs=1), Day(audio_ms=60_000))


def test_the_video_of_a_family_is_stored_once():
    told = usage(tell("1", uploaded()), tell("2", uploaded(family="1")), tell("2", JobCancelled(run=1)))

    assert (told.bytes_stored, told.jobs_open, told.on(TODAY).jobs) == (100, 1, 2)


def erased(cause: Event, videos: int, audio: int = 0, *, kept: bool = False) -> Event:
    payload = JobErased(about=cause.type, videos=videos, audio=audio, video_kept=kept)
    return consequence(cause, payload, source="/test")


def test_files_count_until_they_are_gone_and_a_familys_video_until_its_last_job_is():
    deleted = [tell(job_id, JobDeleted(reason=DeletionReason.USER)) for job_id in "12"]
    log = [
        tell("1", uploaded()),
        tell("1", converted()),
        tell("2", uploaded(family="1")),
        deleted[0],
        erased(deleted[0], 0, 1, kept=True),
        deleted[1],
        erased(deleted[1], 1),
    ]

    assert [usage(*log[:length]).bytes_stored for length in range(1, 8)] == [100, 110, 110, 110, 100, 100, 0]
    assert usage(*log).jobs_open == 0
    assert usage(*log).on(TODAY) == Day(jobs=2, audio_ms=60_000), "what was made was made"


def test_a_video_and_an_audio_that_were_removed_count_no_more_though_the_job_stays():
    removed = tell("1", JobVideoRemoved(reason=DeletionReason.EXPIRED, sha256=""))
    unheard = tell("1", JobAudioRemoved(run=1, reason=DeletionReason.EXPIRED, sha256=""))
    log = [tell("1", uploaded()), tell("1", converted()), removed, erased(removed, 1), unheard]

    assert [usage(*log[:length]).bytes_stored for length in range(2, 6)] == [110, 110, 10, 0]


def test_what_a_worker_made_after_the_job_was_cancelled_counts_for_nothing():
    told = usage(tell("1", uploaded()), tell("1", JobCancelled(run=1)), tell("1", converted()))

    assert (told.bytes_stored, told.on(TODAY)) == (100, Day(jobs=1))


@given(st.lists(st.integers(0, 3 * DAYS), min_size=1, max_size=20))
def test_days_are_kept_for_a_month_and_the_others_as_if_they_had_never_been(ages: list[int]):
    times = sorted(NOON - timedelta(days=age) for age in ages)

    told = usage(*(tell(str(number), uploaded(), time) for number, time in enumerate(times)))

    last = times[-1].date()
    kept = [time.date() for time in times if last - time.date() < timedelta(days=DAYS)]
    assert set(told.days) == {day.isoformat() for day in kept}
    assert all(
        told.on(date.fromisoformat(day)).jobs == kept.count(date.fromisoformat(day)) for day in told.days
    )
    assert told.bytes_stored == 100 * len(times)
