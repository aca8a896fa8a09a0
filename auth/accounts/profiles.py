"""Accounts as operators and administrators see them: never with a password's hash."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from auth.addresses import remark
from auth.errors import NoSuchAccount
from auth.stores.directory import Account, Directory, Identity, folded
from auth.stores.sessions import SessionStore
from events.ids import is_id
from service.mail_preference import MailPreference


class Profile(Struct, frozen=True):
    """An account as an operator sees it. `remark` names letters in the address that look like others.

    `state` is active, disabled or unverified. `identities` are asked for only where one account is shown.
    """

    account_id: str
    email: str
    roles: tuple[str, ...]
    state: str
    created: datetime
    has_password: bool
    mails: MailPreference
    remark: str = ""
    identities: tuple[Identity, ...] = ()

    def __repr__(self) -> str:
        return f"Profile({self.account_id!r})"


class Listed(Profile, frozen=True):
    """An account, and the begin of the latest of its sessions that are still kept, if there is one."""

    last_sign_in: datetime | None = None


def profile(account: Account, identities: Iterable[Identity] = ()) -> Profile:
    """Return the part of an account that an operator may see."""
    return Profile(
        account.account_id,
        account.email,
        account.roles,
        _state(account),
        account.created,
        bool(account.password_hash),
        account.mails,
        remark(account.email),
        tuple(identities),
    )


class Profiles:
    """Accounts for administrators. Every method raises DirectoryUnavailable."""

    def __init__(self, directory: Directory, sessions: SessionStore) -> None:
        self._directory, self._sessions = directory, sessions

    async def search(self, q: str, before: str, limit: int) -> list[Listed]:
        """Return accounts as `Directory.search` finds them; what no address holds finds none."""
        text = folded(q)
        if not text.isprintable():  # a lone surrogate and NUL, too, which no database takes
            return []
        return await self._listed(await self._directory.search(text, before, limit))

    async def get(self, account_id: str) -> Listed:
        """Return one account as it is shown. Raises NoSuchAccount."""
        [listed] = await self._listed([await self.account(account_id)])
        return listed

    async def account(self, account_id: str) -> Account:
        """Return one account. Raises NoSuchAccount."""
        account = await self._directory.by_id(account_id) if is_id(account_id) else None
        if account is None:
            raise NoSuchAccount("no account has this id")
        return account

    async def _listed(self, accounts: list[Account]) -> list[Listed]:
        signed_in = await self._sessions.last_begun([each.account_id for each in accounts])
        return [
            Listed(**asdict(known), last_sign_in=signed_in.get(known.account_id))
            for known in map(profile, accounts)
        ]


def _state(account: Account) -> str:
    return "disabled" if account.disabled else "active" if account.verified else "unverified"
