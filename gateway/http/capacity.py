"""How many may wait at once. Whoever waits takes a connection, of which the server has a limited number.

Where waiting is for the client, who has waited longest makes room: who means well is done in a moment.
Where it is for somebody else, who comes last is turned away: the others are nearer to what they wait for.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gateway.errors import Crowded


class Patients:
    """Those who wait for their clients, `most` at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[asyncio.Timeout, None] = {}  # who has waited longest comes first

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """Wait in the block for so long. Raises TimeoutError, earlier if it has to make room."""
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


class Places:
    """What `most` may use at a time."""

    def __init__(self, most: int) -> None:
        self._free = most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a place for the block. Raises Crowded."""
        if not self._free:
            raise Crowded("too many ask for this at once; try again in a moment")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
