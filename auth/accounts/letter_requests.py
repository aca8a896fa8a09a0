"""Requests for letters, which anybody may make about any address.

They are answered before the address is looked up. So neither the text nor the time of the answer shows
whether there is an account. One task then works on the requests, one at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from auth.accounts.accounts import Accounts
from auth.accounts.letter_limits import LetterLimits
from auth.accounts.letters import Letters
from auth.addresses import account_of, registrable
from auth.errors import AlreadyRegistered, Busy
from auth.stores.directory import USER, Account, Directory, normalised
from events.errors import Unavailable
from events.types import Letter

MOST_WAITING = 100

log = structlog.get_logger()


class LetterRequests:
    """The queue of requests, and the task (`run`) that works on it.

    Every request raises InvalidRequest for a bad address, TooManyFailures for a client that asks too often,
    Busy when too many wait, and Unavailable while letters cannot be sent.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        directory: Directory,
        letters: Letters,
        limits: LetterLimits,
        log_is_there: Callable[[], bool],
    ) -> None:
        self._accounts, self._directory = accounts, directory
        self._letters, self._limits, self._log_is_there = letters, limits, log_is_there
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(MOST_WAITING)

    async def register(self, email: str, *, address: str) -> None:
        """Request the letter that confirms a new account."""
        await self._take(partial(self._register, registrable(email)), address)

    async def forgot(self, email: str, *, address: str) -> None:
        """Request the letter by which a new password can be chosen, if there is such an account.

        An account without a password belongs to an issuer of OpenID Connect and gets no letter. A mailbox
        would be a way around that issuer, which may have let its user enter another person's address.
        """
        await self._take(partial(self._forgot, normalised(email)), address)

    async def run(self) -> None:
        """Work on the requests, for ever."""
        while True:
            do = await self._waiting.get()
            try:
                await do()
            except Unavailable as error:
                log.warning("letter_given_up", error=str(error))
            except Exception as error:  # its text may hold an address
                log.error("letter_failed", error=type(error).__name__)
            finally:
                self._waiting.task_done()

    async def settled(self) -> None:
        """Return when the queue is empty."""
        await self._waiting.join()

    async def _take(self, do: Callable[[], Awaitable[None]], address: str) -> None:
        if not self._log_is_there():
            raise Unavailable("the broker is away")
        await self._limits.admit(address)
        try:
            self._waiting.put_nowait(do)
        except asyncio.QueueFull:
            raise Busy("too many requests at once") from None

    async def _register(self, email: str) -> None:
        account = await account_of(self._directory, email)
        if account is None:
            try:
                account = await self._accounts.expect(email, (USER,))
            except AlreadyRegistered:  # by another replica, a moment ago
                return
        await self._write(account, Letter.ALREADY_REGISTERED if account.verified else Letter.VERIFY)

    async def _forgot(self, email: str) -> None:
        account = await account_of(self._directory, email)
        if account and (account.password_hash or not await self._directory.identities(account.account_id)):
            await self._write(account, Letter.RESET)

    async def _write(self, account: Account, letter: Letter) -> None:
        if not account.disabled and await self._limits.allow(account.account_id):
            self._letters.ask(account.account_id, letter)
