"""Accounts: register, sign in, look up."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

import structlog
from msgspec.structs import replace

from auth.addresses import account_of, log_look_alike, registrable, spellings
from auth.announcements import Announcer, event_of
from auth.errors import (
    AlreadyRegistered,
    BadCredentials,
    Busy,
    InvalidRequest,
    NoSuchAccount,
    TooManyFailures,
)
from auth.passwords.passwords import Passwords
from auth.sessions.sessions import Grant, Sessions
from auth.stores.directory import MAX_EMAIL, USER, Account, Directory
from auth.throttle import Deed, Throttle
from events.envelope import Event
from events.errors import Unavailable
from events.ids import new_id
from events.types import AccountRegistered, AccountSignInRefused
from service.networks import network

REFUSAL_SECONDS = 0.5
"""Longer than most imported hashes take: bcrypt by 12 290 ms, PBKDF2 by a million 380 ms."""
MOST_AT_ONCE = 4
"""Sign-ins of one network whose refusals are made to take the same time: they keep places at the gateway."""

log = structlog.get_logger()


class Accounts:
    """Registrations and sign-ins by password."""

    def __init__(
        self,
        *,
        directory: Directory,
        passwords: Passwords,
        announcer: Announcer,
        sessions: Sessions,
        throttle: Throttle,
        clock: Callable[[], datetime],
        refusal_seconds: float = REFUSAL_SECONDS,
    ) -> None:
        """`clock` returns an aware time. A refused password takes `refusal_seconds`, its wait not counted."""
        self._refusal_seconds = refusal_seconds
        self._directory = directory
        self._hasher, self.rules = passwords.hasher, passwords.rules
        self._announcer = announcer
        self._sessions = sessions
        self._throttle, self._under_way = throttle, Counter[str]()
        self._clock = clock

    async def register(
        self, email: str, password: str, roles: tuple[str, ...] = (USER,), *, address: str = ""
    ) -> Account:
        """Make an account; `address` is the client's, if known.

        It exists once the directory has it, even while the broker is away (see `auth.announcements`). An
        address that is taken takes as long as a new one: no less than a refused password.
        Raises InvalidRequest, TooManyFailures, AlreadyRegistered, Busy, DirectoryUnavailable.
        """
        email = registrable(email)
        self.rules.check(password, email)
        await self._throttle.failed(await self._throttle.admit(email, address, Deed.REGISTRATION))
        began = time.monotonic()
        try:
            return await self.add(email, password, roles)
        finally:
            await asyncio.sleep(began + self._refusal_seconds - time.monotonic())

    async def add(self, email: str, password: str, roles: tuple[str, ...]) -> Account:
        """Make an account of a registrable address; the password is not checked against the rules.

        Raises AlreadyRegistered, Busy, DirectoryUnavailable.
        """
        hash_ = await self._hasher.hash(password)
        if await account_of(self._directory, email):
            raise AlreadyRegistered("an account with this address exists")
        account = new_account(email, roles, self._clock(), password_hash=hash_)
        await self._directory.add(account)
        log_look_alike(account)
        await self._announcer.publish(*self._registration(account))
        return account

    async def expect(self, email: str, roles: tuple[str, ...]) -> Account:
        """Make an account of a registrable address, without a password until its holder has confirmed it."""
        account = new_account(email, roles, self._clock())
        await self._directory.add(account)
        log_look_alike(account)
        self._announcer.publish_soon(*self._registration(account))
        return account

    async def sign_in(
        self, email: str, password: str, *, address: str = "", lasting: bool = True, program: str = ""
    ) -> Grant:
        """Begin a session (see `Sessions.begin`); `address` is the client's, if known.

        An unknown e-mail address takes as long as a wrong password, also where the hash was imported. A
        refusal does not wait for the broker. So the time does not show which addresses have accounts.
        Raises BadCredentials, TooManyFailures, Busy, DirectoryUnavailable.
        """
        async with self._alike(network(address)) as tacitly:
            with self._hasher.place():
                account, seconds = await self._verified(email, password, address, tacitly=tacitly)
                if account:
                    account = await self._rehashed(account, password)
        if account is None:
            await asyncio.sleep(max(0.0, self._refusal_seconds - seconds))
            raise BadCredentials("no account has this address and password")
        if not account.announced:
            self._announcer.publish_soon(*self._registration(account))

        async def still_right(found: Account) -> bool:
            unchanged = found.password_hash == account.password_hash
            return unchanged or await self._hasher.verify(password, found.password_hash)

        return await self._sessions.begin(account, lasting=lasting, still_right=still_right, program=program)

    @asynccontextmanager
    async def _alike(self, place: str) -> AsyncIterator[bool]:
        """Make refusals by the throttle take the same time, with or without a look at a password.

        That is long enough for a place in the queue and for a hash. Yields False for a network that has
        MOST_AT_ONCE under way: in a wait, no password is looked at then, and the refusal comes at once.
        """
        began, tacitly = time.monotonic(), bool(place) and self._under_way[place] < MOST_AT_ONCE
        self._under_way[place] += 1
        try:
            yield tacitly
        except TooManyFailures:
            if tacitly:
                await asyncio.sleep(began + 2 * self._refusal_seconds - time.monotonic())
            raise
        finally:
            self._under_way -= {place: 1}

    async def _verified(
        self, email: str, password: str, address: str, *, tacitly: bool
    ) -> tuple[Account | None, float]:
        """Return the account if this is its password, and the seconds that hashing took."""
        try:
            name, is_address = spellings(email)[0], True
        except InvalidRequest:  # no account has it
            name, is_address = email.strip().lower()[:MAX_EMAIL], False
        tried = await self._throttle.admit(name, address, tacitly=tacitly)
        try:
            account = await account_of(self._directory, email) if is_address else None
            right, seconds = await self._hasher.examine(password, account.password_hash if account else None)
        except Unavailable:
            await self._throttle.let_go(tried)
            if tried.refusal:
                raise tried.refusal from None
            raise
        if account is None or not right or account.disabled or not account.verified:
            await self._throttle.failed(tried)
            if account:
                state = "disabled" if account.disabled else "unverified"
                refused = AccountSignInRefused(reason=state if right else "wrong_password")
                self._announcer.publish_soon(event_of(account.account_id, refused, self._clock(), new_id()))
            if tried.refusal:
                raise tried.refusal
            return None, seconds
        await self._throttle.succeeded(tried)
        return account, seconds

    async def get(self, account_id: str) -> Account:
        """Return an account. Raises NoSuchAccount, DirectoryUnavailable."""
        account = await self._directory.by_id(account_id)
        if account is None:
            raise NoSuchAccount("no account has this id")
        return account

    async def has_password(self, account: Account, password: str) -> bool:
        """Return True if this is the account's password; no session begins. Raises Busy."""
        return await self._hasher.verify(password, account.password_hash)

    async def announce_rest(self, limit: int = 100) -> None:
        """Announce accounts that were registered while the broker was away, `limit` at a time.

        Ends when none is left, or when the first of a batch was not confirmed: the broker is away again.
        """
        tried = ""
        while (page := await self._directory.unannounced(limit)) and page[0].account_id != tried:
            tried = page[0].account_id
            await asyncio.gather(*(self._announcer.publish(*self._registration(account)) for account in page))

    async def _rehashed(self, account: Account, password: str) -> Account:
        """Hash anew when the parameters have changed: only now is the password at hand."""
        if not self._hasher.outdated(account.password_hash):
            return account
        try:
            new = await self._hasher.hash(password)
            await self._directory.rehash(account.account_id, account.password_hash, new)
        except (Busy, Unavailable) as error:  # the next sign-in tries again
            log.warning("rehash_put_off", account_id=account.account_id, error=str(error))
            return account
        return replace(account, password_hash=new)

    def _registration(self, account: Account) -> tuple[Event, Callable[[], Awaitable[None]]]:
        """Return the event, and what to do once it is in the log."""
        return registered(account), partial(self._directory.mark_announced, account.account_id)


def new_account(email: str, roles: tuple[str, ...], now: datetime, *, password_hash: str = "") -> Account:
    """Return an account; without a password it is not verified."""
    return Account(
        account_id=new_id(),
        email=email,
        password_hash=password_hash,
        roles=roles,
        created=now,
        verified=bool(password_hash),
    )


def registered(account: Account) -> Event:
    """Return the event of a registration. Its id is always the same."""
    return event_of(account.account_id, AccountRegistered(roles=account.roles), account.created)
