"""New passwords: by the token of a letter, or by the present password.

The reader of a letter has the mailbox, so a token also confirms the address. The password is chosen at that
moment and not at the registration, so a stranger who registered the address gains nothing.
"""

from collections.abc import Callable
from datetime import datetime

from auth.accounts.letters import INTO_AN_ACCOUNT, Letters
from auth.accounts.password_check import PasswordCheck
from auth.announcements import Announcer, event_of
from auth.errors import InvalidToken, LinkSpent
from auth.keys.access_tokens import Claims
from auth.passwords.passwords import Passwords
from auth.sessions.open_account import open_account
from auth.sessions.sessions import Sessions
from auth.stores.directory import Account, Directory
from events.ids import new_id
from events.types import AccountChanged, Letter


class PasswordChanges:
    """Sets new passwords. Every method raises InvalidRequest for a password that the rules forbid, Busy, and
    DirectoryUnavailable; then nothing has changed, and a token is still good.
    """

    def __init__(
        self,
        *,
        directory: Directory,
        passwords: Passwords,
        letters: Letters,
        sessions: Sessions,
        password_check: PasswordCheck,
        announcer: Announcer,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory, self._passwords = directory, passwords
        self._letters, self._sessions, self._password_check = letters, sessions, password_check
        self._announcer, self._clock = announcer, clock

    async def confirm(self, token: str, password: str) -> None:
        """Finish a registration, or accept an invitation. Raises LinkSpent."""
        await self._by_letter(token, password, *INTO_AN_ACCOUNT)

    async def reset(self, token: str, password: str) -> None:
        """Replace a forgotten password, and end all sessions and API keys. Raises LinkSpent."""
        account = await self._by_letter(token, password, Letter.RESET)
        await self._sessions.end_account(account.account_id, "password_reset")
        self._letters.ask(account.account_id, Letter.PASSWORD_CHANGED)

    async def change(self, claims: Claims, current: str, password: str, *, address: str) -> None:
        """Replace the password of the account of these claims, and end its other sessions.

        Raises TooManyFailures.
        """
        account = await open_account(self._directory, claims.sub)
        await self._password_check.check(account, current, field="current", address=address)
        hash_ = await self._passwords.hash_new(password, account.email)
        await self._letters.void(account.account_id)
        if not await self._directory.rehash(account.account_id, account.password_hash, hash_):
            raise InvalidToken("the password was replaced meanwhile, and this session with it")
        await self._sessions.end_others(account.account_id, keep=claims.sid, reason="password_changed")
        self._publish(account)
        self._letters.ask(account.account_id, Letter.PASSWORD_CHANGED)

    async def _by_letter(self, token: str, password: str, *letters: Letter) -> Account:
        account = await self._letters.reader(token, letters)
        hash_ = await self._passwords.hash_new(password, account.email)
        await self._letters.take(token, letters)
        if not await self._directory.set_password(account.account_id, hash_):
            raise LinkSpent("the account does not exist any more")
        self._publish(account)
        return account

    def _publish(self, account: Account) -> None:
        fields = ("password",) if account.verified else ("password", "verified")
        changed = AccountChanged(fields=fields)
        self._announcer.publish_soon(event_of(account.account_id, changed, self._clock(), new_id()))
