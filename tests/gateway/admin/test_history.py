"""Numbers over time: exact whoever counts them, and never made up."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from broker import Broker
from waiting import wait_for

from events.envelope import Recorded, job_event
from events.ids import new_id
from events.log import topology
from events.types import FailureCode, JobCancelled, JobFailed, JobPayload
from gateway.admin.history.counts import Counts, Facts, Hour
from gateway.admin.history.routes import Point, _point
from gateway.admin.history.samples import Depth, Sample, together
from gateway.admin.history.store import Place
from tests.gateway.running import FAILED, STARTED, FakeAuth, Gateway, converted, gateway_running


def counted(*payloads: JobPayload) -> Counts:
    facts, sum_, job = Facts(), Counts(), new_id()
    for offset, payload in enumerate(payloads):
        event = job_event(payload, job_id=job, account="a", source="test")
        if counts := facts.counts_of(Recorded(offset, event)):
            sum_.add(counts)
    return sum_


def test_a_run_ends_once_whatever_the_log_holds() -> None:
    end = converted("audio", b"sound")
    assert counted(STARTED, end, JobCancelled(run=1), FAILED, end) == Counts(
        converted=1, audio_seconds=1.5, work_seconds=0.1
    )
    again = JobFailed(run=2, attempt=1, code=FailureCode.INTERNAL, message="")
    assert counted(FAILED, again, again) == Counts(failed=2, failures={"no_audio": 1, "internal": 1})


def test_an_event_that_comes_again_after_a_crash_is_not_counted_again() -> None:
    hour = Hour()
    taken = [hour.take(offset, 7, Counts(made=1)) for offset in (3, 5, 3, 5, 6)]
    assert taken == [True, True, False, False, True]
    assert (hour.seen, hour.minutes) == (6, {7: Counts(made=3)})


def test_several_looks_are_one_by_the_deepest_queue_and_the_last_jobs() -> None:
    looks = [
        Sample(jobs={"uploaded": 9}, queues={"video": Depth(waiting=9)}, waiting_seconds=2.0),
        Sample(jobs=None, queues=None, lacking=7),
        Sample(jobs={"uploaded": 1}, queues={"video": Depth(waiting=1, parked=1)}),
    ]
    assert together(looks) == Sample(
        jobs={"uploaded": 1}, queues={"video": Depth(9, 0, 1)}, lacking=7, waiting_seconds=2.0
    )
    assert together([]) is None


@pytest.mark.parametrize(("at", "is_known"), [(0, False), (60, True), (120, True), (180, False)])
def test_what_was_not_read_is_null_and_never_zero(at: int, is_known: bool) -> None:
    point = _point(at, 60, {60: Counts(made=2)}, {}, Place(since=60.0, until=180.0))
    assert (point.done is not None, point.look) == (is_known, None)


def test_a_wide_point_adds_its_minutes_up_and_its_factor_is_of_all_of_them() -> None:
    minutes = {
        600: Counts(converted=1, audio_seconds=90.0, work_seconds=1.0),
        1140: Counts(converted=1, audio_seconds=10.0, work_seconds=1.0, failed=1, failures={"internal": 1}),
        1200: Counts(made=5),
    }
    point: Point = _point(600, 600, minutes, {}, Place(since=0.0, until=9999.0))
    assert point.done is not None
    assert (point.done.converted, point.done.failed, point.done.made) == (2, 1, 0)
    assert (point.done.realtime_factor, point.done.failures) == (50.0, {"internal": 1})
    empty = _point(0, 600, minutes, {}, Place(since=0.0, until=9999.0)).done
    assert empty is not None
    assert (empty.converted, empty.realtime_factor) == (0, None)


def operator(gateway: Gateway) -> httpx.AsyncClient:
    return gateway.as_(new_id(), roles=("user", "admin"), scope="read upload manage operate admin account")


@pytest.fixture
async def two(broker: Broker, mongodb_url: str, auth: FakeAuth) -> AsyncIterator[tuple[Gateway, Gateway]]:
    async with (
        gateway_running(broker, mongodb_url, auth) as one,
        gateway_running(broker, mongodb_url, auth) as other,
    ):
        yield one, other


async def told(admin: httpx.AsyncClient) -> dict[str, Any]:
    """Return the sums over the last hour."""
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    answer = await admin.get("/admin/history", params={"since": since, "step": 60})
    assert answer.status_code == 200, answer.text
    done = [each["done"] for each in answer.json()["points"] if each["done"]]
    sums = {name: sum(each[name] for each in done) for name in ("made", "converted", "failed", "cancelled")}
    return sums | {"failures": [each["failures"] for each in done if each["failures"]]}


@pytest.mark.servers
async def test_two_gateways_count_once_and_a_restart_loses_nothing(
    two: tuple[Gateway, Gateway], broker: Broker, mongodb_url: str, auth: FakeAuth
) -> None:
    one, other = two
    ada = new_id()

    async def job(*ends: JobPayload) -> None:
        async with other.as_(ada) as client:
            job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        await other.tell(job_id, ada, STARTED, *ends)

    await job(converted("audio", b"sound"), JobCancelled(run=1))
    await job(FAILED, FAILED)
    wanted = {"made": 2, "converted": 1, "failed": 1, "cancelled": 0, "failures": [{"no_audio": 1}]}
    for gateway in two:
        async with operator(gateway) as admin:
            await wait_for(lambda admin=admin: is_told(admin, wanted), 30)
    await asyncio.gather(one.stop(), other.stop())
    async with gateway_running(broker, mongodb_url, auth) as third, operator(third) as admin:
        assert await told(admin) == wanted
        async with third.as_(ada) as client:
            await client.put("/upload/a.mp4", content=b"video")
        await wait_for(lambda: is_told(admin, wanted | {"made": 3}), 60)


async def is_told(admin: httpx.AsyncClient, wanted: dict[str, Any]) -> bool:
    return await told(admin) == wanted


@pytest.mark.servers
async def test_points_lie_at_multiples_of_their_step_and_the_last_has_a_look(
    broker: Broker, mongodb_url: str, auth: FakeAuth
) -> None:
    async with gateway_running(broker, mongodb_url, auth) as own, operator(own) as admin:
        async with own.as_(new_id()) as client:
            await client.put("/upload/a.mp4", content=b"video")

        async def looked() -> dict[str, Any] | None:
            answer: dict[str, Any] = (await admin.get("/admin/history")).json()
            return answer if answer["points"][-1]["look"] and answer["points"][-1]["done"] else None

        found = await wait_for(looked, 90)
        times = [datetime.fromisoformat(each["at"]).timestamp() for each in found["points"]]
        assert (found["step"], len(times)) == (300, 289)
        assert all(at % 300 == 0 for at in times)
        assert times[-1] <= time.time() < times[-1] + 301
        assert found["points"][0]["look"] is None
        look = found["points"][-1]["look"]
        assert set(look["jobs"]) == {"uploaded", "converting", "retrying"}
        assert set(look["queues"]) == set(topology.WORK_QUEUES)
        assert set(look["queues"]["video"]) == {"waiting", "retrying", "parked"}
        week = (await admin.get("/admin/history", params={"since": "2020-01-01T00:00:00Z"})).json()
        assert (week["step"], len(week["points"])) == (1800, 337)
        end_of_time = {"since": "9999-12-31T23:59:59.999999Z"}
        assert len((await admin.get("/admin/history", params=end_of_time)).json()["points"]) == 1
        beyond = {"since": "9999-12-31T23:59:59-01:00"}
        for wrong in (beyond, {"step": 61}, {"step": 60}, {"step": 30}, {"since": "yesterday"}):
            answer = await admin.get("/admin/history", params=wrong)
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-parameters"), wrong
