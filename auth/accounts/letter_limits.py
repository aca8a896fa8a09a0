"""Limits for letters, so that nobody can flood a mailbox or abuse the mail server.

Only letters that go out count. So a stranger who keeps asking cannot hold up the next letter.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from auth.errors import TooManyFailures
from auth.stores.failures import FailureStore
from service.networks import shares

WINDOW = timedelta(hours=1)
"""A count ends this long after the first letter: who asks now and then is never held up."""
PER_ACCOUNT = 3
PER_CLIENT = 30
"""Behind one address there may be many people."""


class LetterLimits:
    """Counts letters by account and by client. Both methods raise DirectoryUnavailable."""

    def __init__(self, store: FailureStore, clock: Callable[[], datetime], secret: bytes) -> None:
        """All replicas share the `secret`, which hashes the addresses."""
        self._store, self._clock, self._secret = store, clock, secret

    async def admit(self, address: str) -> None:
        """Let a client ask for a letter, whether it will go out or not. Raises TooManyFailures."""
        for place, clients in shares(address).items() if address else ():
            if ends := await self._full(f"letters from {place}", PER_CLIENT * clients):
                seconds = max(1.0, (ends - self._clock()).total_seconds())
                raise TooManyFailures("too many letters were asked for; try again later", seconds)

    async def allow(self, account_id: str) -> bool:
        """Return True and count the letter if the account may be sent one more."""
        return await self._full(f"letters to {account_id}", PER_ACCOUNT) is None

    async def _full(self, what: str, most: int) -> datetime | None:
        key, now = hmac.digest(self._secret, what.encode(), "sha256").hex(), self._clock()
        return await self._store.admit(key, most, now, now + WINDOW)
