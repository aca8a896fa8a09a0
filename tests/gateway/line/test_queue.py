"""Place and time left as people see them, of a gateway with a real broker and database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from broker import Broker
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Recorded, job_event
from events.ids import new_id
from events.log import heartbeats, topology
from events.log.heartbeats import Heartbeat
from events.log.publisher import Publisher
from events.log.transient import TransientSender
from events.projections.job_view import JobView
from events.tasks import cancelled
from events.types import JobPayload, JobRequeued, JobStarted, JobUploaded
from events.views.projector import Projector
from events.views.store import JobViews, ViewStore
from events.work.turns import FIRST
from gateway.jobs import ways
from gateway.jobs.live import LiveJobs
from gateway.line.line import Line
from tests.gateway.jobs.test_event_stream import upload, watching
from tests.gateway.running import FAILED, STARTED, Gateway, gateway_running

pytestmark = pytest.mark.servers


@pytest.fixture
async def quiet(broker: Broker, mongodb_url: str, auth: Any) -> Any:
    """A gateway whose line no other test stands in."""
    async with gateway_running(broker, mongodb_url, auth) as running:
        yield running


async def queues_of(client: Any, *job_ids: str) -> list[Any]:
    return [(await client.get(f"/jobs/{job_id}")).json()["queue"] for job_id in job_ids]


async def places(client: Any, *job_ids: str) -> list[int | None]:
    return [queue and queue["place"] for queue in await queues_of(client, *job_ids)]


async def test_beyond_its_first_jobs_an_account_waits_behind_everybodys_first(
    quiet: Gateway, broker: Broker
) -> None:
    async with quiet.as_("many") as many, quiet.as_("one") as one:
        of_many = await asyncio.gather(*(upload(many) for _ in range(FIRST + 3)))
        of_one = await upload(one)
        assert await broker.depth(topology.VIDEO) == FIRST + 1
        assert await broker.depth(topology.BULK) == 3
        by_place = dict(zip(await places(many, *of_many), of_many, strict=True))
        assert sorted(by_place) == [1, 2, 3, 4, 5, 7, 8]
        first = by_place[1]
        assert await places(one, of_one) == [6]
        await quiet.tell(first, "many", STARTED, FAILED)
        await wait_for_end(many, first)
        assert await places(many, first) == [None]
        answer = await many.post(f"/jobs/{first}/retry")
        assert answer.status_code == 202
        assert await broker.depth(topology.BULK) == 4, "many others of this account are open"
        assert answer.json()["queue"]["place"] == 8
        shown = (await many.get("/jobs")).json()["items"]
        assert sorted(job["queue"]["place"] for job in shown) == [1, 2, 3, 5, 6, 7, 8]


async def wait_for_end(client: Any, job_id: str) -> None:
    async def is_over() -> bool:
        return bool((await client.get(f"/jobs/{job_id}")).json()["done"])

    await wait_for(is_over)


async def test_a_listener_hears_how_its_job_moves_up_and_how_long_it_will_take(
    quiet: Gateway, broker: Broker
) -> None:
    async with TransientSender(broker.url, name="test") as sender, quiet.as_("a") as client:
        beating = asyncio.create_task(beat(sender))
        before, job_id = await upload(client), await upload(client)
        async with watching(client, f"/jobs/{job_id}/events") as stream:
            await wait_for(lambda: stream.queue)
            assert stream.queue == [{"place": 2, "seconds_min": None, "seconds_max": None}]
            await quiet.convert(before, "a", b"sound")
            await wait_for(lambda: stream.queue[-1]["place"] == 1)
            await wait_for(lambda: stream.queue[-1]["seconds_max"])
            await quiet.tell(job_id, "a", STARTED)
            await wait_for(lambda: stream.queue[-1]["place"] == 0)
            await quiet.tell(job_id, "a", FAILED)
            await stream.until("job.uploaded", "job.started", "job.failed")
        await cancelled([beating])
        assert await queues_of(client, job_id) == [None]


async def test_who_listens_to_all_jobs_hears_of_the_line_for_each_that_is_not_over_in_turns(
    quiet: Gateway,
) -> None:
    async with quiet.as_("all") as client, watching(client, "/events") as stream:
        ids = await asyncio.gather(*(upload(client) for _ in range(3)))
        await wait_for(lambda: {each["job_id"] for each in stream.queue} == set(ids))
        assert all(set(each) == {"job_id", "place", "seconds_min", "seconds_max"} for each in stream.queue)
        await quiet.tell(ids[0], "all", STARTED)
        await wait_for(lambda: (ids[0], 0) in {(each["job_id"], each["place"]) for each in stream.queue})


def test_of_very_many_jobs_each_has_its_turn_to_be_told_of() -> None:
    live = LiveJobs(cast("JobViews", None), "", line=Line())
    facts: dict[str, Any] = {"filename": "a", "content_type": "", "bytes": 1, "sha256": "", "video_id": "v"}
    ids = [new_id() for _ in range(ways.AT_ONCE + 50)]
    for offset, job_id in enumerate(ids):
        event = job_event(JobUploaded(**facts), job_id=job_id, account="a", source="test")
        live.line.take(Recorded(offset, event), 0.0)
    line = ways.Ways(live, "a", None)
    told = []
    for _ in range(3):
        line.next = 0.0
        told.append((line.news() or b"").count(b"event: queue"))
    assert told == [ways.AT_ONCE, 50, 0]


async def beat(sender: TransientSender) -> None:
    """Tell for ever that a converter with one slot is alive."""
    while True:
        now = datetime.now(UTC)
        heartbeat = Heartbeat(name="c", kind="converter", version="1", since=now, time=now, slots=1)
        await heartbeats.send(sender, heartbeat)
        await asyncio.sleep(0.1)


async def test_a_gateway_that_begins_knows_the_line_from_the_stored_views(
    broker: Broker, database: AsyncDatabase[Any]
) -> None:
    facts: dict[str, Any] = {"filename": "a", "content_type": "", "bytes": 1, "sha256": "", "video_id": "v"}
    stories = {
        new_id(): [JobUploaded(**facts)],
        new_id(): [JobUploaded(**facts), STARTED, FAILED],
        new_id(): [JobUploaded(**facts), STARTED, FAILED, JobRequeued(run=2, **facts, bulk=True)],
        new_id(): [JobUploaded(**facts), JobStarted(run=1, attempt=1, worker="w")],
        new_id(): [JobUploaded(**facts)],
    }
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test") as publisher:
        for job_id, payloads in stories.items():
            for payload in payloads:
                await publisher.publish(job_event(payload, job_id=job_id, account="a", source="test"))
    projector = Projector(database, broker.stream_url, holder="test")
    projecting = asyncio.create_task(projector.run(asyncio.Event()))
    await wait_for(lambda: projector.position is not None and projector.position >= 10)
    await cancelled([projecting])
    live = LiveJobs(JobViews(database), broker.stream_url, line=Line())
    following = asyncio.create_task(live.run())
    await wait_for(lambda: live.caught_up)

    def known() -> bool:
        forecasts = [live.forecast(job_id) for job_id in stories]
        return [forecast and forecast.place for forecast in forecasts] == [1, None, 3, 0, 2]

    await wait_for(known)
    assert live.recent.position == live.checkpoint, "no event had to be read again for that"
    await cancelled([following])


async def test_what_came_after_a_stored_view_and_was_read_before_it_counts(
    broker: Broker, database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stored views are many: before the last is there, the log tells more of its job."""
    facts: dict[str, Any] = {"filename": "a", "content_type": "", "bytes": 1, "sha256": "", "video_id": "v"}
    job_id, of_late = new_id(), ViewStore.of_late
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test") as publisher:

        async def tell(payload: JobPayload) -> None:
            await publisher.publish(job_event(payload, job_id=job_id, account="a", source="test"))

        await tell(JobUploaded(**facts))
        projector = Projector(database, broker.stream_url, holder="test")
        projecting = asyncio.create_task(projector.run(asyncio.Event()))
        await wait_for(lambda: projector.position is not None and projector.position >= 0)
        await cancelled([projecting])
        await tell(STARTED)
    live = LiveJobs(JobViews(database), broker.stream_url, line=Line())

    async def late(views: ViewStore, now: datetime) -> AsyncIterator[JobView]:
        await wait_for(lambda: live.recent.of_job(job_id))
        async for view in of_late(views, now):
            yield view

    monkeypatch.setattr(ViewStore, "of_late", late)
    following = asyncio.create_task(live.run())
    forecast = await wait_for(lambda: live.forecast(job_id))
    assert forecast.place == 0, "a worker is at it"
    await cancelled([following])
