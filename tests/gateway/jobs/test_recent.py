from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Recorded, job_event
from events.types import JobStarted
from gateway.jobs.recent import RecentEvents

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def started(job: int, attempt: int, offset: int) -> Recorded:
    payload = JobStarted(run=1, attempt=attempt, worker="w")
    event = job_event(payload, job_id=f"job{job}", account=f"account{job % 2}", source="test", time=NOW)
    return Recorded(offset, event)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 4), st.integers(1, 3)),
        st.tuples(st.just("pass"), st.just(0), st.just(0)),
        st.tuples(st.just("prune"), st.integers(-5, 5), st.just(0)),
    ),
    max_size=40,
)


@given(steps)
def test_it_holds_what_the_stored_views_may_lack_and_what_is_young(steps: list[tuple[str, int, int]]) -> None:
    recent, log, now, pruned = RecentEvents(-1, keep=10), [], 0.0, -1
    for offset, (what, number, attempt) in enumerate(steps):
        now += 3
        if what == "add":
            recorded = started(number, attempt, offset)
            log.append((now, recorded))
            recent.add(recorded, now)
        elif what == "pass":
            recent.pass_over(offset)
        else:
            pruned = max(pruned, offset + number)
            recent.prune(offset + number, now)
    must = [recorded for since, recorded in log if recorded.offset > pruned or now - since < 10]
    held = list(recent.between(0, len(steps)))
    assert [each for each in held if each in must] == must
    assert held == [recorded for _, recorded in log[len(log) - len(held) :]]
    if held:
        assert recent.holds(held[0].offset)
    for job in range(5):
        assert list(recent.of_job(f"job{job}")) == [
            each for each in held if each.event.subject == f"job{job}"
        ]
    for account in ("account0", "account1"):
        jobs = {each.event.subject for each in held if each.event.account == account}
        assert recent.jobs_of(account) == sorted(jobs, reverse=True)
    assert all(recent.has(each.event.id) for each in held)


def test_what_was_let_go_is_not_claimed() -> None:
    recent = RecentEvents(9, keep=0)
    assert not recent.holds(9)
    assert recent.holds(10)
    recent.add(started(1, 1, 12), 0)
    recent.add(started(1, 1, 15), 0)
    assert recent.repeats(started(1, 1, 15))
    recent.prune(12, 1)
    assert not recent.holds(12)
    assert recent.holds(13)
    assert [each.offset for each in recent.between(0, 99)] == [15]


def test_a_full_tail_lets_go_of_what_is_stored_however_young() -> None:
    recent = RecentEvents(-1, keep=60, limit=10)
    for offset in range(10):
        recent.add(started(1, 1, offset), 0)
    recent.prune(99, 1)
    assert len(recent) == 10
    recent.add(started(1, 1, 10), 1)
    assert recent.full
    recent.prune(1, 1)
    assert len(recent) == 9
    recent.add(started(1, 1, 11), 1)
    recent.add(started(1, 1, 12), 1)
    recent.prune(99, 1)
    assert [each.offset for each in recent.between(0, 99)] == [8, 9, 10, 11, 12]


def test_the_oldest_event_that_the_views_lack_says_how_long_they_have_stood_still() -> None:
    recent = RecentEvents(-1)
    recent.add(started(1, 1, 3), 10)
    recent.add(started(2, 1, 5), 14)
    assert [recent.waiting(checkpoint, 20) for checkpoint in (-1, 2, 3, 4, 5, 9)] == [10, 10, 6, 6, 0, 0]
