"""From `account.letter_requested` to `account.notified`: one mail about an account.

The address, and the link that is good once, are asked for when the mail server is there to take the mail:
neither waits anywhere. Work that comes again after a crash brings another link, and the first stays good.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from events.envelope import Event, consequence
from events.errors import TonearmError
from events.types import AccountLetterRequested, AccountNotificationFailed, AccountNotified
from events.work import Work
from workers.notifier.accounts import Accounts
from workers.notifier.errors import Undeliverable
from workers.notifier.mail.account_letter import words
from workers.notifier.mail.letterhead import Letterhead, mail
from workers.notifier.mail.sent import SentMails
from workers.notifier.mail.smtp import Mailer

log = structlog.get_logger()


class AccountNotifier:
    """Handles the work of queue `letters`."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        mailer: Mailer,
        sent: SentMails,
        head: Letterhead,
        source: str,
        on_mail: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._accounts = accounts
        self._mailer = mailer
        self._sent = sent
        self._head = head
        self._source = source
        self._on_mail = on_mail

    async def handle(self, work: Work) -> Event | None:
        """Send the mail unless it is sent. Returns what the log shall be told."""
        cause, asked = work.event, work.payload
        if not isinstance(asked, AccountLetterRequested):
            log.warning("not_a_letter", type=cause.type, event_id=cause.id)
            return None
        if not await self._sent.has(cause.id):
            try:
                await self._send(cause, asked)
            except Undeliverable as error:
                self._on_mail(asked.letter, "refused")
                log.warning("letter_refused", account_id=cause.subject, event_id=cause.id, error=str(error))
                return self._failed(cause, asked, str(error))
            self._on_mail(asked.letter, "sent")
            log.info("letter_sent", account_id=cause.subject, event_id=cause.id, letter=asked.letter)
        message_id = self._head.message_id(cause.id)
        return self._event(cause, AccountNotified(letter=asked.letter, message_id=message_id))

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Say nothing: a mail that is late changes nothing."""
        return None

    def gave_up(self, work: Work, error: Exception) -> Event:
        """Tell the log that the mail will not come. Foreign errors may hold an address: only their name."""
        assert isinstance(work.payload, AccountLetterRequested)  # noqa: S101 - `handle` lets no other pass
        last = str(error) if isinstance(error, TonearmError) else type(error).__name__
        self._on_mail(work.payload.letter, "gave_up")
        reason = f"gave up after {work.attempt} attempts: {last}"
        return self._failed(work.event, work.payload, reason)

    async def _send(self, cause: Event, asked: AccountLetterRequested) -> None:
        async with self._mailer.connected() as deliver:
            granted = await self._accounts.grant(cause.subject, asked.letter, cause.id)
            said = words(asked.letter, self._head, granted.token, granted.seconds)
            now = datetime.now(UTC)
            await deliver(mail(said, head=self._head, to=granted.email, cause_id=cause.id, now=now))
            await self._sent.note(cause.id, about=cause.subject, message_id=self._head.message_id(cause.id))

    def _failed(self, cause: Event, asked: AccountLetterRequested, reason: str) -> Event:
        return self._event(cause, AccountNotificationFailed(letter=asked.letter, reason=reason))

    def _event(self, cause: Event, payload: AccountNotified | AccountNotificationFailed) -> Event:
        return consequence(cause, payload, source=self._source)
