"""One's own account: what is kept of it, and its end.

Erasing is published first, as gateways delete the account's jobs by that event. If the log does not
confirm it, the account stays as it is, and its holder can ask again: the event's id is always the same. Only
then address and password go, and what is signed in ends last.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from auth.accounts.password_check import PasswordCheck
from auth.announcements import Publishes, event_of
from auth.errors import NotFresh
from auth.keys.access_tokens import Claims
from auth.sessions.open_account import open_account
from auth.sessions.sessions import Sessions
from auth.stores.directory import Account, Directory, Identity
from events.types import AccountErased

FRESH = timedelta(minutes=10)
"""The time for which a sign-in stands for a password that an account does not have."""
Providers = Callable[[Sequence[Identity]], tuple[str, ...]]
"""Returns the names of the providers that know the holder of these identities."""

log = structlog.get_logger()


class OwnAccount(Struct, frozen=True, kw_only=True):
    """An account, and the names of the providers that sign in to it."""

    account: Account
    providers: tuple[str, ...]


class OwnAccounts:
    """Accounts as their holders see and erase them. Every method raises DirectoryUnavailable."""

    def __init__(
        self,
        *,
        directory: Directory,
        sessions: Sessions,
        providers: Providers,
        password_check: PasswordCheck,
        publisher: Publishes,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory, self._sessions, self._providers = directory, sessions, providers
        self._password_check, self._publisher, self._clock = password_check, publisher, clock

    async def of(self, claims: Claims) -> OwnAccount:
        """Return the account. Raises InvalidToken if it is gone."""
        account = await open_account(self._directory, claims.sub)
        identities = await self._directory.identities(account.account_id)
        return OwnAccount(account=account, providers=self._providers(identities))

    async def erase(self, claims: Claims, password: str, *, address: str) -> None:
        """Forget the person. A gateway deletes the account's jobs.

        The password is asked for again; without one, the session must be FRESH. Raises InvalidRequest,
        TooManyFailures, Busy, NotFresh, NotConfirmed.
        """
        account = await open_account(self._directory, claims.sub)
        if account.password_hash:
            await self._password_check.check(account, password, field="password", address=address)
        elif self._clock() - await self._sessions.proven(claims.sid) > FRESH:
            raise NotFresh("sign in again by your provider, then ask within ten minutes")
        erased = AccountErased(reason="holder")
        await self._publisher.publish(event_of(account.account_id, erased, self._clock()))
        await self._directory.erase(account.account_id)
        await self._sessions.end_account(account.account_id, "erased")
        log.info("account_erased", account_id=account.account_id)
