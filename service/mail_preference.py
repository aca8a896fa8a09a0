"""The mails about jobs that people want, as auth keeps it and the notifier asks for it."""

from enum import StrEnum

from msgspec import Struct


class MailPreference(StrEnum):
    """The mails about jobs that an account gets. Mails about the account itself always come."""

    ALL = "all"
    FAILURES = "failures"
    NONE = "none"


class MailChoice(Struct, frozen=True):
    """The choice of an account's holder. `links`: mails about audio have a link that needs no sign-in."""

    mails: MailPreference
    links: bool = False
