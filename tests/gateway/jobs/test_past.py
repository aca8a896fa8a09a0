"""A job as it was, at an offset of the log or at a time."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import job_event
from events.errors import Unavailable
from events.ids import new_id
from events.log import topology
from events.log.bounds import bounds
from events.log.publisher import Publisher
from events.projections.job_view import State
from events.types import JobRequeued, JobStarted
from gateway.errors import HistoryCut
from gateway.jobs.live import LiveJobs
from gateway.jobs.past import as_it_was
from tests.gateway.jobs.test_event_stream_restarts import starting, stored_up_to
from tests.gateway.running import FAILED, STARTED, Gateway
from tests.gateway.upkeep.world import uploaded

STARTED_AGAIN = JobStarted(run=2, attempt=1, worker="test")


async def test_a_job_is_shown_as_it_was_at_each_of_its_events(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/talk.mp4", content=b"v")).json()["job_id"]
        now = [(await client.get(f"/jobs/{job_id}")).json()]
        for payload in (STARTED, FAILED, again(now[0])):
            await gateway.tell(job_id, account, payload)
            now.append(await told(client, job_id, len(now) + 1))
        await gateway.tell(job_id, account, STARTED_AGAIN)
        await told(client, job_id, len(now) + 1)
        for then in now:
            last = then["timeline"][-1]
            for when in (last["offset"], last["time"]):
                past = await client.get(f"/jobs/{job_id}?at={quote(str(when))}")
                assert past.json() == then | {"queue": None}, "nobody knows the line of then any more"
        assert [then["state"] for then in now] == ["uploaded", "converting", "failed", "uploaded"]
        assert now[2]["error"]["code"] == "no_audio"
        assert now[3]["error"] is None


async def test_a_job_does_not_exist_before_its_first_event_and_is_the_same_ever_after(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/talk.mp4", content=b"v")).json()["job_id"]
        job = (await client.get(f"/jobs/{job_id}")).json()
        before = datetime.fromisoformat(job["created"]) - timedelta(microseconds=1)
        for when in (before.isoformat(), job["timeline"][0]["offset"] - 1, -1):
            answer = await client.get(f"/jobs/{job_id}?at={quote(str(when))}")
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-job"), when
        for when in ((datetime.now(UTC) + timedelta(days=1)).isoformat(), 10**20):
            assert (await client.get(f"/jobs/{job_id}?at={quote(str(when))}")).json() == job
    async with gateway.as_(new_id()) as client:
        assert (await client.get(f"/jobs/{job_id}?at=10")).status_code == 404


@pytest.mark.parametrize(
    "when", ["yesterday", "2026-11-29T10:00:00", "1.5", "1e3", "+5", "", "null", "2026-11-29"]
)
async def test_what_is_no_offset_and_no_time_is_refused(gateway: Gateway, account: str, when: str) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/talk.mp4", content=b"v")).json()["job_id"]
        answer = await client.get(f"/jobs/{job_id}", params={"at": when})
    assert (answer.status_code, answer.json()["errors"][0]["name"]) == (422, "at")
    assert "2026-11-29T10:00:00Z" in answer.json()["detail"]


async def test_what_retention_has_cut_away_is_gone(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs, account: str
) -> None:
    job_id = new_id()
    async with Publisher(broker.url, name="test") as publisher:
        for payload in (uploaded(job_id), STARTED, FAILED):
            event = job_event(payload, job_id=job_id, account=account, source="test")
            await publisher.publish(event)
    await wait_for(lambda: live.recent.has(event.id))
    await stored_up_to(database, live.recent.of_job(job_id))
    view = await live.view(job_id)
    assert view is not None

    async def cut() -> bool:
        await broker.fill(topology.STREAM, 1_000_000)
        with suppress(Unavailable):
            ends = await bounds(broker.stream_url)
            return ends is not None and ends.first > 2
        return False

    async with starting(broker, database) as (late, begin):
        begin.set()
        await late.begun(10)
        assert (await as_it_was(late, view, 1)).state is State.CONVERTING
        await broker.policy("cut", "^events$", {"max-length-bytes": 1_000_000})
        await broker.fill(topology.STREAM, 3 * topology.SEGMENT_BYTES)
        await wait_for(cut, 60)
        with pytest.raises(HistoryCut):
            await as_it_was(late, view, 1)
        assert await as_it_was(late, view, 2) == view


async def told(client: httpx.AsyncClient, job_id: str, count: int) -> dict[str, Any]:
    """Return the job when so many events are told of it."""

    async def job() -> dict[str, Any] | None:
        shown: dict[str, Any] = (await client.get(f"/jobs/{job_id}")).json()
        return shown if len(shown["timeline"]) == count else None

    return await wait_for(job)


def again(job: dict[str, object]) -> JobRequeued:
    return JobRequeued(
        run=2, filename="talk.mp4", content_type="", bytes=1, sha256="0" * 64, video_id=str(job["job_id"])
    )
