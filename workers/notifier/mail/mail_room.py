"""The means by which mails are written and sent, whatever they are about."""

from collections.abc import Callable

from msgspec import Struct

from workers.notifier.accounts import Accounts
from workers.notifier.mail.letterhead import Letterhead
from workers.notifier.mail.sent import SentMails
from workers.notifier.mail.smtp import Mailer


def uncounted(kind: str, outcome: str) -> None:
    """Count nothing."""


class MailRoom(Struct, frozen=True, kw_only=True):
    """Addresses, the mail server, the notes of what was sent, and the letterhead."""

    accounts: Accounts
    mailer: Mailer
    sent: SentMails
    head: Letterhead
    on_mail: Callable[[str, str], None] = uncounted
    """Takes the kind of a mail, and what became of it (see `MailMetrics`), such as `sent` or `declined`."""
