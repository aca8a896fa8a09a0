"""Limits for letters, so that nobody can flood a mailbox or abuse the mail server.

Only letters that go out count. So a stranger who keeps asking cannot hold up the next letter.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from auth.errors import TooManyFailures
from auth.stores.failures import FailureStore
from auth.throttle import network

WINDOW = timedelta(hours=1)
"""A count expires this long after the last letter."""
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
        if address and not await self._counted(f"letters from {network(address)}", PER_CLIENT):
            raise TooManyFailures("too many letters were asked for; try again later", WINDOW.total_seconds())

    async def allow(self, account_id: str) -> bool:
        """Return True and count the letter if the account may be sent one more."""
        return await self._counted(f"letters to {account_id}", PER_ACCOUNT)

    async def _counted(self, what: str, most: int) -> bool:
        key, now = hmac.digest(self._secret, what.encode(), "sha256").hex(), self._clock()
        found = await self._store.get([key], now)
        if key in found and found[key].count >= most:
            return False
        await self._store.count(key, now, now + WINDOW)
        return True
