"""Errors between an event and a mail, grouped by what the notifier does about them.

Undeliverable        never going to work: published as `job.notification_failed`
MailDelayed          the mail server is away or refuses for now: tried again later
AccountsUnavailable  auth is away or refuses the service token: tried again later

No text here holds an address: the texts end up in logs, and in the event log, which cannot be edited. So the
drivers' errors, which hold the address, are translated `from None`.
"""

from events.errors import TonearmError, Unavailable


class Undeliverable(TonearmError):
    """This mail can never reach this account. The text is the event's reason."""


class MailDelayed(Unavailable):
    """The mail server is away, slow, misconfigured, or refuses for now."""


class AccountsUnavailable(Unavailable):
    """Auth is away or slow, or refuses the service token."""
