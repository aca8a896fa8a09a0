"""The wait before the next sign-in after wrong passwords: longer each time, and never for good.

Failures are counted for each account (existing or not) and for each client's network, in the database, so
that replicas count together. Only a verified and wrong password counts. A try that comes too early is refused
with a Retry-After and does not count.

A stranger cannot lock a person out by failing all the time: from a network where the account was signed in to
lately, the right password opens it even while others have to wait. Such a try is tacit: if it fails, the
caller learns of the wait that everybody has, and nothing else. So a block looks the same for accounts that
exist and for made-up ones. A success changes no count that others share: it makes no block longer, and who
has an account cannot end the block of a network by signing in.

API keys, codes of issuers of OpenID Connect and codes of devices are throttled in the same way. Every
registration counts, made or not, by its e-mail address and by the client's network; and every device that
asks to be let in, by its network.
"""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from auth.errors import TooManyFailures
from auth.stores.failures import Failures, FailureStore
from service.networks import network, shares

KNOWN_FOR = timedelta(days=30)
FORGET_AFTER = timedelta(hours=1)


class Patience(Struct, frozen=True):
    """The number of failures without a wait, and the longest wait."""

    free: int
    longest: timedelta


ACCOUNT = Patience(5, timedelta(seconds=30))
ADDRESS = Patience(20, timedelta(seconds=60))
"""Behind one address there may be many people."""


class Try(Struct, frozen=True, kw_only=True):
    """A try that was admitted: the keys that count its failure, and those that were charged already.

    `charged` has the failures before the charge at the time `at`. `wait` is above 0 for a tacit try: the
    seconds that a stranger has to wait.
    """

    counts: tuple[str, ...]
    charged: Mapping[str, Failures]
    at: datetime
    wait: float = 0.0
    known: str = ""
    known_since: datetime | None = None
    own: str = ""

    @property
    def refusal(self) -> TooManyFailures | None:
        """The refusal that the caller gets for a failed tacit try, instead of what failed."""
        return TooManyFailures(_TOO_MANY, self.wait) if self.wait else None


class Deed(StrEnum):
    """The kinds of tries. Each is counted separately."""

    SIGN_IN = "sign-in"
    REGISTRATION = "registration"
    KEY = "key"
    CODE = "code"
    DEVICE = "device"
    USER_CODE = "user-code"


class _Keys(Struct, frozen=True):
    """The keys of a try: shared ones, the trust in an account at a network, and the failures of both."""

    shared: Mapping[str, Patience]
    known: str = ""
    own: str = ""

    def all(self) -> list[str]:
        return [key for key in (*self.shared, self.known, self.own) if key]


_TOO_MANY = "too many tries; try again later"


class Throttle:
    """Refuses tries after too many failures."""

    def __init__(self, store: FailureStore, clock: Callable[[], datetime], secret: bytes) -> None:
        """All replicas share the `secret`, which hashes the names, so the database does not reveal them."""
        self._store, self._clock, self._secret = store, clock, secret

    async def admit(self, name: str, address: str, deed: Deed = Deed.SIGN_IN, *, tacitly: bool = True) -> Try:
        """Admit a try. Raises TooManyFailures if it is too early for the account or the network.

        `name` is the account's e-mail address, or the hash of the secret that is tried. Unless `tacitly`,
        nobody is admitted during a wait, known or not.

        After enough failures, a try is counted before its result is known, and only one is admitted then.
        Before that, many may sign in at once. Without an address only accounts count.
        """
        now, keys = self._clock(), self._keys(deed, name, address)
        found = await self._store.get(keys.all(), now)
        wait, counts = _longest(keys.shared, found, now), keys.shared
        if wait > 0:
            counts = {keys.own: ACCOUNT}
            if not tacitly or keys.known not in found or _longest(counts, found, now) > 0:
                raise TooManyFailures(_TOO_MANY, wait)
        return Try(
            counts=tuple(counts),
            charged=await self._charged(counts, found, now, wait),
            at=now,
            wait=wait,
            known=keys.known,
            known_since=found[keys.known].last if keys.known in found else None,
            own=keys.own if keys.own in found else "",
        )

    async def failed(self, tried: Try) -> None:
        """Count a wrong password."""
        now = self._clock()
        for key in tried.counts:
            if key not in tried.charged:
                await self._store.count(key, now, now + FORGET_AFTER)

    async def let_go(self, tried: Try) -> None:
        """Take back what was charged: nothing was verified."""
        await self._refund(tried.charged, tried.at)

    async def succeeded(self, tried: Try) -> None:
        """Leave all counts as they were before the try, and trust the network for the account."""
        now = self._clock()
        await self._refund(tried.charged, tried.at)
        if tried.own:
            await self._store.forget(tried.own)
        if tried.known and (tried.known_since is None or now - tried.known_since > timedelta(days=1)):
            await self._store.count(tried.known, now, now + KNOWN_FOR)

    async def _charged(
        self, counts: Mapping[str, Patience], found: Mapping[str, Failures], now: datetime, wait: float
    ) -> dict[str, Failures]:
        """Charge each key that has no failure left without a wait. Raises TooManyFailures for a rival."""
        charged: dict[str, Failures] = {}
        for key, patience in counts.items():
            before = found.get(key, Failures())
            if before.count < patience.free:
                continue
            if not await self._store.charge(key, before, now, now + FORGET_AFTER):
                await self._refund(charged, now)
                rival = Failures(before.count + 1, now)
                raise TooManyFailures(_TOO_MANY, wait or _wait(rival, patience, now))
            charged[key] = before
        return charged

    async def _refund(self, charged: Mapping[str, Failures], at: datetime) -> None:
        for key, before in charged.items():
            await self._store.refund(key, before, at, (before.last or at) + FORGET_AFTER)

    def _keys(self, deed: Deed, name: str, address: str) -> _Keys:
        shared = {self._hashed(deed, "account", name): ACCOUNT}
        if not address:
            return _Keys(shared)
        for place, clients in shares(address).items():
            patience = Patience(ADDRESS.free * clients, ADDRESS.longest)
            shared[self._hashed(deed, "address", place)] = patience
        place = network(address)
        known, own = (self._hashed(deed, kind, name, place) for kind in ("known", "own"))
        return _Keys(shared, known, own)

    def _hashed(self, *parts: str) -> str:
        return hmac.digest(self._secret, "\0".join(parts).encode(), "sha256").hex()


def _longest(counts: Mapping[str, Patience], found: Mapping[str, Failures], now: datetime) -> float:
    """Return for how many seconds the next try is too early for one of these keys."""
    return max((_wait(found[key], each, now) for key, each in counts.items() if key in found), default=0.0)


def _wait(failures: Failures, patience: Patience, now: datetime) -> float:
    if failures.last is None or failures.count < patience.free:
        return 0.0
    delay = min(timedelta(seconds=2.0 ** min(failures.count - patience.free, 10)), patience.longest)
    return max(0.0, (failures.last + delay - now).total_seconds())
