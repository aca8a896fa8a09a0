"""What a worker does about work that the log does not know."""

from datetime import UTC, datetime, timedelta

from events.envelope import Event, Recorded, job_event
from events.ids import new_id
from events.projections.job_view import JobView
from events.projections.jobs import evolve
from events.types import JobStarted, JobUploaded
from workers.converter.recovery import PATIENCE, Recovery


class Told(list[Event]):
    """A publisher that records."""

    async def publish(self, event: Event) -> None:
        self.append(event)


def uploaded(age: timedelta) -> Event:
    payload = JobUploaded(filename="a.mp4", content_type="video/mp4", bytes=1, sha256="00", video_id="v")
    return job_event(payload, job_id=new_id(), account="me", source="test", time=datetime.now(UTC) - age)


def view_of(event: Event) -> JobView | None:
    return evolve(None, Recorded(1, event))


OLD, NEW = 2 * PATIENCE, PATIENCE / 2


async def test_old_work_that_the_view_does_not_know_is_told_again_as_it_was() -> None:
    told, lost = Told(), uploaded(OLD)
    await Recovery(told).publish_if_lost(lost, None)
    assert told == [lost]


async def test_a_view_that_knows_only_what_came_later_does_not_know_the_work() -> None:
    told, lost = Told(), uploaded(OLD)
    started = JobStarted(run=1, attempt=1, worker="w")
    later = job_event(started, job_id=lost.subject, account="me", source="test")
    await Recovery(told).publish_if_lost(lost, view_of(later))
    assert told == [lost]


async def test_a_view_that_may_be_behind_is_given_time() -> None:
    told = Told()
    await Recovery(told).publish_if_lost(uploaded(NEW), None)
    assert told == []


async def test_what_the_view_knows_is_not_told_again() -> None:
    told, known = Told(), uploaded(OLD)
    await Recovery(told).publish_if_lost(known, view_of(known))
    assert told == []


async def test_the_message_that_comes_of_it_is_the_last_even_if_no_view_ever_moves() -> None:
    told, lost = Told(), uploaded(OLD)
    recovery = Recovery(told)
    queue = [lost]
    while queue:
        before = len(told)
        await recovery.publish_if_lost(queue.pop(), None)
        queue += told[before:]
        assert len(told) < 5
    assert told == [lost]
