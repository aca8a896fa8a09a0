"""What an operator changes. First the directory, then the log: a change holds whether or not it can be told.

Where telling fails, the command says so, and is run once more: every change can be repeated. An account that
is erased goes last of all, so that there is something to repeat.
"""

from collections.abc import Callable
from datetime import datetime

from auth.accounts.accounts import new_account, registered
from auth.announcements import Publishes, event_of
from auth.errors import AlreadyRegistered, NoSuchAccount
from auth.stores.directory import Account, Directory, normalised
from auth.stores.sessions import SessionStore
from events.ids import new_id
from events.types import (
    AccountChanged,
    AccountErased,
    AccountLetterRequested,
    AccountPayload,
    AccountRevoked,
    Letter,
)

SOURCE = "/account"


class OperatorChanges:
    """OperatorChanges to single accounts.

    Every method raises DirectoryUnavailable, and NotConfirmed when the directory has it and the log may not.
    """

    def __init__(
        self,
        directory: Directory,
        sessions: SessionStore,
        publisher: Publishes,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory, self._sessions = directory, sessions
        self._publisher, self._clock = publisher, clock

    async def set_roles(self, account: Account, roles: tuple[str, ...]) -> None:
        """Replace the roles. Where one is taken away, what the account is signed in to ends at once."""
        await self._directory.set_roles(account.account_id, roles)
        if set(account.roles) - set(roles):  # before anything is told: once more, nothing would be taken away
            await self.revoke(account, "roles_changed")
        await self._tell(account, AccountChanged(fields=("roles",)), new_id())

    async def invite(self, email: str, roles: tuple[str, ...]) -> Account:
        """Make an account for who has the mailbox of this normalised address, and send them the way in.

        Who is invited once more gets another letter, and these roles. Raises AlreadyRegistered.
        """
        account = await self._directory.by_email(email)
        if account is None:
            account = new_account(email, roles, self._clock())
            await self._directory.add(account)
        if account.verified:
            raise AlreadyRegistered("an account with this address exists")
        if not account.announced:
            await self._publisher.publish(registered(account))
            await self._directory.mark_announced(account.account_id)
        if account.roles != roles:
            await self.set_roles(account, roles)
        await self._write(account, Letter.INVITATION)
        return account

    async def reset(self, account: Account) -> None:
        """Send the way to a new password; the one there is stays good until then."""
        await self._write(account, Letter.RESET)

    async def disable(self, account: Account) -> None:
        """Let nobody sign in to the account any more, and end what is signed in."""
        await self._directory.set_disabled(account.account_id, True)
        await self.revoke(account, "disabled")
        await self._tell(account, AccountChanged(fields=("disabled",)), new_id())

    async def enable(self, account: Account) -> None:
        """Let people sign in again, with the password they had."""
        await self._directory.set_disabled(account.account_id, False)
        await self._tell(account, AccountChanged(fields=("disabled",)), new_id())

    async def revoke(self, account: Account, reason: str = "operator") -> None:
        """End all sessions and API keys of the account. The password stays good."""
        await self._sessions.end_account(account.account_id, self._clock(), reason)
        await self._tell(account, AccountRevoked(reason=reason), new_id())
        await self._sessions.told_of(account.account_id)

    async def erase(self, account: Account) -> None:
        """Forget address and password; the id stays in the log and with the jobs."""
        await self._directory.set_disabled(account.account_id, True)
        await self.revoke(account, "erased")
        await self._tell(account, AccountErased(reason="operator"))
        await self._directory.erase(account.account_id)

    async def _write(self, account: Account, letter: Letter) -> None:
        await self._tell(account, AccountLetterRequested(letter=letter), new_id())

    async def _tell(self, account: Account, payload: AccountPayload, occasion: str | None = None) -> None:
        event = event_of(account.account_id, payload, self._clock(), occasion, source=SOURCE)
        await self._publisher.publish(event)


async def find(directory: Directory, who: str) -> Account:
    """Return the account with this id or address. Raises NoSuchAccount, InvalidRequest."""
    account = await directory.by_email(normalised(who)) if "@" in who else await directory.by_id(who)
    if account is None:
        raise NoSuchAccount(f"no account has this {'address' if '@' in who else 'id'}")
    return account
