"""Letters to the holders of accounts, and the tokens in their links.

The event of a letter holds only its kind. The notifier takes it as work, and asks auth for address and token
when it sends. The token is made at that moment and leaves by that answer alone, so it is in no event, no
queue and no log line. Only its hash is stored. It is good once, for a limited time, and for one kind of
letter; a later letter of the same kind replaces it. Work that is delivered again gets one more token for the
same letter, as the first mail may have gone out or not.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from msgspec import Struct

from auth import opaque
from auth.announcements import Announcer, event_of
from auth.errors import LinkSpent, NoSuchAccount
from auth.stores.directory import Account, Directory
from auth.stores.letters import Issued, LetterStore
from events.ids import new_id
from events.types import AccountLetterRequested, Letter

LIFETIMES = {
    Letter.VERIFY: timedelta(days=1),
    Letter.RESET: timedelta(hours=1),
    Letter.INVITATION: timedelta(days=7),
}
"""The letters with a link, and the time for which it is good. None is shorter than `letter_limits.WINDOW`:
however many letters a stranger requests, the last one is still good."""
INTO_AN_ACCOUNT = (Letter.VERIFY, Letter.INVITATION)
"""Letters to accounts that are not verified yet."""


class Granted(Struct, frozen=True):
    """The address and the token of a letter; the token is empty for a kind without a link."""

    email: str
    token: str = ""
    seconds: int = 0

    def __repr__(self) -> str:
        return "Granted(…)"


class Letters:
    """All letters. Every method but `ask` raises DirectoryUnavailable when the database is away."""

    def __init__(
        self,
        *,
        store: LetterStore,
        directory: Directory,
        announcer: Announcer,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._directory = store, directory
        self._announcer, self._clock = announcer, clock

    def ask(self, account_id: str, letter: Letter) -> None:
        """Publish the event that asks for a letter, in the background."""
        wanted = AccountLetterRequested(letter=letter)
        self._announcer.publish_soon(event_of(account_id, wanted, self._clock(), new_id()))

    async def grant(self, account_id: str, letter: Letter, cause: str) -> Granted:
        """Return address and a new token. Raises NoSuchAccount, also if the letter is of no use any more."""
        account = await self._directory.by_id(account_id)
        if account is None or not _is_of_use(letter, account):
            raise NoSuchAccount("no account has this id, or it has no use for this letter")
        if letter not in LIFETIMES:
            return Granted(account.email)
        token, lifetime = opaque.make(opaque.LETTER), LIFETIMES[letter]
        await self._store.issue(
            Issued(
                digest=opaque.digest(token),
                account_id=account_id,
                letter=letter,
                cause=cause,
                expires=self._clock() + lifetime,
            )
        )
        return Granted(account.email, token, int(lifetime.total_seconds()))

    async def reader(self, token: str, letters: Collection[Letter]) -> Account:
        """Return the account of a token, which stays good. Raises LinkSpent."""
        if opaque.is_well_formed(token, opaque.LETTER):
            found = await self._store.find(opaque.digest(token), letters, self._clock())
            account = await self._directory.by_id(found.account_id) if found else None
            if found and account and _is_of_use(found.letter, account):
                return account
        raise LinkSpent("the link was used, has expired, or is not one of ours: ask for another")

    async def take(self, token: str, letters: Collection[Letter]) -> None:
        """Use a token up, and with it all others of its account. Raises LinkSpent."""
        if await self._store.take(opaque.digest(token), letters, self._clock()) is None:
            raise LinkSpent("the link was used, has expired, or is not one of ours: ask for another")

    async def void(self, account_id: str) -> None:
        """Void all links of an account."""
        await self._store.void(account_id)

    async def awaited(self, account_id: str) -> bool:
        """Return True if a link of the account is still good."""
        return await self._store.awaited(account_id, self._clock())


def _is_of_use(letter: Letter, account: Account) -> bool:
    """Return True if the account may be sent this letter, and its link would still work."""
    return not account.disabled and not (letter in INTO_AN_ACCOUNT and account.verified)
