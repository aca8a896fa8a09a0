"""Webhooks in the database: sealed, looked for by account and event, and as the log says they stand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from events.ids import new_id
from events.types import DisablingReason
from service.handover_keys import HandoverKeys
from service.webhooks.hook import FAILING_FOR, OLD_SECRET_FOR, Hook
from service.webhooks.store import HookStore, new_secret

KEYS = HandoverKeys({"1": b"0123456789abcdef"})
NOW = datetime.now(UTC).replace(microsecond=0)
URL = "https://example.org/hook?canary=address"

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
def store(database: Database) -> HookStore:
    return HookStore(database, KEYS)


async def kept(store: HookStore, account: str = "ada", events: tuple[str, ...] = ("job.converted",)) -> Hook:
    hook = Hook(
        hook_id=new_id(), account=account, url=URL, secrets=(new_secret(),), events=events, created=NOW
    )
    await store.add(hook)
    return hook


async def test_a_webhook_comes_back_as_it_was_kept(store: HookStore):
    hook = await kept(store)
    assert await store.find(hook.hook_id) == hook
    assert await store.of_account("ada") == [hook]
    assert await store.of_account("eve") == []
    assert await store.has("ada", hook.hook_id)
    assert not await store.has("eve", hook.hook_id)


async def test_a_copy_of_the_database_holds_neither_address_nor_secret(store: HookStore, database: Database):
    hook = await kept(store)
    await store.exchange_secret(hook, new_secret(), NOW)
    [document] = await database["webhooks"].find().to_list()
    raw = bson.encode(document)
    for secret in (URL, "canary", hook.secrets[0], hook.secrets[0].removeprefix("whsec_")):
        assert secret.encode() not in raw


async def test_what_no_secret_opens_any_more_is_empty_and_can_be_removed(
    store: HookStore, database: Database
):
    hook = await kept(store)
    other = HookStore(database, HandoverKeys({"2": b"another secret of ours"}))
    [found] = await other.of_account("ada")
    assert (found.hook_id, found.url, found.secrets) == (hook.hook_id, "", ())
    await other.remove(hook.hook_id)
    assert await store.find(hook.hook_id) is None


async def test_a_webhook_is_found_by_the_events_that_it_wants(store: HookStore):
    ends = await kept(store, events=("job.converted", "job.failed"))
    both = await kept(store, events=("job.converted", "job.deleted"))
    await kept(store, "eve")
    assert await store.wanting("ada", "job.converted") == [ends.hook_id, both.hook_id]
    assert await store.wanting("ada", "job.deleted") == [both.hook_id]
    assert await store.wanting("ada", "job.uploaded") == []
    await store.disable(both.hook_id, NOW, DisablingReason.GONE)
    assert await store.wanting("ada", "job.deleted") == []


async def test_the_last_secret_signs_for_a_day_beside_the_new_one(store: HookStore):
    hook, second, third = await kept(store), new_secret(), new_secret()
    await store.exchange_secret(hook, second, NOW)
    found = await store.find(hook.hook_id)
    assert found
    assert found.secrets == (second, hook.secrets[0])
    await store.exchange_secret(found, third, NOW - OLD_SECRET_FOR - timedelta(seconds=1))
    found = await store.find(hook.hook_id)
    assert found
    assert found.secrets == (third,)


async def test_failing_counts_from_the_first_failure_after_what_was_accepted(store: HookStore):
    hook = await kept(store)

    async def since() -> datetime | None:
        found = await store.find(hook.hook_id)
        assert found
        return found.failing_since

    def at(hours: float) -> datetime:
        return NOW + timedelta(hours=hours)

    assert await since() is None
    for hours in (2, 1, 3):
        await store.failed(hook.hook_id, at(hours))
    assert await since() == at(1)
    await store.accepted(hook.hook_id, at(4))
    assert await since() is None
    await store.failed(hook.hook_id, at(3))  # an event that comes again
    assert await since() is None
    await store.failed(hook.hook_id, at(5))
    await store.accepted(hook.hook_id, at(4))
    assert await since() == at(5)


async def test_five_days_of_failures_are_too_many(store: HookStore):
    hook = await kept(store)
    assert not hook.has_failed_too_long(NOW + timedelta(days=30))
    await store.failed(hook.hook_id, NOW)
    found = await store.find(hook.hook_id)
    assert found
    assert not found.has_failed_too_long(NOW + FAILING_FOR - timedelta(seconds=1))
    assert found.has_failed_too_long(NOW + FAILING_FOR)


async def test_the_first_reason_to_disable_stays(store: HookStore):
    hook = await kept(store)
    await store.disable(hook.hook_id, NOW, DisablingReason.FAILING)
    await store.disable(hook.hook_id, NOW + timedelta(days=1), DisablingReason.GONE)
    found = await store.find(hook.hook_id)
    assert found
    assert found.disabled
    assert (found.disabled.at, found.disabled.reason) == (NOW, DisablingReason.FAILING)


async def test_an_account_is_forgotten_with_its_webhooks(store: HookStore):
    await kept(store)
    other = await kept(store, "eve")
    await store.forget_account("ada")
    assert await store.of_account("ada") == []
    assert await store.of_account("eve") == [other]


async def test_what_the_log_says_of_a_removed_webhook_brings_nothing_back(
    store: HookStore, database: Database
):
    await store.failed("gone", NOW)
    await store.accepted("gone", NOW)
    await store.disable("gone", NOW, DisablingReason.GONE)
    assert await database["webhooks"].count_documents({}) == 0


def test_a_webhook_in_a_log_line_shows_its_id_only():
    hook = Hook(hook_id="h", account="a", url=URL, secrets=(new_secret(),), events=(), created=NOW)
    assert repr(hook) == "Hook('h')"
