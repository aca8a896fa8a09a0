"""What concerns a job, or an account."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.errors import NothingFound
from cli.ids import not_before
from cli.tail.record import Kind, Level, Record
from cli.tail.subjects import OfAccount, OfJob, subjects
from events.ids import new_id

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


def line(event="done", *, kind=Kind.LINE, **fields):
    return Record(kind=kind, time=NOON, source="gateway", event=event, level=Level.INFO, fields=fields)


def test_an_account_is_followed_through_its_events_and_its_lines():
    holds = OfAccount("a")
    assert holds(line(kind=Kind.EVENT, account="a", subject="j"))
    assert holds(line(account_id="a"))
    assert not holds(line(account_id="b"))


def test_a_job_is_followed_through_its_events_its_lines_and_what_shares_their_trace():
    holds = OfJob("j")
    request = line("request_begun", trace_id="t")
    assert not holds(request)  # nothing tells yet
    assert holds(line("job.uploaded", kind=Kind.EVENT, subject="j", event_id="e", trace_id="t"))
    assert holds(request)
    assert holds(line("mail_sent", event_id="e"))
    assert holds(line("converted", job_id="j"))
    assert holds(line("signed", traceparent="00-t-s-01"))


def test_a_job_is_not_mixed_with_another_of_the_same_trace():
    holds = OfJob("j")
    assert holds(line(job_id="j", trace_id="t"))
    assert not holds(line(job_id="k", trace_id="t"))
    assert not holds(line("job.uploaded", kind=Kind.EVENT, subject="k", trace_id="t"))
    assert not holds(line(trace_id=None))


def test_what_was_learned_ahead_finds_what_came_before_the_name():
    holds = OfJob("j")
    holds.learn(line(job_id="j", trace_id="t"))
    assert holds(line("request_begun", trace_id="t"))


def test_a_job_id_or_its_beginning_tells_where_to_begin():
    job_id, now = new_id(), datetime.now(UTC)
    made = not_before(job_id)
    assert made is not None
    assert abs(now - made) < timedelta(seconds=5)
    for length, within in ((13, 5), (8, 70), (7, 1100)):
        begun = not_before(job_id[:length])
        assert begun is not None
        assert timedelta(0) <= made - begun <= timedelta(seconds=within)
    for nothing in ("7", job_id[:6], "6f2a4b1e-9c57-5d0e-8a63-746f6e65726d", "deadbeef", "@-1", "talk.mp4"):
        assert not_before(nothing) is None


def test_several_jobs_are_followed_at_once_each_with_its_traces():
    [holds] = subjects(["j", "k"], [])
    assert holds(line(job_id="j", trace_id="t"))
    assert holds(line(job_id="k", trace_id="u"))
    assert not holds(line(job_id="l", trace_id="v"))
    assert [holds(line("asked", trace_id=trace)) for trace in "tuv"] == [True, True, False]


def test_of_a_job_and_an_account_both_are_wanted():
    job, account = subjects(["j"], ["a", "b"])
    mine = line("job.started", kind=Kind.EVENT, subject="j", account="b")
    assert job(mine)
    assert account(mine)
    assert not account(line(job_id="j", account_id="c"))


def test_the_last_job_and_the_one_before_are_counted_from_the_end():
    ids = [new_id() for _ in range(4)]
    told = [line("job.uploaded", kind=Kind.EVENT, subject=each, account="z", event_id=each) for each in ids]
    told += [line("account.changed", kind=Kind.EVENT, subject="zzz"), line(job_id="no id")]
    for text, wanted in (("@-1", ids[3]), ("@-3", ids[1])):
        job = OfJob(text)
        for record in reversed(told):
            job.learn(record)
        job.settle()
        assert job.job_id == wanted
        assert job(line(job_id=wanted))
        assert not job(line(job_id=new_id()))  # one that comes later is not meant
    missing = OfJob("@-5")
    for record in told:
        missing.learn(record)
    with pytest.raises(NothingFound, match="@-5: there are 4 jobs"):
        missing.settle()
