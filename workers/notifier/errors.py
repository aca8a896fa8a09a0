"""Errors between an event and a mail, grouped by what the notifier does about them.

Undeliverable        never going to work: published as `job.notification_failed`
├── NoAccount        there is nobody to write to
├── AddressUnusable  no mail can be addressed to what it has
└── MailRefused      the mail server does not take it
MailDelayed          the mail server is away or refuses for now: tried again later
AccountsUnavailable  auth is away or refuses the service token: tried again later
ViewBehind           the views do not have yet what the mail is about: tried again later

No text here holds an address: the texts end up in logs, and in the event log, which cannot be edited. So the
drivers' errors, which hold the address, are translated `from None`.
"""

from events.errors import TonearmError, Unavailable


class Undeliverable(TonearmError):
    """This mail can never reach this account. `told` is the event's reason."""


class NoAccount(Undeliverable):
    """The account is gone, or the letter is of no use to it any more."""

    sentence = "The account does not exist any more, or this mail would be of no use to it."


class AddressUnusable(Undeliverable):
    """The account's address cannot stand in a mail's head."""

    sentence = "The account's address cannot be written on a mail."


class MailRefused(Undeliverable):
    """Refused for good. The text has the mail server's own words, which are for our logs."""

    def __init__(self, message: str, code: int | None = None) -> None:
        """`code` is the mail server's reply (RFC 5321, 4.2)."""
        super().__init__(message)
        self._code = code

    @property
    def told(self) -> str:
        """The sentence, with the server's reply code."""
        code = "" if self._code is None else f" ({self._code})"
        return f"The mail server refused the mail for good{code}."


class MailDelayed(Unavailable):
    """The mail server is away, slow, misconfigured, or refuses for now."""

    sentence = "The mail server did not take the mail."

    def __init__(self, message: str, *, maybe_sent: bool = False) -> None:
        """`maybe_sent`: the connection broke, and nobody knows whether the server has taken the mail."""
        super().__init__(message)
        self.maybe_sent = maybe_sent


class AccountsUnavailable(Unavailable):
    """Auth is away or slow, or refuses the service token."""

    sentence = "The address could not be looked up."


class ViewBehind(Unavailable):
    """The job's view is behind the queue."""

    sentence = "It was not known in time how the job had ended."
