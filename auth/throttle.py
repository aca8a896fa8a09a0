"""The wait before the next sign-in after wrong passwords: longer each time, and never for good.

Failures are counted for each account (existing or not) and for each client's address, in the database, so
that replicas count together. Only a verified and wrong password counts. A try that comes too early is refused
with a Retry-After and does not count. A stranger cannot lock a person out by failing all the time: an address
from which the account was signed in to lately waits for its own failures alone.

API keys and codes of issuers of OpenID Connect are throttled in the same way. Every registration counts, made
or not, by its e-mail address and by the client's address.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from msgspec import Struct

from auth.errors import TooManyFailures
from auth.stores.failures import Failures, FailureStore

KNOWN_FOR = timedelta(days=30)
FORGET_AFTER = timedelta(hours=1)


class Patience(Struct, frozen=True):
    """The number of failures without a wait, and the longest wait."""

    free: int
    longest: timedelta


ACCOUNT = Patience(5, timedelta(seconds=30))
ADDRESS = Patience(20, timedelta(seconds=60))
"""Behind one address there may be many people."""


class Try(Struct, frozen=True):
    """A try that was admitted: its keys, their failures, and the keys that were charged already.

    `account` counts the account's failures, or those from a trusted address alone.
    """

    account: str
    place: str
    trusted: str
    found: dict[str, Failures]
    charged: tuple[str, ...]


class Deed(StrEnum):
    """The kinds of tries. Each is counted separately."""

    SIGN_IN = "sign-in"
    REGISTRATION = "registration"
    KEY = "key"
    CODE = "code"


class Throttle:
    """Refuses tries after too many failures."""

    def __init__(self, store: FailureStore, clock: Callable[[], datetime], secret: bytes) -> None:
        """All replicas share the `secret`, which hashes the names, so the database does not reveal them."""
        self._store, self._clock, self._secret = store, clock, secret

    async def admit(self, name: str, address: str, deed: Deed = Deed.SIGN_IN) -> Try:
        """Admit a try. Raises TooManyFailures if it is too early for the account or the address.

        `name` is the account's e-mail address, or the hash of the secret that is tried.

        After enough failures, a try is counted before its result is known, so many at once do not get
        around the limit. Before that, many may sign in at once. Without an address only accounts count.
        """
        now = self._clock()
        account, place, trusted, own = self._keys(deed, name, address)
        found = await self._store.get((account, place, trusted, own), now)
        if address and trusted in found:
            account, counts = own, {own: ACCOUNT}
        else:
            counts = {account: ACCOUNT} | ({place: ADDRESS} if address else {})
        waits = (_wait(found[key], each, now) for key, each in counts.items() if key in found)
        wait = max(waits, default=0.0)
        if wait > 0:
            raise TooManyFailures("too many tries; try again later", wait)
        charged = [key for key, each in counts.items() if key in found and found[key].count >= each.free]
        for key in charged:
            await self._store.count(key, now, now + FORGET_AFTER)
        return Try(account, place if address else "", trusted if address else "", found, tuple(charged))

    async def failed(self, tried: Try) -> None:
        """Count a wrong password."""
        now = self._clock()
        for key in (tried.account, tried.place):
            if key and key not in tried.charged:
                await self._store.count(key, now, now + FORGET_AFTER)

    async def let_go(self, tried: Try) -> None:
        """Take back what was charged: nothing was verified."""
        for key in tried.charged:
            await self._store.uncount(key)

    async def succeeded(self, tried: Try) -> None:
        """Reset the account's count, and trust the address for it."""
        now = self._clock()
        if tried.account in tried.found or tried.account in tried.charged:
            await self._store.forget(tried.account)
        if tried.place in tried.charged:
            await self._store.uncount(tried.place)
        trusted = tried.found.get(tried.trusted, Failures())
        if tried.trusted and (trusted.last is None or now - trusted.last > timedelta(days=1)):
            await self._store.count(tried.trusted, now, now + KNOWN_FOR)

    def _keys(self, deed: Deed, name: str, address: str) -> tuple[str, str, str, str]:
        """Return the keys of account, address, the trust in both, and the failures of both."""
        place = network(address)
        parts = (("account", name), ("address", place), ("known", name, place), ("own", name, place))
        account, address, known, own = (self._hashed(deed, *each) for each in parts)
        return account, address, known, own

    def _hashed(self, *parts: str) -> str:
        return hmac.digest(self._secret, "\0".join(parts).encode(), "sha256").hex()


def _wait(failures: Failures, patience: Patience, now: datetime) -> float:
    """Return for how many seconds the next try is too early."""
    if failures.last is None or failures.count < patience.free:
        return 0.0
    delay = min(timedelta(seconds=2.0 ** min(failures.count - patience.free, 10)), patience.longest)
    return max(0.0, (failures.last + delay - now).total_seconds())


def network(address: str) -> str:
    """Return the network of one client: of IPv6, its /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64)
    return str(found)
