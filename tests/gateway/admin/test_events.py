"""The tail of the log, for administrators: everybody's events, and those that were asked for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from broker import Broker
from waiting import wait_for

from events.envelope import account_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.types import AccountChanged
from gateway.jobs.subscriptions import MOST_OF_ACCOUNT
from tests.gateway.jobs.test_event_stream import watching
from tests.gateway.running import FAILED, STARTED, FakeAuth, Gateway, gateway_running

pytestmark = pytest.mark.servers
SCOPE = "read upload manage operate admin account"


@pytest.fixture
async def own(broker: Broker, mongodb_url: str, auth: FakeAuth) -> AsyncIterator[Gateway]:
    async with gateway_running(broker, mongodb_url, auth) as running:
        yield running


def operator(gateway: Gateway, account: str = "") -> httpx.AsyncClient:
    return gateway.as_(account or new_id(), roles=("user", "admin"), scope=SCOPE)


async def upload(gateway: Gateway, account: str) -> str:
    async with gateway.as_(account) as client:
        answer = await client.put("/upload/a%20canary.mp4", content=b"video")
    return str(answer.json()["job_id"])


async def change(gateway: Gateway, account: str) -> None:
    event = account_event(
        AccountChanged(fields=("mails",)), account=account, source="test", occasion=new_id()
    )
    async with Publisher(gateway.broker.url, name="test") as publisher:
        await publisher.publish(event)


async def test_an_administrator_sees_events_of_everybody_as_they_come_with_their_names(own: Gateway) -> None:
    ada, bob = new_id(), new_id()
    await upload(own, ada)  # before: it does not come
    async with operator(own) as admin, watching(admin, "/admin/events") as seen:
        job_id = await upload(own, bob)
        await change(own, ada)
        await own.tell(job_id, bob, STARTED, FAILED)
        await seen.until("job.uploaded", "account.changed", "job.started", "job.failed")
        assert '"filename":"a canary.mp4"' in seen.events[0]["data"]
        assert f'"account":"{bob}"' in seen.events[0]["data"]
        last = seen.events[1]["id"]
    async with operator(own) as admin:
        async with watching(admin, "/admin/events?last=1000", last) as again:
            await again.until("job.started", "job.failed")
        async with watching(admin, "/admin/events", "987654321") as other_log:
            await change(own, bob)
            await other_log.until("account.changed")


async def test_filters_hold_and_a_beginning_in_the_past_is_a_time_or_a_number(own: Gateway) -> None:
    ada, bob = new_id(), new_id()
    hers, his = await upload(own, ada), await upload(own, bob)
    await own.tell(hers, ada, STARTED, FAILED)
    await change(own, ada)
    since = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await own.tell(his, bob, STARTED, FAILED)

    async def told(query: str, *types: str) -> None:
        async with operator(own) as admin, watching(admin, f"/admin/events?{query}") as seen:
            await seen.until(*types)

    every = ("job.uploaded", "job.uploaded", "job.started", "job.failed", "account.changed", "job.started")
    await told("last=1000", *every, "job.failed")
    await told(f"since={since}", "job.started", "job.failed")
    await told("since=0001-01-01T00:00:00Z", *every, "job.failed")
    await told("last=2", "job.started", "job.failed")
    await told("last=1000&type=job.failed&type=account.", "job.failed", "account.changed", "job.failed")
    await told(f"last=1000&account={ada}&type=job.", "job.uploaded", "job.started", "job.failed")
    await told(f"last=1000&job_id={his}", "job.uploaded", "job.started", "job.failed")
    async with operator(own) as admin:
        for wrong in (
            "type=job",
            "type=job.nothing",
            "type=.",
            "account=ada",
            "last=0",
            "last=5&since=" + since,
            "since=9999-12-31T23:59:59-01:00",
            "since=0001-01-01T00:00:00%2B01:00",
        ):
            answer = await admin.get(f"/admin/events?{wrong}")
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-parameters"), wrong


async def test_it_may_end_with_what_there_is_and_goes_on_from_there(own: Gateway) -> None:
    ada = new_id()
    async with operator(own) as admin:

        async def told(query: str, *types: str) -> str:
            async with watching(admin, f"/admin/events?follow=false&{query}") as seen:
                async with asyncio.timeout(20):
                    await seen.ended.wait()
            assert [event["event"] for event in seen.events] == [*types, "end"]
            return str(seen.events[-1].get("id"))

        await told("since=2020-01-01T00:00:00Z")  # the log is empty
        job_id = await upload(own, ada)
        await own.tell(job_id, ada, STARTED, FAILED)
        end = await told("last=9", "job.uploaded", "job.started", "job.failed")
        assert await told("last=9&type=job.uploaded", "job.uploaded") == end
        assert await told("since=2099-01-01T00:00:00Z") == await told("") == end
        async with watching(admin, "/admin/events", end) as on:
            await change(own, ada)
            await on.until("account.changed")


async def test_it_is_for_operators_who_have_as_many_streams_as_anybody(own: Gateway) -> None:
    account = new_id()
    async with own.as_(account) as client:
        assert (await client.get("/admin/events")).status_code == 403
    async with operator(own, account) as admin:
        streams = [watching(admin, "/admin/events") for _ in range(MOST_OF_ACCOUNT)]
        for each in streams:
            await each.__aenter__()
        answer = await admin.get("/admin/events")
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-streams")
        await asyncio.gather(*(each.__aexit__(None, None, None) for each in streams))

        async def free() -> bool:
            async with admin.stream("GET", "/admin/events") as answer:
                return answer.status_code == 200

        await wait_for(free)


async def test_a_stream_ends_with_its_token_and_when_the_gateway_stops(own: Gateway) -> None:
    token: dict[str, Any] = {"roles": ("user", "admin"), "scope": SCOPE}
    async with (
        own.as_(new_id(), lifetime=3, **token) as brief,
        operator(own) as admin,
        watching(brief, "/admin/events") as one,
        watching(admin, "/admin/events") as two,
    ):
        async with asyncio.timeout(20):
            await one.ended.wait()
        assert not two.ended.is_set()
        _, seconds = await own.stop()
        await wait_for(two.ended.is_set)
    assert seconds < 9
