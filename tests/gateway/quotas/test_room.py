"""What there is room for, by an account's limits, its usage and what has begun."""

from datetime import UTC, datetime

import pytest

from events.projections.usage import Day, Usage
from gateway.errors import QuotaExceeded, StorageFull
from gateway.quotas.room import Hold, Room
from service.quotas import Limits

NOW = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
DAYS = {"2026-11-30": Day(jobs=5, audio_ms=60_001), "2026-11-29": Day(jobs=9)}
USED = Usage(bytes_stored=1000, jobs_open=2, days=DAYS)
ONE = Hold(job_id="1", bytes=10, arriving=1e12, until=0)
BEGUN = [Hold(job_id="2", bytes=100, arriving=1e12, until=0), Hold(job_id="3", run=2, until=0)]


def room(**limits: int) -> Room:
    return Room(limits=Limits(**limits), usage=USED, begun=BEGUN, now=NOW)


@pytest.mark.parametrize(
    ("limit", "enough", "seconds"),
    [
        ("uploads_at_once", 2, 5),
        ("jobs_open", 5, 10),
        ("jobs_today", 7, 60),
        ("audio_seconds", 62, 60),
        ("bytes_stored", 1110, None),
    ],
)
def test_the_last_unit_is_given_and_no_other(limit: str, enough: int, seconds: int | None) -> None:
    room(**{limit: enough}).check(ONE)
    with pytest.raises(QuotaExceeded) as refused:
        room(**{limit: enough - 1}).check(ONE)
    assert (refused.value.limit, refused.value.allowed) == (limit, enough - 1)
    assert refused.value.seconds == seconds
    assert isinstance(refused.value, StorageFull) is (limit == "bytes_stored")


def test_a_job_that_is_repeated_is_neither_another_job_of_the_day_nor_an_upload() -> None:
    again = Hold(job_id="1", run=2, until=0)
    room(jobs_today=0, uploads_at_once=0).check(again)
    with pytest.raises(QuotaExceeded, match="4 jobs of yours"):
        room(jobs_open=4).check(again)
    with pytest.raises(StorageFull):
        room(bytes_stored=1100).check(again)


def test_an_upload_of_unknown_length_takes_room_by_steps_and_the_last_bytes_to_the_last() -> None:
    some = room(bytes_stored=1500)
    assert some.grown(ONE, 5, 32) == ONE
    assert some.grown(ONE, 100, 32).bytes == 132
    assert some.grown(ONE, 390, 32).bytes == 400
    assert some.grown(ONE, 400, 32).bytes == 400
    with pytest.raises(StorageFull):
        some.grown(ONE, 401, 32)
    assert room().grown(ONE, 10**12, 32).bytes == 10**12 + 32


def test_each_limit_that_there_is_is_told_with_what_is_left() -> None:
    standings = room(jobs_open=5, jobs_today=100, bytes_stored=500).standings()
    assert {each.name: (each.quota, each.left, each.window, each.reset) for each in standings} == {
        "jobs_open": (5, 1, 0, 0),
        "jobs_today": (100, 94, 86_400, 60),
        "bytes_stored": (500, -600, 0, 0),
    }
