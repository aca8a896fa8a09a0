"""What can stand between an event and a mail, grouped by what the notifier does about it.

Undeliverable        never going to work: told in the log as `job.notification_failed`
MailDelayed          the mail server is away or refuses for now: tried again later
AccountsUnavailable  auth is away or does not know us: tried again later

No text here holds an address: these texts end up in logs and in the log, which cannot be edited. So the
drivers' errors, which do hold it, are translated `from None`.
"""

from events.errors import TonearmError, Unavailable


class Undeliverable(TonearmError):
    """There is no way to bring this mail to this account. The text is the event's reason."""


class MailDelayed(Unavailable):
    """The mail server is away, slow, misconfigured, or refuses for now."""


class AccountsUnavailable(Unavailable):
    """Auth is away or slow, or does not take our service token."""
