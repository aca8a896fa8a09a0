import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.tail import filters
from cli.tail.record import Kind, Level, Record
from events.ids import new_id

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


def test_an_account_is_followed_through_its_events_and_its_lines():
    holds = filters.OfAccount("a")
    assert holds(line(kind=Kind.EVENT, account="a", subject="j"))
    assert holds(line(account_id="a"))
    assert not holds(line(account_id="b"))


def test_a_job_is_followed_through_its_events_its_lines_and_what_shares_their_trace():
    holds = filters.OfJob("j")
    request = line("request_begun", trace_id="t")
    assert not holds(request)  # nothing tells yet
    assert holds(line("job.uploaded", kind=Kind.EVENT, subject="j", event_id="e", trace_id="t"))
    assert holds(request)
    assert holds(line("mail_sent", event_id="e"))
    assert holds(line("converted", job_id="j"))
    assert holds(line("signed", traceparent="00-t-s-01"))


def test_a_job_is_not_mixed_with_another_of_the_same_trace():
    holds = filters.OfJob("j")
    assert holds(line(job_id="j", trace_id="t"))
    assert not holds(line(job_id="k", trace_id="t"))
    assert not holds(line("job.uploaded", kind=Kind.EVENT, subject="k", trace_id="t"))
    assert not holds(line(trace_id=None))


def test_what_was_learned_ahead_finds_what_came_before_the_name():
    holds = filters.OfJob("j")
    holds.learn(line(job_id="j", trace_id="t"))
    assert holds(line("request_begun", trace_id="t"))


def test_a_job_id_tells_when_it_was_made():
    made = filters.made_at(new_id())
    assert made is not None
    assert abs(datetime.now(UTC) - made) < timedelta(seconds=5)
    assert filters.made_at("7") is None
    assert filters.made_at("6f2a4b1e-9c57-5d0e-8a63-746f6e65726d") is None
