"""The webhooks of accounts: made, tried, looked into, deleted."""

from collections.abc import Sequence
from datetime import UTC, datetime

from events.envelope import fact
from events.errors import TonearmError
from events.ids import new_id
from events.log.publisher import Publisher
from events.types import TEST, HookCreated, HookDeleted, HookRequested
from gateway.errors import BadFields, Fault, NoSuchDelivery, NoSuchWebhook, WebhookDisabled
from gateway.webhooks.deliveries import Delivery, DeliveryStore
from service.outbound.errors import Refused
from service.outbound.guard import Guard
from service.outbound.urls import read
from service.webhooks.hook import Hook
from service.webhooks.store import HookStore, new_secret

MOST = 20
"""Webhooks that an account may have."""
_SOURCE = "gateway"


class Webhooks:
    """The webhooks of all accounts. Every method raises Unavailable; those of one webhook NoSuchWebhook."""

    def __init__(
        self, hooks: HookStore, deliveries: DeliveryStore, publisher: Publisher, guard: Guard
    ) -> None:
        self._hooks, self._deliveries, self._publisher, self._guard = hooks, deliveries, publisher, guard

    async def create(self, account: str, url: str, events: Sequence[str]) -> Hook:
        """Make a webhook. Raises BadFields, NoHandoverSecrets, NotConfirmed."""
        try:
            target = read(url)
            await self._guard.check(target)
        except Refused as error:
            raise BadFields([Fault("url", error.told)]) from error
        await self._check_room(account, 1)
        hook = Hook(
            hook_id=new_id(),
            account=account,
            url=target.url,
            secrets=(new_secret(),),
            events=tuple(dict.fromkeys(events)),
            created=_now(),
        )
        await self._hooks.add(hook)
        try:
            await self._check_room(account, 0)  # others may have come at the same time
            await self._publish(hook.hook_id, account, HookCreated(events=hook.events))
        except TonearmError:  # its secret was not shown, so it is of no use
            await self._hooks.remove(hook.hook_id)
            raise
        return hook

    async def all(self, account: str) -> list[Hook]:
        """Return the account's webhooks, the oldest first."""
        return await self._hooks.of_account(account)

    async def find(self, account: str, hook_id: str) -> Hook:
        """Return one of the account's webhooks."""
        hook = await self._hooks.find(hook_id)
        if hook is None or hook.account != account:
            raise NoSuchWebhook("there is no such webhook")
        return hook

    async def delete(self, account: str, hook_id: str) -> None:
        """End a webhook, and forget its address, its secrets and its deliveries. Raises NotConfirmed."""
        await self.find(account, hook_id)
        await self._publish(hook_id, account, HookDeleted())
        await self._hooks.remove(hook_id)
        await self._deliveries.forget(hook_id)

    async def exchange_secret(self, account: str, hook_id: str) -> Hook:
        """Give the webhook a new secret. The old one signs beside it for a day.

        Raises WebhookDisabled, NoHandoverSecrets.
        """
        hook = await self._at_work(account, hook_id)
        await self._hooks.exchange_secret(hook, new_secret(), datetime.now(UTC))
        return await self.find(account, hook_id)

    async def deliveries(
        self, account: str, hook_id: str, before: int | None, limit: int
    ) -> tuple[list[Delivery], int | None]:
        """Return a page of deliveries, the newest first, and the place that the next page stands below."""
        await self.find(account, hook_id)
        found = await self._deliveries.page(hook_id, before, limit + 1)
        return found[:limit], found[limit - 1].offset if len(found) > limit else None

    async def test(self, account: str, hook_id: str) -> str:
        """Ask for a delivery that is a try, and return its id. Raises WebhookDisabled, NotConfirmed."""
        return await self._ask(account, hook_id, HookRequested(delivery_id=new_id(), about=TEST))

    async def resend(self, account: str, hook_id: str, delivery_id: str) -> str:
        """Ask once more for a delivery: a new one, with an id of its own, which is returned.

        Raises NoSuchDelivery, WebhookDisabled, NotConfirmed.
        """
        await self.find(account, hook_id)
        told = await self._deliveries.find(hook_id, delivery_id)
        if told is None:
            raise NoSuchDelivery("there is no such delivery to this webhook")
        again = HookRequested(
            delivery_id=new_id(), about=told.about, event_id=told.event_id, job_id=told.job_id
        )
        return await self._ask(account, hook_id, again)

    async def forget_account(self, account: str) -> None:
        """Forget all that is kept of an account's webhooks."""
        await self._hooks.forget_account(account)
        await self._deliveries.forget_account(account)

    async def _check_room(self, account: str, more: int) -> None:
        """Raise BadFields where an account has so many webhooks that `more` are too many."""
        if len(await self._hooks.of_account(account)) + more > MOST:
            raise BadFields([Fault("url", f"you have {MOST} webhooks, which is the most: delete one first")])

    async def _ask(self, account: str, hook_id: str, asked: HookRequested) -> str:
        await self._at_work(account, hook_id)
        await self._publish(hook_id, account, asked)
        return asked.delivery_id

    async def _at_work(self, account: str, hook_id: str) -> Hook:
        """Return a webhook that something can be sent to. Raises NoSuchWebhook, WebhookDisabled."""
        hook = await self.find(account, hook_id)
        if hook.disabled:
            raise WebhookDisabled("the webhook is disabled: delete it, and make another one")
        if not hook.url:
            raise WebhookDisabled(
                "this server has lost what opens the webhook's address: delete it, and make another one"
            )
        return hook

    async def _publish(
        self, hook_id: str, account: str, payload: HookCreated | HookDeleted | HookRequested
    ) -> None:
        await self._publisher.publish(fact(payload, subject=hook_id, account=account, source=_SOURCE))


def _now() -> datetime:
    """Return the time as the database keeps it, by the millisecond."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
