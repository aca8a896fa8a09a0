"""Limits on how many requests wait at once: each takes a connection and memory, and both are limited.

Where a request waits for its own client, the longest wait gives way: an honest client is done in a moment.
Where it waits for another service, the newcomer is turned away: the others are nearer to their answer.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gateway.errors import Crowded, TooManyDownloads


class BoundedWaits:
    """Waits for clients, `most` at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[asyncio.Timeout, None] = {}  # the longest wait comes first

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """Give the block so long. Raises TimeoutError, earlier where it has to give way to another."""
        async with asyncio.timeout(seconds) as mine:
            self._waiting[mine] = None
            if len(self._waiting) > self._most:
                longest = next(iter(self._waiting))
                del self._waiting[longest]
                if not longest.expired():
                    longest.reschedule(0.0)
            try:
                yield
            finally:
                self._waiting.pop(mine, None)


class Slots:
    """Requests to another service, `most` at a time."""

    def __init__(self, most: int) -> None:
        self._free = most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a slot for the block. Raises Crowded."""
        if not self._free:
            raise Crowded("too many ask for this at once; try again in a moment")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class Downloads:
    """Downloads under way: so many of one account, and so many altogether."""

    def __init__(self, of_account: int, most: int) -> None:
        self._of_account, self._most = of_account, most
        self._counts: Counter[str] = Counter()

    def check(self, account: str) -> None:
        """Raise TooManyDownloads or Crowded where there is no room for one more."""
        if self._counts[account] >= self._of_account:
            raise TooManyDownloads(
                f"your account has {self._of_account} downloads under way; let one end first"
            )
        if self._counts.total() >= self._most:
            raise Crowded("too many downloads are under way; try again in a moment")

    @contextmanager
    def one(self, account: str) -> Iterator[None]:
        """Count one for the block."""
        self._counts[account] += 1
        try:
            yield
        finally:
            self._counts[account] -= 1
            self._counts += Counter()  # forgets who has none
