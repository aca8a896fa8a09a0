"""Webhooks over real HTTP: made, looked into by what the log says, exchanged, deleted. Nobody else's."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.envelope import fact
from events.ids import new_id
from events.log.publisher import Publisher
from events.types import (
    DeliveryFailure,
    DisablingReason,
    HookDelivered,
    HookDeliveryFailed,
    HookDisabled,
    HookPayload,
    HookRequested,
)
from gateway.webhooks.messages import EventType
from gateway.webhooks.webhooks import MOST
from service.webhooks.hook import EVENTS
from tests.gateway.running import Gateway

URL = "https://203-0-113-9.nobody.invalid/hook?canary=address"
"""A name without an address: it is looked at again when something is delivered."""


@pytest.fixture
async def client(gateway: Gateway, account: str) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.as_(account) as client:
        yield client


async def made(client: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await client.post("/webhooks", json={"url": URL, **wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def tell(gateway: Gateway, hook_id: str, account: str, *payloads: HookPayload) -> None:
    async with Publisher(gateway.broker.url, name="test") as publisher:
        for each in payloads:
            await publisher.publish(fact(each, subject=hook_id, account=account, source="test"))


async def listed(client: httpx.AsyncClient, hook_id: str, count: int) -> list[dict[str, Any]]:
    """Return the deliveries once there are so many."""

    async def there() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = (await client.get(f"/webhooks/{hook_id}/deliveries")).json()["items"]
        return items if len(items) == count else None

    await wait_for(there, message=f"{count} deliveries are listed")
    return await there() or []


def test_all_events_that_may_be_wanted_are_documented():
    assert get_args(EventType) == EVENTS


async def test_a_webhook_is_made_listed_and_deleted(client: httpx.AsyncClient):
    hook = await made(client, events=["job.converted", "job.failed", "job.converted"])
    assert hook["secret"].startswith("whsec_")
    assert hook["events"] == ["job.converted", "job.failed"]
    [shown] = (await client.get("/webhooks")).json()["items"]
    assert shown == (await client.get(f"/webhooks/{hook['webhook_id']}")).json()
    assert shown == {
        **{name: hook[name] for name in ("webhook_id", "url", "events", "created")},
        "failing_since": None,
        "disabled": None,
    }
    assert shown["url"] == URL
    assert (await client.delete(f"/webhooks/{hook['webhook_id']}")).status_code == 204
    assert (await client.get("/webhooks")).json() == {"items": []}
    assert (await client.delete(f"/webhooks/{hook['webhook_id']}")).status_code == 404


async def test_without_a_word_a_webhook_wants_all(client: httpx.AsyncClient):
    assert (await made(client))["events"] == list(EVENTS)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "url"),
        ({"url": ""}, "url"),
        ({"url": 7}, "url"),
        ({"url": "example.org"}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://user:password@example.org/"}, "url"),
        ({"url": "http://127.0.0.1/"}, "url"),
        ({"url": "http://localhost:27017/"}, "url"),
        ({"url": "http://[::1]/"}, "url"),
        ({"url": "http://[::ffff:127.0.0.1]/"}, "url"),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, "url"),
        ({"url": "http://2130706433/"}, "url"),
        ({"url": "http://93.184.216.34:22/"}, "url"),
        ({"url": f"https://example.org/{'a' * 9000}"}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["job.started"]}, "events"),
        ({"url": URL, "events": "job.converted"}, "events"),
        ({"url": URL, "secret": "whsec_mine"}, "secret"),
    ],
)
async def test_what_cannot_be_is_told_by_its_field(client: httpx.AsyncClient, wanted: Any, field: str):
    answer = await client.post("/webhooks", json=wanted)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["name"].startswith(field), answer.text
    assert (await client.get("/webhooks")).json() == {"items": []}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b'{"url": "\xed\xa0\x80"}', b"[" * 60_000])
async def test_a_body_that_is_none_is_refused(client: httpx.AsyncClient, body: bytes):
    assert (await client.post("/webhooks", content=body)).status_code in (400, 422)


async def test_an_account_has_so_many_webhooks_and_no_more(client: httpx.AsyncClient):
    for _ in range(MOST):
        await made(client)
    answer = await client.post("/webhooks", json={"url": URL})
    assert answer.status_code == 422
    assert "delete one first" in answer.text


async def test_anothers_webhook_is_not_there(gateway: Gateway, client: httpx.AsyncClient, account: str):
    hook_id = (await made(client))["webhook_id"]
    asked = HookRequested(delivery_id=new_id(), about="hook.test")
    await tell(gateway, hook_id, account, asked)
    await listed(client, hook_id, 1)
    async with gateway.as_(new_id()) as eve:
        own = (await made(eve))["webhook_id"]
        for method, path in (
            ("GET", f"/webhooks/{hook_id}"),
            ("DELETE", f"/webhooks/{hook_id}"),
            ("POST", f"/webhooks/{hook_id}/secret"),
            ("POST", f"/webhooks/{hook_id}/test"),
            ("GET", f"/webhooks/{hook_id}/deliveries"),
            ("POST", f"/webhooks/{hook_id}/deliveries/{asked.delivery_id}/resend"),
            ("POST", f"/webhooks/{own}/deliveries/{asked.delivery_id}/resend"),
            ("GET", "/webhooks/no-id"),
            ("GET", "/webhooks/%00%ff"),
        ):
            answer = await eve.request(method, path)
            assert answer.status_code == 404, (method, path, answer.text)
        assert len((await eve.get("/webhooks")).json()["items"]) == 1
    assert (await client.get(f"/webhooks/{hook_id}")).status_code == 200


async def test_deliveries_are_what_the_log_says_of_them(
    gateway: Gateway, client: httpx.AsyncClient, account: str
):
    hook_id, job_id = (await made(client))["webhook_id"], new_id()
    first, second, third = (new_id() for _ in range(3))

    def asked(delivery_id: str) -> HookRequested:
        return HookRequested(delivery_id=delivery_id, about="job.converted", event_id=new_id(), job_id=job_id)

    def failed(delivery_id: str, attempt: int, again_in: float | None) -> HookDeliveryFailed:
        return HookDeliveryFailed(
            delivery_id=delivery_id,
            attempt=attempt,
            code=DeliveryFailure.STATUS,
            status=503,
            again_in=again_in,
        )

    await tell(
        gateway,
        hook_id,
        account,
        *(asked(each) for each in (first, second, third)),
        failed(first, 1, 5.0),
        HookDelivered(delivery_id=first, attempt=2, status=204),
        failed(second, 1, 5.0),
        failed(third, 1, 5.0),
        failed(third, 2, None),
    )

    async def all_told() -> bool:
        items = (await client.get(f"/webhooks/{hook_id}/deliveries")).json()["items"]
        return [each["state"] for each in items] == ["failed", "waiting", "delivered"]

    await wait_for(all_told, message="all that was told is shown")
    items = await listed(client, hook_id, 3)
    assert [each["delivery_id"] for each in items] == [third, second, first]
    assert [(each["attempt"], each["status"], each["code"]) for each in items[2]["attempts"]] == [
        (1, 503, "status"),
        (2, 204, None),
    ]
    assert items[1]["next_attempt"] > items[1]["attempts"][0]["at"]
    assert items[0]["next_attempt"] is None
    assert {items[0]["type"], items[0]["job_id"]} == {"job.converted", job_id}
    assert (await client.get(f"/webhooks/{hook_id}")).json()["failing_since"]
    page = (await client.get(f"/webhooks/{hook_id}/deliveries?limit=2")).json()
    rest = (await client.get(f"/webhooks/{hook_id}/deliveries?limit=2&cursor={page['next_cursor']}")).json()
    assert [*page["items"], *rest["items"]] == items
    assert rest["next_cursor"] is None
    empty = await client.get(f"/webhooks/{hook_id}/deliveries?cursor=")
    assert empty.json()["items"] == items


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=-1", "cursor=9999999999999999999", "limit=0", "limit=101", "q=a"]
)
async def test_a_page_that_cannot_be_is_refused(client: httpx.AsyncClient, query: str):
    hook_id = (await made(client))["webhook_id"]
    assert (await client.get(f"/webhooks/{hook_id}/deliveries?{query}")).status_code == 422


async def test_a_test_and_a_resend_are_asked_for_in_the_log(
    gateway: Gateway, client: httpx.AsyncClient, account: str
):
    hook_id, job_id = (await made(client))["webhook_id"], new_id()
    asked = HookRequested(delivery_id=new_id(), about="job.failed", event_id=new_id(), job_id=job_id)
    await tell(gateway, hook_id, account, asked)
    await listed(client, hook_id, 1)
    again = await client.post(f"/webhooks/{hook_id}/deliveries/{asked.delivery_id}/resend")
    test = await client.post(f"/webhooks/{hook_id}/test")
    assert (again.status_code, test.status_code) == (202, 202)
    newest, resent, _ = await listed(client, hook_id, 3)
    assert (newest["delivery_id"], newest["type"]) == (test.json()["delivery_id"], "hook.test")
    assert (resent["type"], resent["job_id"]) == ("job.failed", job_id)
    assert resent["delivery_id"] == again.json()["delivery_id"] != asked.delivery_id
    none = await client.post(f"/webhooks/{hook_id}/deliveries/{new_id()}/resend")
    assert none.status_code == 404


async def test_a_disabled_webhook_says_so_and_takes_no_test(
    gateway: Gateway, client: httpx.AsyncClient, account: str
):
    hook_id = (await made(client))["webhook_id"]
    await tell(gateway, hook_id, account, HookDisabled(reason=DisablingReason.GONE))

    async def disabled() -> Any:
        return (await client.get(f"/webhooks/{hook_id}")).json()["disabled"]

    await wait_for(disabled, message="the webhook is disabled")
    assert (await disabled())["reason"] == "gone"
    answer = await client.post(f"/webhooks/{hook_id}/test")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/webhook-disabled")


async def test_a_secret_is_exchanged_and_shown_once(client: httpx.AsyncClient):
    hook = await made(client)
    new = (await client.post(f"/webhooks/{hook['webhook_id']}/secret")).json()
    assert new["secret"].startswith("whsec_")
    assert new["secret"] != hook["secret"]
    assert "secret" not in (await client.get(f"/webhooks/{hook['webhook_id']}")).text


async def test_a_key_that_may_only_read_and_upload_makes_no_webhook(gateway: Gateway, account: str):
    async with gateway.as_(account, scope="read upload") as reader:
        assert (await reader.post("/webhooks", json={"url": URL})).status_code == 403
        assert (await reader.get("/webhooks")).status_code == 403


async def test_nothing_is_left_of_a_deleted_webhook(
    gateway: Gateway, client: httpx.AsyncClient, account: str
):
    hook_id = (await made(client))["webhook_id"]
    late = HookRequested(delivery_id=new_id(), about="hook.test")
    await tell(gateway, hook_id, account, HookRequested(delivery_id=new_id(), about="hook.test"))
    await listed(client, hook_id, 1)
    await client.delete(f"/webhooks/{hook_id}")
    await tell(gateway, hook_id, account, late)
    other = (await made(client))["webhook_id"]
    await tell(gateway, other, account, HookRequested(delivery_id=new_id(), about="hook.test"))
    await listed(client, other, 1)  # so all before it is read
    async with AsyncMongoClient(gateway.mongodb_url) as mongo:
        database = mongo.get_default_database()
        assert await database["webhooks"].count_documents({"_id": hook_id}) == 0
        assert await database["webhook_deliveries"].count_documents({"hook": hook_id}) == 0


async def test_no_log_line_of_the_gateway_names_an_address_or_a_secret(
    gateway: Gateway, client: httpx.AsyncClient
):
    hook = await made(client)
    said = str(gateway.lines)
    assert "canary=address" not in said
    assert hook["secret"] not in said
