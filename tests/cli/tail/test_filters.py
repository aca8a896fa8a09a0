import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.tail import filters
from cli.tail.record import Kind, Level, Record

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


def line(event="done", *, kind=Kind.LINE, time=NOON, source="gateway", level=Level.INFO, raw="", **fields):
    return Record(kind=kind, time=time, source=source, event=event, level=level, fields=fields, raw=raw)


records = st.builds(
    line,
    event=st.sampled_from(["done", "job.failed", "job.started"]),
    kind=st.sampled_from(Kind),
    time=st.datetimes(NOON.replace(tzinfo=None), timezones=st.just(UTC)),
    source=st.sampled_from(["gateway", "auth", "log"]),
    level=st.sampled_from([*Level, None]),
    job_id=st.sampled_from(["a", "b"]),
)
single = st.sampled_from(
    [
        filters.at_least(Level.WARNING),
        filters.named(["job.*"]),
        filters.from_services(["auth", "log"]),
        filters.field("job_id=a"),
        filters.between(NOON, NOON + timedelta(days=9999)),
    ]
)


@given(st.lists(records), st.lists(single), st.lists(single))
def test_filters_compose_whichever_way_they_are_grouped(shown, some, others):
    together = filters.every([*some, *others])
    one_by_one = [r for r in shown if filters.every(some)(r)]
    assert [r for r in shown if together(r)] == [r for r in one_by_one if filters.every(others)(r)]


def test_a_level_means_at_least_and_never_hides_plain_text():
    holds = filters.at_least(Level.WARNING)
    assert holds(line(level=Level.ERROR))
    assert not holds(line(level=Level.INFO))
    assert holds(line("Segmentation fault", kind=Kind.TEXT, level=None))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("status=500", True),
        ("status=50", False),
        ("status~^5", True),
        ("request.path=/upload", True),
        ("request.path~load$", True),
        ("a.b=1", True),
        ("ok=true", True),
        ("none=null", True),
        ("absent=", False),
        ("absent~.*", False),
        ("status.deep=1", False),
        ("service=gateway", True),
        ("event~do", True),
        ("level=info", True),
        ("query=a=b", True),
    ],
)
def test_a_field_is_compared_as_it_is_written(condition, holds):
    fields = {
        "status": 500,
        "request": {"path": "/upload"},
        "a.b": 1,
        "ok": True,
        "none": None,
        "query": "a=b",
    }
    assert filters.field(condition)(line(**fields)) is holds


@pytest.mark.parametrize(
    ("condition", "error"), [("status", ValueError), ("=5", ValueError), ("a~(", re.error)]
)
def test_a_condition_without_meaning_is_refused(condition, error):
    with pytest.raises(error):
        filters.field(condition)


def test_since_is_included_and_until_is_not():
    holds = filters.between(NOON, NOON + timedelta(hours=1))
    assert holds(line(time=NOON))
    assert not holds(line(time=NOON + timedelta(hours=1)))
    assert not holds(line(time=NOON - timedelta(microseconds=1)))


def test_one_of_what_is_included_must_be_found_and_nothing_of_what_is_excluded():
    some = filters.including([re.compile("ffmpeg"), re.compile("(?i)cover")])
    none = filters.excluding([re.compile("health"), re.compile("ping$")])
    lines = ["ffmpeg began", "a Cover", "ffmpeg health", "cover ping", "neither"]
    assert [text for text in lines if some(line(raw=text))] == lines[:4]
    assert [text for text in lines if none(line(raw=text))] == ["ffmpeg began", "a Cover", "neither"]
