"""How long a sign-in must wait after wrong passwords: longer each time, and never for good.

Counted for each account (whether it exists or not) and for each client's address, in the database, so that
replicas count together. Only what was verified and wrong counts; who comes too early is told when to come
again, and that makes nothing worse. So that a stranger cannot keep somebody out by failing all the time, an
address from which the account was signed in to lately waits for its own failures alone.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Protocol

from msgspec import Struct

from auth.errors import TooManyFailures

KNOWN_FOR = timedelta(days=30)
FORGET_AFTER = timedelta(hours=1)


class Patience(Struct, frozen=True):
    """Failures that cost nothing, and the most that one may cost."""

    free: int
    longest: timedelta


ACCOUNT = Patience(5, timedelta(seconds=30))
ADDRESS = Patience(20, timedelta(seconds=60))
"""Behind one address there may be many people."""


class Failures(Struct, frozen=True):
    """How often somebody has failed, and when last."""

    count: int = 0
    last: datetime | None = None

    def wait(self, patience: Patience, now: datetime) -> float:
        """Return for how many seconds the next try is too early."""
        if self.last is None or self.count < patience.free:
            return 0.0
        delay = min(timedelta(seconds=2.0 ** min(self.count - patience.free, 10)), patience.longest)
        return max(0.0, (self.last + delay - now).total_seconds())


class FailureStore(Protocol):
    """Counts failures by key. Every method raises DirectoryUnavailable when it cannot."""

    async def get(self, keys: Sequence[str], now: datetime) -> dict[str, Failures]:
        """Return what is known of these keys and not to be forgotten yet."""
        ...

    async def count(self, key: str, now: datetime, until: datetime) -> None:
        """Count one more failure, remembered until then."""
        ...

    async def uncount(self, key: str) -> None:
        """Take one back."""
        ...

    async def forget(self, key: str) -> None:
        """Begin anew."""
        ...


class Throttle:
    """Says no to who fails too often."""

    def __init__(self, store: FailureStore, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def charge(self, email: str, address: str) -> None:
        """Count a failure before it is one, so that many tries at once are no way around.

        Raises TooManyFailures, counting nothing, when it is too early for this account or from this address.
        Without an address, only accounts count.
        """
        now = self._clock()
        account, place, known = _keys(email, address)
        found = await self._store.get((account, place, known), now)
        waits = [found.get(place, Failures()).wait(ADDRESS, now)] if address else [0.0]
        if known not in found:
            waits.append(found.get(account, Failures()).wait(ACCOUNT, now))
        if (wait := max(waits)) > 0:
            raise TooManyFailures("too many wrong passwords; try again later", wait)
        for key in (account, place):
            await self._store.count(key, now, now + FORGET_AFTER)

    async def refund(self, email: str, address: str) -> None:
        """Take it back: nothing was verified."""
        account, place, _ = _keys(email, address)
        for key in (account, place):
            await self._store.uncount(key)

    async def succeeded(self, email: str, address: str) -> None:
        """Begin anew for the account, and trust the address with it."""
        now = self._clock()
        account, place, known = _keys(email, address)
        await self._store.forget(account)
        await self._store.uncount(place)
        if address:
            await self._store.count(known, now, now + KNOWN_FOR)


def _keys(email: str, address: str) -> tuple[str, str, str]:
    """Return the keys of account, address and both. Hashed: whose they are need not be kept."""
    place = _network(address)
    return _hashed("account", email), _hashed("address", place), _hashed("known", email, place)


def _network(address: str) -> str:
    """Return what one client can choose from: of IPv6, its /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64)
    return str(found)


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
