"""Old events for clients that reconnect after long, none of which keeps the others waiting."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Event, Recorded, job_event
from events.ids import new_id
from events.log.publisher import Publisher
from gateway.callers.tokens import Caller
from gateway.jobs import event_stream
from gateway.jobs.history import GAP, SLICE, near
from gateway.jobs.live import LiveJobs
from gateway.jobs.subscriptions import MOST_OF_ACCOUNT, Subscription
from tests.gateway.jobs.test_event_stream_restarts import starting, stored_up_to
from tests.gateway.running import FAILED, STARTED, Gateway
from tests.gateway.upkeep.world import uploaded


@pytest.fixture
async def told(broker: Any, database: AsyncDatabase[Any], live: LiveJobs, account: str) -> list[Event]:
    """Three events of one job, at the log's offsets 0 to 2, that are stored."""
    job_id = new_id()
    events = [
        job_event(payload, job_id=job_id, account=account, source="test")
        for payload in (uploaded(job_id), STARTED, FAILED)
    ]
    async with Publisher(broker.url, name="test") as publisher:
        for event in events:
            await publisher.publish(event)
    await wait_for(lambda: live.recent.has(events[-1].id))
    await stored_up_to(database, live.recent.of_job(job_id))
    return events


@asynccontextmanager
async def late(broker: Any, database: AsyncDatabase[Any]) -> AsyncIterator[LiveJobs]:
    """A gateway that began after these events, so that it has to read them from the log."""
    async with starting(broker, database) as (live, begin):
        begin.set()
        await wait_for(lambda: live.caught_up)
        yield live


def caller_for(account: str) -> Caller:
    return Caller(account=account, roles=("user",), expires=time.time() + 60.0)


@pytest.fixture
def expires(monkeypatch: pytest.MonkeyPatch) -> Callable[[Caller], None]:
    """Let a caller's token expire now: with a short life it might before its stream has begun."""

    class Clock:
        ahead = 0.0
        monotonic = staticmethod(time.monotonic)

        def time(self) -> float:
            return time.time() + self.ahead

    clock = Clock()
    monkeypatch.setattr(event_stream, "time", clock)

    def expire(caller: Caller) -> None:
        clock.ahead = caller.expires - time.time()

    return expire


async def test_listeners_that_do_not_read_keep_nobody_from_what_they_missed(
    broker: Any, database: AsyncDatabase[Any], told: list[Event], account: str
) -> None:
    async with late(broker, database) as live, AsyncExitStack() as stack, asyncio.timeout(30):
        for _ in range(9):
            stream = await stack.enter_async_context(
                aclosing(event_stream.watch(live, caller_for(account), 0))
            )
            assert (await anext(stream)).startswith(b"retry:")
            assert told[1].id.encode() in await anext(stream)  # and no more is read of it


async def test_a_stream_ends_with_the_process_also_in_the_middle_of_the_past(
    broker: Any, database: AsyncDatabase[Any], told: list[Event], account: str
) -> None:
    async with (
        late(broker, database) as live,
        aclosing(event_stream.watch(live, caller_for(account), 0)) as stream,
    ):
        await anext(stream)
        assert told[1].id.encode() in await anext(stream)
        newer = job_event(STARTED, job_id=new_id(), account=account, source="test")
        live.subscriptions.send(account, newer.subject, Recorded(3, newer))
        live.subscriptions.close()
        assert [each async for each in stream] == [], "what is newer must not be told before what is missing"
        assert len([each async for each in event_stream.watch(live, caller_for(account), None)]) == 1


async def test_a_stream_ends_with_the_token_also_in_the_middle_of_the_past(
    broker: Any,
    database: AsyncDatabase[Any],
    told: list[Event],
    account: str,
    expires: Callable[[Caller], None],
) -> None:
    async with late(broker, database) as live:
        caller = caller_for(account)
        async with aclosing(event_stream.watch(live, caller, 0)) as stream:
            await anext(stream)
            assert told[1].id.encode() in await anext(stream)
            expires(caller)
            assert [each async for each in stream] == []


async def test_who_waits_for_the_past_is_pinged_and_still_ends_with_the_token(
    broker: Any,
    database: AsyncDatabase[Any],
    told: list[Event],
    account: str,
    expires: Callable[[Caller], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "PING_EVERY", 0.05)
    never = asyncio.Event()
    async with late(broker, database) as live, asyncio.timeout(30):

        async def stuck(*_: Any) -> Any:
            await never.wait()

        monkeypatch.setattr(live, "history", stuck)
        caller = caller_for(account)
        stream = event_stream.watch(live, caller, 0)
        assert (await anext(stream)).startswith(b"retry:")
        assert {await anext(stream) for _ in range(4)} == {b": ping\n\n"}
        expires(caller)
        assert {each async for each in stream} <= {b": ping\n\n"}


async def test_no_position_is_told_before_an_event_that_has_come_in_the_same_moment(
    broker: Any,
    database: AsyncDatabase[Any],
    told: list[Event],
    account: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "PING_EVERY", 0.0)
    newer = job_event(STARTED, job_id=new_id(), account=account, source="test")
    coming, take = [Recorded(3, newer)], Subscription.take
    async with late(broker, database) as live, asyncio.timeout(20):

        async def at_the_last_moment(subscription: Subscription, timeout: float) -> Any:
            if coming:
                live.subscriptions.send(account, newer.subject, coming.pop())
                raise TimeoutError
            return await take(subscription, timeout)

        monkeypatch.setattr(Subscription, "take", at_the_last_moment)
        async with aclosing(event_stream.watch(live, caller_for(account), 2)) as stream:
            assert (await anext(stream)).startswith(b"retry:")
            assert b"event: position" in await anext(stream), "at the beginning"
            assert newer.id.encode() in await anext(stream)
            assert b"event: position" in await anext(stream), "in silence"


async def test_a_long_past_is_told_whole_and_in_order(
    broker: Any,
    database: AsyncDatabase[Any],
    told: list[Event],
    account: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.jobs.history.SLICE", 1)
    async with late(broker, database) as live, asyncio.timeout(20):
        for after, job_id in ((0, None), (None, told[0].subject)):
            expected = told[1:] if job_id is None else told
            async with aclosing(event_stream.watch(live, caller_for(account), after, job_id)) as stream:
                await anext(stream)
                for event in expected:
                    assert event.id.encode() in await anext(stream)


@pytest.mark.parametrize("source", ["memory", "log"])
async def test_a_slice_holds_so_much_and_says_where_to_go_on(
    broker: Any,
    database: AsyncDatabase[Any],
    live: LiveJobs,
    told: list[Event],
    account: str,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("history", "live"):
        monkeypatch.setattr(f"gateway.jobs.{module}.SLICE", 2)
    places = [0, 1, 2]
    async with late(broker, database) as other:
        asked = live if source == "memory" else other
        assert asked.recent.holds(0) == (source == "memory")
        assert await asked.places(account, -1, 2) == places
        events, next_ = await asked.history(account, places)
        assert ([each.event for each in events], next_) == (told[:2], 2)
        events, next_ = await asked.history(account, places[next_:])
        assert ([each.event for each in events], next_) == (told[2:], 3)


async def test_who_asks_from_the_beginning_makes_nobody_read_what_is_others(
    broker: Any,
    database: AsyncDatabase[Any],
    told: list[Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with late(broker, database) as live, asyncio.timeout(20):

        async def refused(*_: Any) -> Any:
            raise AssertionError("the log was read for an account that is not in it")

        monkeypatch.setattr(live, "history", refused)
        stranger = new_id()
        async with aclosing(event_stream.watch(live, caller_for(stranger), 0)) as stream:
            await anext(stream)
            assert await anext(stream) == b'id: 2\nevent: position\ndata: {"offset":2}\n\n'
            newer = job_event(STARTED, job_id=new_id(), account=stranger, source="test")
            coming = asyncio.ensure_future(anext(stream))
            await wait_for(lambda: live.subscriptions.of_account(stranger))
            live.subscriptions.send(stranger, newer.subject, Recorded(3, newer))
            assert newer.id.encode() in await coming


def test_places_that_are_far_apart_are_not_read_in_one_go() -> None:
    assert near([5]) == [5]
    assert near([5, 5 + GAP, 6 + 2 * GAP + 1, 7 + 2 * GAP]) == [5, 5 + GAP]
    assert len(near(range(10 * SLICE))) == SLICE


async def test_an_account_has_so_many_streams_and_no_more(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client, gateway.as_(new_id()) as other, AsyncExitStack() as stack:
        texts = []  # kept, or they would be closed
        for _ in range(MOST_OF_ACCOUNT):
            answer = await stack.enter_async_context(client.stream("GET", "/events"))
            texts.append(answer.aiter_text())
            assert await anext(texts[-1]) == "retry: 2000\n\n"
        async with client.stream("GET", "/events") as refused:
            assert refused.status_code == 429
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.headers["retry-after"]
        async with other.stream("GET", "/events") as answer:
            assert answer.status_code == 200
