"""From `hook.disabled` to `hook.notified`: one mail to the owner of a webhook that gets nothing more."""

from datetime import UTC, datetime

import structlog

from events.envelope import Event, consequence
from events.types import HookDisabled, HookNotificationFailed, HookNotified
from events.work.task import Work
from workers.errors import publishable
from workers.notifier import SERVICE
from workers.notifier.errors import Undeliverable
from workers.notifier.mail.hook_letter import words
from workers.notifier.mail.letterhead import mail
from workers.notifier.mail.mail_room import MailRoom

log = structlog.get_logger()

_KIND = "webhook_disabled"
"""Of these mails, in the metrics."""


class HookMailHandler:
    """Handles the work of queue `letters` that is about webhooks."""

    def __init__(self, room: MailRoom) -> None:
        self._room = room

    async def handle(self, work: Work) -> Event | None:
        """Send the mail unless it is sent. Returns the result's event."""
        cause, disabled = work.event, work.payload
        if not isinstance(disabled, HookDisabled):
            log.warning("not_a_letter", type=cause.type, event_id=cause.id)
            return None
        if await self._room.sent.attempt_of(cause.id) is None:
            try:
                await self._send(work, disabled)
            except Undeliverable as error:
                self._room.on_mail(_KIND, "refused")
                log.warning("letter_refused", hook_id=cause.subject, event_id=cause.id, error=str(error))
                return consequence(cause, HookNotificationFailed(reason=error.told), source=SERVICE)
            self._room.on_mail(_KIND, "sent")
            log.info("letter_sent", hook_id=cause.subject, event_id=cause.id, letter=_KIND)
        message_id = self._room.head.message_id(cause.id)
        return consequence(cause, HookNotified(message_id=message_id), source=SERVICE)

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return no event: a mail that is late changes nothing."""
        return None

    def gave_up(self, work: Work, error: Exception) -> Event | None:
        """Return the event that ends it: the mail will not come."""
        self._room.on_mail(_KIND, "gave_up")
        reason = f"We gave up after {work.attempt} attempts. {publishable(error)}"
        return consequence(work.event, HookNotificationFailed(reason=reason), source=SERVICE)

    async def _send(self, work: Work, disabled: HookDisabled) -> None:
        head, cause = self._room.head, work.event
        async with self._room.mailer.connected() as deliver:
            to = await self._room.accounts.addressee(cause.account)
            now = datetime.now(UTC)
            letter = mail(words(disabled.reason, head), head=head, to=to.email, cause_id=cause.id, now=now)
            async with self._room.sent.one_try(
                cause.id, about=cause.subject, message_id=head.message_id(cause.id), attempt=work.attempt
            ):
                await deliver(letter)
