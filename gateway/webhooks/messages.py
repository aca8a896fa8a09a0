"""Webhooks and deliveries as their owners see them."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from events.types import DeliveryFailure, DisablingReason
from gateway.webhooks.deliveries import Delivery, Standing
from gateway.webhooks.webhooks import MOST
from service.outbound.urls import LONGEST
from service.webhooks.hook import EVENTS, Hook

Time = Annotated[datetime, Meta(tz=True)]
EventType = Literal["job.uploaded", "job.converted", "job.failed", "job.cancelled", "job.deleted"]
"""Those of `EVENTS`."""
EVERY: tuple[EventType, ...] = get_args(EventType)


class WantedWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook to be made. `url`: https:// or http://, at its usual port; no private network."""

    url: Annotated[str, Meta(min_length=1, max_length=LONGEST, extra_json_schema={"format": "uri"})]
    events: Annotated[tuple[EventType, ...], Meta(min_length=1, max_length=len(EVENTS))] = EVERY


class Disabled(Struct, frozen=True, kw_only=True):
    """`gone`: the receiver has answered 410. `failing`: it has accepted nothing for five days."""

    at: Time
    reason: DisablingReason


class Webhook(Struct, frozen=True, kw_only=True):
    """A webhook. `url` is empty where the server has lost the secret by which it was sealed.

    `failing_since`: the receiver has accepted nothing since then. After five days it is `disabled`.
    """

    webhook_id: str
    url: str
    events: list[EventType]
    created: Time
    failing_since: Time | None
    disabled: Disabled | None


class NewWebhook(Struct, frozen=True, kw_only=True):
    """A webhook's secret, shown this once. By it receivers know that a message is ours."""

    webhook_id: str
    secret: str
    url: str
    events: list[EventType]
    created: Time


class WebhookList(Struct, frozen=True, kw_only=True):
    """The webhooks of an account, the oldest first."""

    items: Annotated[list[Webhook], Meta(max_length=MOST)]


class ShownAttempt(Struct, frozen=True, kw_only=True):
    """An attempt. `status` is the answer's; null: there was none. `code`: why it failed; null: it did not."""

    attempt: int
    at: Time
    status: int | None
    code: DeliveryFailure | None


class ShownDelivery(Struct, frozen=True, kw_only=True):
    """A delivery; `delivery_id` is its header `webhook-id`. `type` is that of the event that it is about.

    `next_attempt`: when it is tried again; null: it is not, or it was not tried yet.
    """

    delivery_id: str
    type: str
    job_id: str | None
    asked: Time
    state: Standing
    next_attempt: Time | None
    attempts: list[ShownAttempt]


class DeliveryList(Struct, frozen=True, kw_only=True):
    """A page of deliveries of the last 30 days, the newest first; the next one begins at `next_cursor`."""

    items: list[ShownDelivery]
    next_cursor: str | None


class Asked(Struct, frozen=True, kw_only=True):
    """The id of a delivery that was asked for."""

    delivery_id: str


def shown(hook: Hook) -> Webhook:
    """Return a webhook as its owner sees it."""
    off = hook.disabled
    return Webhook(
        webhook_id=hook.hook_id,
        url=hook.url,
        events=list(hook.events),  # type: ignore[arg-type]
        created=hook.created,
        failing_since=hook.failing_since,
        disabled=Disabled(at=off.at, reason=off.reason) if off else None,
    )


def with_secret(hook: Hook) -> NewWebhook:
    """Return a webhook with the secret that it signs by from now on."""
    return NewWebhook(
        webhook_id=hook.hook_id,
        secret=hook.secrets[0],
        url=hook.url,
        events=list(hook.events),  # type: ignore[arg-type]
        created=hook.created,
    )


def shown_delivery(delivery: Delivery) -> ShownDelivery:
    """Return a delivery as its owner sees it."""
    return ShownDelivery(
        delivery_id=delivery.delivery_id,
        type=delivery.about,
        job_id=delivery.job_id or None,
        asked=delivery.asked,
        state=delivery.standing,
        next_attempt=delivery.next_attempt,
        attempts=[
            ShownAttempt(attempt=number, at=each.at, status=each.status or None, code=each.code)
            for number, each in delivery.attempts.items()
        ],
    )
