"""Which workers are alive, by what was heard of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from events.log.heartbeats import SILENCE, Heartbeat
from events.log.progress import Progress
from gateway.admin.workers import Workers

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


def beat(name: str, kind: str = "converter", *, last: bool = False) -> Heartbeat:
    long_ago = NOON - timedelta(days=1)  # a clock that is wrong
    return Heartbeat(name=name, kind=kind, version="1", since=long_ago, time=long_ago, slots=1, last=last)


def test_a_worker_that_falls_silent_is_gone_and_one_that_says_good_bye_at_once() -> None:
    clock = Clock()
    workers = Workers(clock)
    for each in (beat("b"), beat("n", "notifier"), beat("a")):
        workers.hear(each)
    assert [each.name for each in workers.alive()] == ["a", "b", "n"]
    assert workers.slots("converter") == 2
    workers.hear(beat("b", last=True))
    assert [each.name for each in workers.alive()] == ["a", "n"]
    clock.now += timedelta(seconds=SILENCE - 1)
    workers.hear(beat("n", "notifier"))
    clock.now += timedelta(seconds=2)
    assert [each.name for each in workers.alive()] == ["n"]


async def test_progress_is_passed_on_and_remembered_while_it_is_fresh() -> None:
    clock = Clock()
    workers = Workers(clock)

    async def feed() -> AsyncIterator[Progress]:
        for percent in (10.0, 42.0):
            yield Progress(
                job_id="j", account="a", run=1, attempt=1, percent=percent, seconds_done=1.0,
                seconds_total=None, speed=None, time=NOON,
            )  # fmt: skip

    assert [each.percent async for each in workers.overhearing(feed())] == [10.0, 42.0]
    told = workers.progress("j")
    assert told is not None
    assert (told.percent, workers.progress("another")) == (42.0, None)
    clock.now += timedelta(seconds=SILENCE + 1)
    workers.hear(beat("b"))
    assert workers.progress("j") is None
