"""The mails about jobs that people want, as auth keeps it and the notifier asks for it."""

from enum import StrEnum


class MailPreference(StrEnum):
    """Which mails about jobs an account gets. Mails about the account itself always come."""

    ALL = "all"
    FAILURES = "failures"
    NONE = "none"
