"""An operator's changes to accounts: first in the directory, then in the log.

A change holds even if its event cannot be published. The command then fails and can be repeated, as can every
change. Erasing removes the account last, so that there is something to repeat.
"""

from collections.abc import Callable
from datetime import datetime

from auth.accounts.accounts import new_account, registered
from auth.addresses import account_of, log_look_alike, registrable
from auth.announcements import Publishes, event_of
from auth.errors import AlreadyRegistered, NoSuchAccount
from auth.stores.directory import Account, Directory
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
from service.mail_preference import MailPreference

SOURCE = "/account"


class OperatorChanges:
    """OperatorChanges to single accounts.

    Every method raises DirectoryUnavailable, and NotConfirmed if the directory has it and the log may not.
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
        """Replace the roles. If one is taken away, all sessions and API keys end at once."""
        await self._directory.set_roles(account.account_id, roles)
        if set(account.roles) - set(roles):  # before the event: a repetition would find nothing taken away
            await self.revoke(account, "roles_changed")
        await self._publish(account, AccountChanged(fields=("roles",)), new_id())

    async def invite(self, email: str, roles: tuple[str, ...]) -> Account:
        """Make an account of this address, and send its holder an invitation.

        A second invitation sends another letter and sets these roles. Raises AlreadyRegistered, and
        InvalidRequest for an address that may not be registered.
        """
        account = await account_of(self._directory, email)
        if account is None:
            account = new_account(registrable(email), roles, self._clock())
            await self._directory.add(account)
            log_look_alike(account)
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
        """Send the letter for a new password; the present one stays good until then."""
        await self._write(account, Letter.RESET)

    async def disable(self, account: Account) -> None:
        """Close the account, and end its sessions and API keys."""
        await self._directory.set_disabled(account.account_id, True)
        await self.revoke(account, "disabled")
        await self._publish(account, AccountChanged(fields=("disabled",)), new_id())

    async def enable(self, account: Account) -> None:
        """Open the account again; its password is the same."""
        await self._directory.set_disabled(account.account_id, False)
        await self._publish(account, AccountChanged(fields=("disabled",)), new_id())

    async def set_mails(self, account: Account, mails: MailPreference) -> None:
        """Choose which mails about its jobs the account gets."""
        await self._directory.set_mails(account.account_id, mails)
        await self._publish(account, AccountChanged(fields=("mails",)), new_id())

    async def revoke(self, account: Account, reason: str = "operator") -> None:
        """End all sessions and API keys of the account. The password stays good."""
        await self._sessions.end_account(account.account_id, self._clock(), reason)
        await self._publish(account, AccountRevoked(reason=reason), new_id())
        await self._sessions.mark_all_announced(account.account_id)

    async def erase(self, account: Account) -> None:
        """Remove address and password; the id stays in the log. A gateway deletes the account's jobs."""
        await self._directory.set_disabled(account.account_id, True)
        await self.revoke(account, "erased")
        await self._publish(account, AccountErased(reason="operator"))
        await self._directory.erase(account.account_id)

    async def _write(self, account: Account, letter: Letter) -> None:
        await self._publish(account, AccountLetterRequested(letter=letter), new_id())

    async def _publish(self, account: Account, payload: AccountPayload, occasion: str | None = None) -> None:
        event = event_of(account.account_id, payload, self._clock(), occasion, source=SOURCE)
        await self._publisher.publish(event)


async def find(directory: Directory, who: str) -> Account:
    """Return the account with this id or address. Raises NoSuchAccount, InvalidRequest."""
    account = await account_of(directory, who) if "@" in who else await directory.by_id(who)
    if account is None:
        raise NoSuchAccount(f"no account has this {'address' if '@' in who else 'id'}")
    return account
