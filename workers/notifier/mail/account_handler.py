"""From `account.letter_requested` to `account.notified`: one mail about an account.

Auth is asked for the address and the link when the mail server is there to take the mail: so neither waits
anywhere. The link is good once. Work that comes again after a crash gets another link; the first stays good.
"""

from datetime import UTC, datetime

import structlog

from events.envelope import Event, consequence
from events.types import AccountLetterRequested, AccountNotificationFailed, AccountNotified
from events.work.task import Work
from workers.errors import publishable
from workers.notifier import SERVICE
from workers.notifier.errors import Undeliverable
from workers.notifier.mail.account_letter import words
from workers.notifier.mail.letterhead import mail
from workers.notifier.mail.mail_room import MailRoom

log = structlog.get_logger()


class AccountMailHandler:
    """Handles the work of queue `letters`."""

    def __init__(self, room: MailRoom) -> None:
        self._room = room

    async def handle(self, work: Work) -> Event | None:
        """Send the mail unless it is sent. Returns the result's event."""
        cause, asked = work.event, work.payload
        if not isinstance(asked, AccountLetterRequested):
            log.warning("not_a_letter", type=cause.type, event_id=cause.id)
            return None
        if await self._room.sent.attempt_of(cause.id) is None:
            try:
                await self._send(work, asked)
            except Undeliverable as error:
                self._room.on_mail(asked.letter, "refused")
                log.warning("letter_refused", account_id=cause.subject, event_id=cause.id, error=str(error))
                return self._failed(cause, asked, error.told)
            self._room.on_mail(asked.letter, "sent")
            log.info("letter_sent", account_id=cause.subject, event_id=cause.id, letter=asked.letter)
        message_id = self._room.head.message_id(cause.id)
        return self._event(cause, AccountNotified(letter=asked.letter, message_id=message_id))

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return no event: a mail that is late changes nothing."""
        return None

    def gave_up(self, work: Work, error: Exception) -> Event:
        """Return the event that ends it: the mail will not come."""
        assert isinstance(work.payload, AccountLetterRequested)  # noqa: S101 - `handle` lets no other pass
        self._room.on_mail(work.payload.letter, "gave_up")
        reason = f"We gave up after {work.attempt} attempts. {publishable(error)}"
        return self._failed(work.event, work.payload, reason)

    async def _send(self, work: Work, asked: AccountLetterRequested) -> None:
        head, sent, cause = self._room.head, self._room.sent, work.event
        message_id = head.message_id(cause.id)
        async with self._room.mailer.connected() as deliver:
            granted = await self._room.accounts.grant(cause.subject, asked.letter, cause.id)
            said = words(asked.letter, head, granted.token, granted.seconds)
            now = datetime.now(UTC)
            letter = mail(said, head=head, to=granted.email, cause_id=cause.id, now=now)
            async with sent.one_try(
                cause.id, about=cause.subject, message_id=message_id, attempt=work.attempt
            ):
                await deliver(letter)

    def _failed(self, cause: Event, asked: AccountLetterRequested, reason: str) -> Event:
        return self._event(cause, AccountNotificationFailed(letter=asked.letter, reason=reason))

    def _event(self, cause: Event, payload: AccountNotified | AccountNotificationFailed) -> Event:
        return consequence(cause, payload, source=SERVICE)
