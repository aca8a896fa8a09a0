"""The facts of accounts."""

from enum import StrEnum
from typing import ClassVar

from events.payload import Aggregate, Given, Payload


class Letter(StrEnum):
    """The purpose of a mail about an account. The first three hold a link that is good once."""

    VERIFY = "verify"
    RESET = "reset"
    INVITATION = "invitation"
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name


class AccountFact(Payload, frozen=True, kw_only=True):
    """Something that happened to an account."""

    AGGREGATE: ClassVar[Aggregate] = Aggregate.ACCOUNT


class AccountRegistered(AccountFact, frozen=True, kw_only=True):
    """An account exists from now on."""

    TYPE: ClassVar[str] = "account.registered"
    NAMED_BY = ()
    roles: tuple[str, ...]


class AccountSignedIn(AccountFact, frozen=True, kw_only=True, omit_defaults=True):
    """A token was issued. `token_id` is its `jti`, not the token.

    `provider` is the name of the OpenID Connect issuer; empty: it was a password.
    """

    TYPE: ClassVar[str] = "account.signed_in"
    NAMED_BY = ("token_id",)
    token_id: str
    provider: str = ""


class AccountSignInRefused(AccountFact, frozen=True, kw_only=True):
    """A sign-in to an existing account was refused."""

    TYPE: ClassVar[str] = "account.sign_in_refused"
    NAMED_BY = (Given.OCCASION,)
    reason: str


class AccountChanged(AccountFact, frozen=True, kw_only=True):
    """Fields of an account changed; their names, never their values."""

    TYPE: ClassVar[str] = "account.changed"
    NAMED_BY = (Given.OCCASION,)
    fields: tuple[str, ...]


LONGEST_TOKEN = 3600
"""Seconds that an access token lives at most, and so for which a revocation must be remembered."""


class AccountRevoked(AccountFact, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens of these sessions (or API keys) are void; none named: of all begun before the event's time."""

    TYPE: ClassVar[str] = "account.revoked"
    NAMED_BY = (Given.OCCASION,)
    reason: str
    sessions: tuple[str, ...] = ()


class AccountErased(AccountFact, frozen=True, kw_only=True):
    """The person is forgotten: nothing shows any more whose this id was. What happened stays, by its ids."""

    TYPE: ClassVar[str] = "account.erased"
    NAMED_BY = ()
    reason: str


class AccountLetterRequested(AccountFact, frozen=True, kw_only=True):
    """The account's holder shall get this mail. Its link is made when it is sent, and is in no event."""

    TYPE: ClassVar[str] = "account.letter_requested"
    NAMED_BY = (Given.OCCASION,)
    letter: Letter


class AccountNotified(AccountFact, frozen=True, kw_only=True):
    """The mail about the account was accepted by the mail server."""

    TYPE: ClassVar[str] = "account.notified"
    NAMED_BY = (Given.CAUSE,)
    letter: Letter
    message_id: str


class AccountNotificationFailed(AccountFact, frozen=True, kw_only=True):
    """The mail about the account will never be sent."""

    TYPE: ClassVar[str] = "account.notification_failed"
    NAMED_BY = (Given.CAUSE,)
    letter: Letter
    reason: str
