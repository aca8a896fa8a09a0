"""The routes by which people make webhooks, try them, and see what was delivered.

All take the scope `manage`: a webhook outlives the key that has made it.
"""

from typing import Annotated, Any

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import BadParameters, Fault, NoSuchDelivery, NoSuchWebhook, WebhookDisabled
from gateway.http import json_body
from gateway.http.contract import Answer, Body, Contract, as_json
from gateway.webhooks.messages import (
    Asked,
    DeliveryList,
    NewWebhook,
    WantedWebhook,
    Webhook,
    WebhookList,
    shown,
    shown_delivery,
    with_secret,
)
from gateway.webhooks.webhooks import Webhooks
from service.known_problems import HANDS_NOTHING_OUT, MAYBE_DONE
from service.scopes import MANAGE

_TAGS = ["webhooks"]
_MOST = 100
_LONGEST_CURSOR = 20

_Limit = Annotated[int, QueryParameter(ge=1, le=_MOST)]
_Cursor = Annotated[str, QueryParameter(max_length=_LONGEST_CURSOR)]


@post(
    "/webhooks",
    status_code=201,
    operation_id="createWebhook",
    tags=_TAGS,
    opt=Contract(
        scope=MANAGE,
        errors=(*json_body.ERRORS, HANDS_NOTHING_OUT, MAYBE_DONE),
        body=Body(as_json(WantedWebhook)),
        answers={201: Answer("The webhook, with its secret, which is shown this once")},
    ).opt,
)
async def create_webhook(request: AnyRequest, webhooks: NamedDependency[Webhooks]) -> NewWebhook:
    """Have what happens to your jobs sent to an address of yours, by Standard Webhooks."""
    account = caller_of(request).account
    wanted = await json_body.read(request, WantedWebhook)
    return with_secret(await webhooks.create(account, wanted.url, wanted.events))


@get("/webhooks", operation_id="listWebhooks", tags=_TAGS, opt=Contract(scope=MANAGE, errors=()).opt)
async def list_webhooks(request: AnyRequest, webhooks: NamedDependency[Webhooks]) -> WebhookList:
    """List your webhooks."""
    return WebhookList(items=[shown(each) for each in await webhooks.all(caller_of(request).account)])


@get(
    "/webhooks/{webhook_id:str}",
    operation_id="getWebhook",
    tags=_TAGS,
    opt=Contract(scope=MANAGE, errors=(NoSuchWebhook,)).opt,
)
async def show_webhook(
    request: AnyRequest, webhook_id: FromPath[str], webhooks: NamedDependency[Webhooks]
) -> Webhook:
    """Show a webhook."""
    return shown(await webhooks.find(caller_of(request).account, webhook_id))


@delete(
    "/webhooks/{webhook_id:str}",
    status_code=204,
    operation_id="deleteWebhook",
    tags=_TAGS,
    opt=Contract(scope=MANAGE, errors=(NoSuchWebhook, MAYBE_DONE)).opt,
)
async def delete_webhook(
    request: AnyRequest, webhook_id: FromPath[str], webhooks: NamedDependency[Webhooks]
) -> None:
    """Delete a webhook: nothing is delivered to it any more, also what was waiting."""
    await webhooks.delete(caller_of(request).account, webhook_id)


@post(
    "/webhooks/{webhook_id:str}/secret",
    status_code=200,
    operation_id="exchangeWebhookSecret",
    tags=_TAGS,
    opt=Contract(
        scope=MANAGE,
        errors=(NoSuchWebhook, WebhookDisabled, HANDS_NOTHING_OUT),
        answers={200: Answer("The webhook, with its new secret, which is shown this once")},
    ).opt,
)
async def exchange_secret(
    request: AnyRequest, webhook_id: FromPath[str], webhooks: NamedDependency[Webhooks]
) -> NewWebhook:
    """Exchange a webhook's secret. For a day messages are signed by the last one, too."""
    return with_secret(await webhooks.exchange_secret(caller_of(request).account, webhook_id))


@post(
    "/webhooks/{webhook_id:str}/test",
    status_code=202,
    operation_id="testWebhook",
    tags=_TAGS,
    opt=Contract(scope=MANAGE, errors=(NoSuchWebhook, WebhookDisabled, MAYBE_DONE)).opt,
)
async def test_webhook(
    request: AnyRequest, webhook_id: FromPath[str], webhooks: NamedDependency[Webhooks]
) -> Asked:
    """Send a message of the type `hook.test`, once. The list of deliveries has what became of it."""
    return Asked(delivery_id=await webhooks.test(caller_of(request).account, webhook_id))


@get(
    "/webhooks/{webhook_id:str}/deliveries",
    operation_id="listWebhookDeliveries",
    tags=_TAGS,
    opt=Contract(scope=MANAGE, errors=(NoSuchWebhook,)).opt,
)
async def list_deliveries(
    request: AnyRequest,
    webhook_id: FromPath[str],
    webhooks: NamedDependency[Webhooks],
    cursor: _Cursor = "",
    limit: _Limit = 50,
) -> DeliveryList:
    """List the deliveries of the last 30 days to a webhook, the newest first, with every attempt."""
    account, before = caller_of(request).account, _place(cursor)
    found, below = await webhooks.deliveries(account, webhook_id, before, limit)
    return DeliveryList(
        items=[shown_delivery(each) for each in found], next_cursor=None if below is None else str(below)
    )


@post(
    "/webhooks/{webhook_id:str}/deliveries/{delivery_id:str}/resend",
    status_code=202,
    operation_id="resendWebhookDelivery",
    tags=_TAGS,
    opt=Contract(scope=MANAGE, errors=(NoSuchWebhook, NoSuchDelivery, WebhookDisabled, MAYBE_DONE)).opt,
)
async def resend_delivery(
    request: AnyRequest,
    webhook_id: FromPath[str],
    delivery_id: FromPath[str],
    webhooks: NamedDependency[Webhooks],
) -> Asked:
    """Deliver once more, whatever became of it: as a new delivery, with a `webhook-id` of its own."""
    return Asked(delivery_id=await webhooks.resend(caller_of(request).account, webhook_id, delivery_id))


def _place(cursor: str) -> int | None:
    """Read a cursor; empty: none. Raises BadParameters."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) >= 2**63:
        raise BadParameters([Fault("cursor", "this is not a cursor from a page of this list")])
    return int(cursor)


ROUTES: list[Any] = [
    create_webhook,
    list_webhooks,
    show_webhook,
    delete_webhook,
    exchange_secret,
    test_webhook,
    list_deliveries,
    resend_delivery,
]
