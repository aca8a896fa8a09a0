"""Webhooks that this server cannot open any more, or not make."""

import asyncio
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Event
from events.errors import NotConfirmed
from gateway.errors import BadFields, WebhookDisabled
from gateway.webhooks.deliveries import DeliveryStore
from gateway.webhooks.webhooks import MOST, Webhooks
from service.handover_keys import HandoverKeys, NoHandoverSecrets
from service.outbound.addresses import Allowed
from service.outbound.guard import Guard
from service.webhooks.hook import Hook
from service.webhooks.store import HookStore

Database = AsyncDatabase[dict[str, Any]]
OLD, NEW = HandoverKeys({"1": b"0123456789abcdef"}), HandoverKeys({"2": b"another one of ours"})


class Log(list[Event]):
    """A log that keeps what it is given, unless it does not confirm."""

    confirms = True

    async def publish(self, event: Event) -> None:
        if not self.confirms:
            raise NotConfirmed("…")
        self.append(event)


def webhooks(database: Database, keys: HandoverKeys, log: Log) -> Webhooks:
    return Webhooks(HookStore(database, keys), DeliveryStore(database), log, Guard(Allowed()))  # type: ignore[arg-type]


async def test_a_webhook_whose_secret_is_gone_is_shown_and_deleted_and_nothing_else(database: Database):
    log = Log()
    hook_id = (
        await webhooks(database, OLD, log).create("ada", "https://93.184.216.34/", ["job.failed"])
    ).hook_id
    later = webhooks(database, NEW, log)
    assert (await later.find("ada", hook_id)).url == ""
    for attempt in (later.test("ada", hook_id), later.exchange_secret("ada", hook_id)):
        with pytest.raises(WebhookDisabled):
            await attempt
    await later.delete("ada", hook_id)
    assert await later.all("ada") == []
    assert [event.type for event in log] == ["hook.created", "hook.deleted"]


async def test_a_webhook_that_the_log_does_not_have_is_not_kept(database: Database):
    log = Log()
    log.confirms = False
    made = webhooks(database, OLD, log)
    with pytest.raises(NotConfirmed):
        await made.create("ada", "https://93.184.216.34/", ["job.failed"])
    assert await made.all("ada") == []


async def test_who_asks_for_many_at_once_has_no_more_than_the_most(database: Database):
    made, url = webhooks(database, OLD, log := Log()), "https://93.184.216.34/"
    asked = [made.create("ada", url, ["job.failed"]) for _ in range(3 * MOST)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(each) for each in answers} <= {Hook, BadFields}
    kept = {each.hook_id for each in await made.all("ada")}
    assert len(kept) <= MOST
    assert kept == {event.subject for event in log}
    for _ in range(MOST - len(kept)):
        await made.create("ada", url, ["job.failed"])
    with pytest.raises(BadFields):
        await made.create("ada", url, ["job.failed"])


async def test_without_secrets_no_webhook_is_made(database: Database):
    with pytest.raises(NoHandoverSecrets):
        await webhooks(database, HandoverKeys({}), Log()).create(
            "ada", "https://93.184.216.34/", ["job.failed"]
        )
