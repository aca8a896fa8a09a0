"""Accounts, and the protocol of a directory that keeps them."""

import re
import unicodedata
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec import Struct

from auth.errors import InvalidRequest
from service.mail_preference import MailPreference

USER = "user"
ADMIN = "admin"

MAX_EMAIL = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3: a path has 256 octets, two of them brackets)."""

# The rules of RFC 5322 without quoting, comments and address literals, which no mailbox in use needs.
_EMAIL = re.compile(r'[^\s\x00-\x1f\x7f@<>()\[\]\\,;:"]{1,64}@[^\s\x00-\x1f\x7f@<>()\[\]\\,;:"]+')


class Account(Struct, frozen=True, kw_only=True):
    """An account. `announced` means that `account.registered` is known to be in the log.

    Nobody can sign in to a disabled account, nor to one whose mailbox is not verified.
    """

    account_id: str
    email: str
    password_hash: str
    roles: tuple[str, ...]
    created: datetime
    announced: bool = False
    disabled: bool = False
    verified: bool = True
    mails: MailPreference = MailPreference.ALL
    mail_links: bool = False

    def __repr__(self) -> str:
        return f"Account({self.account_id!r}, roles={self.roles!r})"


class Identity(NamedTuple):
    """A person as an issuer of OpenID Connect names them. Both are ASCII, of 255 characters at most.

    Neither ends with a blank, which some databases ignore.
    """

    issuer: str
    subject: str


class Directory(Protocol):
    """Keeps accounts. Every method raises DirectoryUnavailable when it cannot."""

    async def prepare(self) -> None:
        """Make what the directory needs (an index, a table). Idempotent."""
        ...

    async def ping(self) -> None:
        """Return when the directory answers."""
        ...

    async def is_empty(self) -> bool:
        """Return True if there is no account at all."""
        ...

    async def add(self, account: Account, identity: Identity | None = None) -> None:
        """Keep a new account, durably, and its identity at an issuer.

        Raises AlreadyRegistered when its address or this identity is taken; then nothing is kept.
        """
        ...

    async def by_identity(self, identity: Identity) -> Account | None:
        """Return the account of an identity."""
        ...

    async def identities(self, account_id: str) -> list[Identity]:
        """Return the account's identities at issuers."""
        ...

    async def link(self, account_id: str, identity: Identity) -> None:
        """Let this identity sign in to the account, which is verified by it.

        Raises AlreadyRegistered if it is another's.
        """
        ...

    async def by_email(self, email: str) -> Account | None:
        """Return the account of a normalised address."""
        ...

    async def by_id(self, account_id: str) -> Account | None:
        """Return the account of an id."""
        ...

    async def rehash(self, account_id: str, old: str, new: str) -> bool:
        """Replace the hash; return False if it is no longer `old`, as the password has changed meanwhile."""
        ...

    async def set_password(self, account_id: str, password_hash: str) -> bool:
        """Replace the hash, which verifies the account. Return False if there is no such account."""
        ...

    async def unverified(self, before: datetime, limit: int) -> list[Account]:
        """Return accounts made before then that are not verified, oldest first."""
        ...

    async def erase_unverified(self, account_id: str) -> bool:
        """Remove the account, unless it is verified. Return True if this call removed it."""
        ...

    async def mark_announced(self, account_id: str) -> None:
        """Note that the log has the account's registration."""
        ...

    async def unannounced(self, limit: int) -> list[Account]:
        """Return accounts whose registration the log may lack, oldest first."""
        ...

    async def page(self, after: str, limit: int) -> list[Account]:
        """Return accounts whose ids follow `after` (all: the empty one), in the order of their ids."""
        ...

    async def search(self, text: str, before: str, limit: int) -> list[Account]:
        """Return accounts with this text in their address, or at the start of their id, newest first.

        `text` is `folded`; the empty one finds all. `before`: only ids below it; the empty one: all.
        """
        ...

    async def set_roles(self, account_id: str, roles: tuple[str, ...]) -> bool:
        """Replace the roles. Return False if there is no such account."""
        ...

    async def set_disabled(self, account_id: str, disabled: bool) -> bool:
        """Close the account, or open it again. Return False if there is no such account."""
        ...

    async def set_mails(self, account_id: str, mails: MailPreference) -> bool:
        """Replace the choice of mails about jobs. Return False if there is no such account."""
        ...

    async def set_mail_links(self, account_id: str, links: bool) -> bool:
        """Choose whether mails have links without a sign-in. Return False if there is no such account."""
        ...

    async def erase(self, account_id: str) -> bool:
        """Remove the account. Return False if there was none."""
        ...


def normalised(email: str) -> str:
    """Return the address as it is kept and compared: trimmed, composed, lower case.

    Raises InvalidRequest when it is no address. The part before the @ is lowered too: mailboxes that
    differ in case alone are not in use, people who type a capital are.
    """
    email = email.strip()
    if len(email) > 4 * MAX_EMAIL:  # normalising takes time with the square of a length
        raise InvalidRequest("email: this is not an e-mail address")
    email = folded(email)
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        raise InvalidRequest("email: this is not an e-mail address")
    return email


def folded(text: str) -> str:
    """Return a part of an address as addresses are kept: trimmed, composed, lower case."""
    return unicodedata.normalize("NFC", text.strip()).lower()
