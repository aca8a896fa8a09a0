"""From `hook.requested` to `hook.delivered`: one message for a webhook, however often it takes.

Each attempt that fails is an event. The next one waits in the retry queues, as long as the receiver asks for.
The last one is not parked: a receiver that is away is no trouble of ours. A receiver that is gone, or that
has accepted nothing for five days, gets nothing more, and its owner a mail.

One account has a share of the deliveries under way: a receiver that lets each of a thousand wait does not
hold up those of others.

A crash between the receiver's answer and the confirm delivers the message again, with the same `webhook-id`.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from events.envelope import Event, consequence
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
from events.work.task import NotYet, Publishes, TryLater, Work
from service.handover_keys import NotSealed
from service.outbound.client import Call, Outbound, Patience
from service.outbound.errors import OutboundError
from service.outbound.urls import read
from service.webhooks.hook import Hook
from service.webhooks.store import HookStore
from workers.notifier import SERVICE
from workers.notifier.hooks import message, outcome, signature
from workers.notifier.hooks.outcome import Failed
from workers.views import Views

log = structlog.get_logger()

PATIENCE = Patience(connect=10.0, total=20.0)
"""Seconds for a receiver; the specification advises 15 to 30 for all of it."""
LONGEST_ANSWER = 64 * 1024
"""Bytes of an answer, of which nothing is kept."""
SHARE = 8
"""Deliveries of one account that are under way at once."""
_LAST = len(topology.delays(topology.HOOKS)) + 1
_NOT_AGAIN = frozenset({DeliveryFailure.GONE, DeliveryFailure.FORBIDDEN, DeliveryFailure.DISABLED})
"""Failures that another attempt does not mend."""


class NotDelivered(TryLater):
    """This attempt failed, and another one follows."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(f"not delivered: {failed.code} {failed.status or ''}".rstrip(), failed.wait)
        self.failed = failed


class DeliveryHandler:
    """Handles the work of queue `hooks`."""

    def __init__(
        self,
        hooks: HookStore,
        views: Views,
        outbound: Outbound,
        publisher: Publishes,
        *,
        public_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._hooks, self._views, self._outbound, self._publisher = hooks, views, outbound, publisher
        self._public_url, self._clock = public_url, clock
        self._under_way = Counter[str]()

    async def handle(self, work: Work) -> Event | None:
        """Make one attempt. Returns the result's event.

        Raises NotDelivered if there will be another one, NotYet while the account has its share under way.
        """
        cause, asked = work.event, work.payload
        if not isinstance(asked, HookRequested):
            log.warning("not_a_delivery", type=cause.type, event_id=cause.id)
            return None
        if self._under_way[cause.account] >= SHARE:
            raise NotYet("the account has its share of deliveries under way")
        self._under_way[cause.account] += 1
        try:
            return await self._deliver(work, asked)
        finally:
            self._under_way[cause.account] -= 1
            self._under_way += Counter()  # without those that have none

    async def _deliver(self, work: Work, asked: HookRequested) -> Event:
        cause = work.event
        hook = await self._hooks.find(cause.subject)
        if hook is None or hook.disabled:
            return _failure(work, asked, Failed(code=DeliveryFailure.DISABLED), None)
        failed, status = await self._attempt(hook, work, asked)
        if failed is None:
            log.info("delivered", delivery_id=asked.delivery_id, status=status)
            delivered = HookDelivered(delivery_id=asked.delivery_id, attempt=work.attempt, status=status)
            return consequence(cause, delivered, source=SERVICE)
        log.info("not_delivered", delivery_id=asked.delivery_id, code=failed.code, status=failed.status)
        if reason := self._ends(hook, failed):
            await self._publisher.publish(_failure(work, asked, failed, None))
            return consequence(cause, HookDisabled(reason=reason), source=SERVICE)
        if failed.code in _NOT_AGAIN or asked.about == TEST or work.attempt >= _LAST:
            return _failure(work, asked, failed, None)
        raise NotDelivered(failed)

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return the event of the attempt that failed."""
        assert isinstance(work.payload, HookRequested)  # noqa: S101 - `handle` lets no other pass
        return _failure(work, work.payload, _failed_by(error), delay)

    def gave_up(self, work: Work, error: Exception) -> Event | None:
        """Return the event of the last attempt, where trouble of ours kept it from being made."""
        assert isinstance(work.payload, HookRequested)  # noqa: S101 - `handle` lets no other pass
        return _failure(work, work.payload, _failed_by(error), None)

    async def _attempt(self, hook: Hook, work: Work, asked: HookRequested) -> tuple[Failed | None, int]:
        """Return what went wrong, if anything did, and the status of the answer."""
        view = await self._views.get(asked.job_id) if asked.job_id else None
        body = message.body(hook.hook_id, asked, work.event.time, view, self._public_url)
        if not hook.url:
            raise NotSealed("the webhook's address was sealed by a secret that is gone")
        now = self._clock()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Tonearm",
            **signature.headers(asked.delivery_id, body, hook.secrets, now),
        }
        try:
            call = Call(read(hook.url), method="POST", headers=headers, body=body.encode())
            async with self._outbound.ask(call) as answer:
                failed = outcome.of_answer(answer.status, answer.headers, now)
                if failed is None:
                    await answer.read(LONGEST_ANSWER)
        except OutboundError as error:
            return outcome.of_error(error), 0
        return failed, answer.status

    def _ends(self, hook: Hook, failed: Failed) -> DisablingReason | None:
        """Return why the webhook gets nothing more; None: it goes on."""
        if failed.code is DeliveryFailure.GONE:
            return DisablingReason.GONE
        return DisablingReason.FAILING if hook.has_failed_too_long(self._clock()) else None


def _failed_by(error: Exception) -> Failed:
    return error.failed if isinstance(error, NotDelivered) else Failed(code=DeliveryFailure.INTERNAL)


def _failure(work: Work, asked: HookRequested, failed: Failed, again_in: float | None) -> Event:
    event = HookDeliveryFailed(
        delivery_id=asked.delivery_id,
        attempt=work.attempt,
        code=failed.code,
        status=failed.status,
        again_in=again_in,
    )
    return consequence(work.event, event, source=SERVICE)
