"""Deliveries to real receivers, good ones and bad ones, and what is told of them."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from servers.rogue import Rogue
from standardwebhooks.webhooks import Webhook
from waiting import wait_for

from events.envelope import Event, fact
from events.ids import new_id
from events.log import topology
from events.types import (
    TEST,
    DeliveryFailure,
    DisablingReason,
    HookDelivered,
    HookDeliveryFailed,
    HookDisabled,
    HookRequested,
)
from events.work.task import NotYet, Work
from infra.local.ports import free_port
from service.handover_keys import HandoverKeys
from service.outbound.addresses import Address, read
from service.outbound.client import Outbound, Patience
from service.outbound.guard import Guard
from service.webhooks.hook import FAILING_FOR, Hook
from service.webhooks.store import HookStore, new_secret
from workers.notifier.hooks.delivery_handler import PATIENCE, SHARE, DeliveryHandler, NotDelivered

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
KEYS = HandoverKeys({"1": b"0123456789abcdef"})
LAST = len(topology.delays(topology.HOOKS)) + 1


class NoViews:
    """Job views of which none is there yet."""

    async def get(self, job_id: str) -> None:
        return None


class Published(list[Event]):
    """A log that keeps what it is given."""

    async def publish(self, event: Event) -> None:
        self.append(event)


class Depot:
    """A webhook to the rogue receiver, and the handler that delivers to it."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], rogue: Rogue, patience: Patience) -> None:
        self.rogue, self.store, self.log = rogue, HookStore(database, KEYS), Published()
        self.now = datetime.now(UTC)
        self.answers = ["127.0.0.1"]
        guard = Guard(read("127.0.0.1"), self.resolve)
        self.outbound = Outbound(guard, patience)
        self.handler = DeliveryHandler(
            self.store,
            NoViews(),
            self.outbound,
            self.log,
            public_url="https://tonearm.example.org",
            clock=lambda: self.now,
        )
        self.hook = self.made(rogue.url("/hook"))

    async def resolve(self, host: str) -> list[Address]:
        return [ip_address(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])]

    def made(self, url: str) -> Hook:
        return Hook(
            hook_id=new_id(),
            account="ada",
            url=url,
            secrets=(new_secret(),),
            events=("job.converted",),
            created=self.now,
        )

    async def leads_to(self, url: str) -> None:
        self.hook = self.made(url)
        await self.store.add(self.hook)

    def work(self, attempt: int = 1, about: str = "job.converted", account: str = "ada") -> Work:
        asked = HookRequested(
            delivery_id=new_id(), about=about, event_id="e-1", job_id="" if about == TEST else "j-1"
        )
        event = fact(asked, subject=self.hook.hook_id, account=account, source="test")
        return Work(event, asked, attempt)

    async def failure(self, work: Work | None = None) -> HookDeliveryFailed:
        """Deliver, which fails and is tried again, and return what is told of it."""
        work = work or self.work()
        with pytest.raises(NotDelivered) as caught:
            await self.handler.handle(work)
        event = self.handler.retrying(work, caught.value, 300)
        assert event
        told = event.payload()
        assert isinstance(told, HookDeliveryFailed)
        assert (told.attempt, told.again_in) == (work.attempt, 300)
        return told

    async def end(self, work: Work | None = None) -> HookDeliveryFailed | HookDelivered | HookDisabled:
        """Deliver, and return what is told: there will be no other attempt."""
        work = work or self.work()
        event = await self.handler.handle(work)
        assert event
        assert (event.subject, event.account) == (self.hook.hook_id, work.event.account)
        told = event.payload()
        assert isinstance(told, HookDeliveryFailed | HookDelivered | HookDisabled)
        return told


@pytest.fixture
def patience() -> Patience:
    """A deliverer's own: nobody here is slow, unless the machine is."""
    return PATIENCE


@pytest.fixture
async def depot(database: AsyncDatabase[dict[str, Any]], patience: Patience) -> AsyncIterator[Depot]:
    async with Rogue().listening() as rogue:
        rogue.replies["/hook"] = OK
        depot = Depot(database, rogue, patience)
        await depot.store.add(depot.hook)
        yield depot
        await depot.outbound.aclose()


async def test_a_message_arrives_signed_and_that_is_told(depot: Depot):
    work = depot.work(attempt=3)
    told = await depot.end(work)
    assert isinstance(work.payload, HookRequested)
    assert told == HookDelivered(delivery_id=work.payload.delivery_id, attempt=3, status=204)
    [body], headers = depot.rogue.bodies, depot.rogue.headers
    seen = Webhook(depot.hook.secrets[0]).verify(body, headers)
    assert (seen["type"], seen["data"]["job_id"]) == ("job.converted", "j-1")
    assert headers["webhook-id"] == work.payload.delivery_id
    assert depot.rogue.requests[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert headers["content-type"] == "application/json"


async def test_while_a_secret_is_exchanged_both_sign(depot: Depot):
    new = new_secret()
    await depot.store.exchange_secret(depot.hook, new, datetime.now(UTC))
    await depot.end()
    for secret in (new, depot.hook.secrets[0]):
        Webhook(secret).verify(depot.rogue.bodies[0], depot.rogue.headers)


@pytest.mark.parametrize(
    ("reply", "code", "status"),
    [
        (b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", DeliveryFailure.STATUS, 500),
        (b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", DeliveryFailure.STATUS, 404),
        (b"HTTP/1.1 302 x\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", DeliveryFailure.REDIRECT, 302),
        (
            b"HTTP/1.1 308 x\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            DeliveryFailure.REDIRECT,
            308,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000, DeliveryFailure.BAD_ANSWER, 0),
        (b"220 mail.example.org ESMTP\r\n", DeliveryFailure.BAD_ANSWER, 0),
    ],
    ids=["500", "404", "a redirect", "a redirect inwards", "a huge body", "SMTP"],
)
async def test_each_failure_has_its_name_and_is_tried_again(
    depot: Depot, reply: bytes, code: DeliveryFailure, status: int
):
    depot.rogue.replies["/hook"] = reply
    told = await depot.failure()
    assert (told.code, told.status) == (code, status)
    assert len(depot.rogue.requests) == 1, "no redirect is followed"


@pytest.mark.parametrize("patience", [Patience(connect=2, total=0.6)], ids=[""])
@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"], ids=["silence", "a slow body"]
)
async def test_a_receiver_that_is_too_slow_has_failed(depot: Depot, start: bytes):
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while await depot.rogue.passes(0.02):
            writer.write(b"x" if start else b"")
            await writer.drain()

    depot.rogue.replies["/hook"] = drip
    assert (await depot.failure()).code is DeliveryFailure.TIMED_OUT


async def test_nobody_at_the_address_is_told(depot: Depot):
    await depot.leads_to(f"http://127.0.0.1:{free_port()}/")
    assert (await depot.failure()).code is DeliveryFailure.UNREACHABLE


async def test_a_certificate_that_nobody_trusts_is_told(depot: Depot, self_signed: ssl.SSLContext):
    async with Rogue().listening(self_signed) as secure:
        await depot.leads_to(secure.url("/hook", scheme="https"))
        assert (await depot.failure()).code is DeliveryFailure.TLS
    assert not secure.requests


async def test_a_name_that_leads_inwards_by_now_is_told_and_not_tried_again(depot: Depot):
    await depot.leads_to(depot.rogue.url("/hook", "receiver.example"))
    depot.answers = ["127.0.0.1", "10.0.0.1"]
    assert isinstance(await depot.end(), HookDelivered)
    told = await depot.end()
    assert isinstance(told, HookDeliveryFailed)
    assert (told.code, told.again_in) == (DeliveryFailure.FORBIDDEN, None)
    assert len(depot.rogue.requests) == 1


async def test_a_receiver_may_ask_for_time(depot: Depot):
    depot.rogue.replies["/hook"] = b"HTTP/1.1 429 x\r\nRetry-After: 1234\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(NotDelivered) as caught:
        await depot.handler.handle(depot.work())
    assert caught.value.seconds == 1234


async def test_after_the_last_attempt_a_delivery_has_failed_and_is_nothing_for_an_operator(depot: Depot):
    depot.rogue.replies["/hook"] = b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"
    await depot.failure(depot.work(LAST - 1))
    told = await depot.end(depot.work(LAST))
    assert isinstance(told, HookDeliveryFailed)
    assert told.again_in is None


async def test_a_test_is_tried_once(depot: Depot):
    depot.rogue.replies["/hook"] = b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"
    told = await depot.end(depot.work(about=TEST))
    assert isinstance(told, HookDeliveryFailed)
    assert (told.status, told.again_in) == (500, None)
    assert json.loads(depot.rogue.bodies[0])["type"] == "hook.test"


async def test_a_receiver_that_is_gone_disables_its_webhook(depot: Depot):
    depot.rogue.replies["/hook"] = b"HTTP/1.1 410 Gone\r\nContent-Length: 999999\r\n\r\n"
    assert await depot.end() == HookDisabled(reason=DisablingReason.GONE)
    [event] = depot.log
    told = event.payload()
    assert isinstance(told, HookDeliveryFailed)
    assert (told.code, told.status, told.again_in) == (DeliveryFailure.GONE, 410, None)


async def test_five_days_of_failures_disable_a_webhook(depot: Depot):
    depot.rogue.replies["/hook"] = b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"
    await depot.store.failed(depot.hook.hook_id, depot.now)
    depot.now += FAILING_FOR - timedelta(minutes=1)
    await depot.failure()
    depot.now += timedelta(minutes=2)
    assert await depot.end() == HookDisabled(reason=DisablingReason.FAILING)
    assert [event.type for event in depot.log] == ["hook.delivery_failed"]


async def test_after_five_days_of_failures_one_success_makes_all_well(depot: Depot):
    await depot.store.failed(depot.hook.hook_id, depot.now)
    depot.now += 2 * FAILING_FOR
    assert isinstance(await depot.end(), HookDelivered)


@pytest.mark.parametrize("disabled", [True, False])
async def test_nothing_goes_to_a_webhook_that_is_disabled_or_deleted(depot: Depot, disabled: bool):
    if disabled:
        await depot.store.disable(depot.hook.hook_id, depot.now, DisablingReason.GONE)
    else:
        await depot.store.remove(depot.hook.hook_id)
    told = await depot.end()
    assert isinstance(told, HookDeliveryFailed)
    assert (told.code, told.again_in) == (DeliveryFailure.DISABLED, None)
    assert not depot.rogue.requests


async def test_a_receiver_that_lets_everybody_wait_takes_no_more_than_its_accounts_share(depot: Depot):
    gives_up = asyncio.Event()

    async def hang(writer: asyncio.StreamWriter) -> None:
        while not gives_up.is_set() and await depot.rogue.passes(0.02):
            pass

    depot.rogue.replies["/hook"] = hang
    waiting = [asyncio.create_task(depot.handler.handle(depot.work(LAST))) for _ in range(SHARE)]
    await wait_for(lambda: len(depot.rogue.requests) == SHARE)
    with pytest.raises(NotYet):
        await depot.handler.handle(depot.work())
    depot.rogue.replies["/hook"] = OK
    assert isinstance(await depot.end(depot.work(account="eve")), HookDelivered)
    gives_up.set()
    await asyncio.gather(*waiting)
    assert isinstance(await depot.end(), HookDelivered)


async def test_trouble_of_ours_is_told_as_such(depot: Depot):
    work = depot.work()
    event = depot.handler.gave_up(work, ValueError("…"))
    assert event
    told = event.payload()
    assert isinstance(told, HookDeliveryFailed)
    assert (told.code, told.again_in) == (DeliveryFailure.INTERNAL, None)
