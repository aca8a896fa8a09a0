"""Revocations, read from the log by gateways that run and by those that start later."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from waiting import wait_for

from events.envelope import account_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.tasks import cancelled
from events.types import LONGEST_TOKEN, AccountRevoked
from gateway.callers.revocations import Revocations, Revoked
from tests.gateway.running import FakeAuth, Gateway

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def tell(url: str, account: str, *sessions: str) -> None:
    payload = AccountRevoked(reason="test", sessions=sessions)
    async with Publisher(url, name="test") as publisher:
        await publisher.publish(account_event(payload, account=account, source="test", occasion=new_id()))


def test_a_named_session_is_void_and_no_other_and_only_while_a_token_could_be_left() -> None:
    revoked = Revoked()
    revoked.learn("ann", NOW, AccountRevoked(reason="r", sessions=("s1",)))
    assert revoked.holds("ann", "s1")
    assert not revoked.holds("ann", "s2")
    revoked.forget(NOW.timestamp() + LONGEST_TOKEN)
    assert revoked.holds("ann", "s1")
    revoked.forget(NOW.timestamp() + LONGEST_TOKEN + 61)
    assert len(revoked) == 0


def test_with_none_named_all_are_void_that_the_account_began_before() -> None:
    revoked, before = Revoked(), new_id()
    revoked.learn("ann", datetime.now(UTC) + timedelta(milliseconds=2), AccountRevoked(reason="r"))
    time.sleep(0.005)
    assert revoked.holds("ann", before)
    assert not revoked.holds("ann", new_id())
    assert not revoked.holds("bob", before)
    revoked.learn("ann", NOW, AccountRevoked(reason="told late"))
    assert revoked.holds("ann", before)


async def test_a_revoked_session_is_out_within_moments_and_its_stream_ends(
    gateway: Gateway, account: str
) -> None:
    mine, other = new_id(), new_id()
    async with (
        gateway.as_(account, sid=mine) as client,
        gateway.as_(account, sid=other) as elsewhere,
        client.stream("GET", "/events") as stream,
    ):
        chunks = stream.aiter_raw()
        await anext(chunks)
        await tell(gateway.broker.url, account, mine)

        async def out() -> bool:
            return (await client.get("/jobs")).status_code == 401

        await wait_for(out, 10.0)  # sooner than anything that only looks now and then
        async with asyncio.timeout(10.0):
            async for _ in chunks:
                pass
        assert (await elsewhere.get("/jobs")).status_code == 200


async def test_a_gateway_that_starts_later_knows_who_was_revoked(gateway: Gateway, account: str) -> None:
    mine = new_id()
    await tell(gateway.broker.url, account, mine)
    later = Revocations(gateway.broker.stream_url)
    following = asyncio.create_task(later.run())
    await wait_for(lambda: later.complete)
    assert later.holds(account, mine)
    assert not later.holds(account, new_id())
    await cancelled([following])


async def test_an_empty_log_revokes_nobody(live: Any, broker: Any) -> None:
    revocations = Revocations(broker.stream_url)
    following = asyncio.create_task(revocations.run())
    await wait_for(lambda: revocations.complete)
    assert not revocations.holds("ann", new_id())
    await cancelled([following])


async def test_sign_out_is_handed_to_auth_with_the_callers_own_token(
    gateway: Gateway, auth: FakeAuth, account: str
) -> None:
    token = auth.token(account)
    async with gateway.with_token(token) as client:
        assert (await client.post("/logout/everywhere")).status_code == 429  # all that this auth knows
    head, _ = auth.posted[-1]
    assert head.startswith("POST /logout/everywhere ")
    assert f"authorization: bearer {token}".lower() in head.lower()
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        await client.post("/refresh", json={"refresh_token": "x"})
    assert auth.posted[-1][1] == b'{"refresh_token":"x"}'
