"""Limits on how many requests wait at once: each takes a connection and memory, and both are limited.

Where a request waits for its own client, the longest wait gives way: an honest client is done in a moment.
Where it waits for another service, the newcomer is turned away: the others are nearer to their answer.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gateway.errors import Crowded, TooManyDownloads
from service.networks import shares


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
    """Downloads under way: so many of one account, of one client's address, and altogether."""

    def __init__(self, *, of_account: int, of_address: int, most: int) -> None:
        self._of_account, self._of_address, self._most = of_account, of_address, most
        self._counts: Counter[str] = Counter()
        self._all = 0

    @contextmanager
    def one(self, account: str, address: str) -> Iterator[None]:
        """Count one for the block. Raises TooManyDownloads or Crowded where there is no room for it."""
        limits = {f"of {account}": self._of_account} | {
            f"from {place}": self._of_address * clients for place, clients in shares(address).items()
        }
        for whose, limit in limits.items():
            if self._counts[whose] >= limit:
                raise TooManyDownloads(f"{limit} downloads of yours are under way; let one end first")
        if self._all >= self._most:
            raise Crowded("too many downloads are under way; try again in a moment")
        self._all += 1
        self._counts.update(limits.keys())
        try:
            yield
        finally:
            self._all -= 1
            for whose in limits:
                self._counts[whose] -= 1
                if not self._counts[whose]:
                    del self._counts[whose]
