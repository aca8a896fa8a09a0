import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.times import parse_time, point_in_time, shown, timestamp, zone

NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("now", "2026-11-29T09:30:00Z"),
        ("10m", "2026-11-29T09:20:00Z"),
        ("10m ago", "2026-11-29T09:20:00Z"),
        ("5 minutes ago", "2026-11-29T09:25:00Z"),
        ("1 hour and 30 min ago", "2026-11-29T08:00:00Z"),
        ("1h30m", "2026-11-29T08:00:00Z"),
        ("999999999d", "0001-01-01T00:00:00Z"),
        ("10:00", "2026-11-29T09:00:00Z"),
        ("9:05:07", "2026-11-29T08:05:07Z"),
        ("today", "2026-11-28T23:00:00Z"),
        ("yesterday", "2026-11-27T23:00:00Z"),
        ("2026-11-29", "2026-11-28T23:00:00Z"),
        ("2026-11-29 10:03", "2026-11-29T09:03:00Z"),
        ("2026-07-01 10:03", "2026-07-01T08:03:00Z"),
        ("2026-11-29T10:03:00Z", "2026-11-29T10:03:00Z"),
        ("2026-11-29t10:03:00z", "2026-11-29T10:03:00Z"),
        ("2026-11-29 10:03:00,5-05:00", "2026-11-29T15:03:00.500000Z"),
        ("@1764410000", "2025-11-29T09:53:20Z"),
        ("@1764410000.25", "2025-11-29T09:53:20.250000Z"),
    ],
)
def test_a_time_is_read_as_people_write_it_and_is_local_without_a_zone(text: str, utc: str) -> None:
    assert point_in_time(text, NOW) == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ago",
        "soon",
        "5 parsecs ago",
        "25:00",
        "2026-02-30",
        "20261129",
        "10 m 5",
        "9999-12-31T23:59-12:00",
    ],
)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"10:00.*2 days ago"):
        point_in_time(text, NOW)


def test_bare_seconds_since_1970_are_told_how_to_be_written() -> None:
    with pytest.raises(ValueError, match="are written @1764410000"):
        point_in_time("1764410000", NOW)


def test_every_time_that_is_shown_says_its_zone() -> None:
    assert shown(NOW) == "2026-11-29T10:30:00+01:00"
    assert timestamp(NOW, "seconds") == "2026-11-29T09:30:00Z"
    assert zone(datetime(2026, 7, 1, tzinfo=UTC)) == "+02:00"


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_shown_can_be_given_back(time: datetime) -> None:
    assert parse_time(timestamp(time)) == time
    text = shown(time, "microseconds")
    if text[:4] not in ("0001", "9999"):  # its local date may be one that no calendar here has
        assert point_in_time(text, NOW) == time
