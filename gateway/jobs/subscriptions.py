"""Subscriptions to the live events, each with a bounded queue.

A subscription whose client does not keep up is ended rather than waited for: the browser reconnects with
`Last-Event-ID` and misses nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from events.envelope import Recorded
from events.log.progress import Progress

MOST_OF_ACCOUNT = 20
"""Streams that an account may have open at a time."""

ELSEWHERE = ""
"""The job of a subscription that gets no events here: its stream only has to end in time."""

MOST_WAITS_OF_ACCOUNT = 50
"""Requests of an account that may wait for the end of a job at a time. What is more is answered at once."""

LONGEST_QUEUE = 1000
"""Events that may wait for one client. Progress is dropped from half of it on: it is not state."""


class Subscription:
    """The live events of one account, or of one of its jobs, from the moment of subscribing."""

    def __init__(self, account: str, job_id: str | None, *, waits: bool) -> None:
        """`waits`: for the end of a job, in a request that is no stream."""
        self.account, self.job_id, self.waits = account, job_id, waits
        self._queue: asyncio.Queue[Recorded | Progress | None] = asyncio.Queue()
        self.ended = self.revoked = False

    @property
    def idle(self) -> bool:
        """True if nothing waits: all that is in the answers by now was taken."""
        return self._queue.empty()

    async def take(self, timeout: float) -> Recorded | Progress | None:
        """Return the next one. None: the subscription ended. Raises TimeoutError after a silence."""
        if self.revoked or (self.ended and self._queue.empty()):
            return None
        async with asyncio.timeout(timeout):
            item = await self._queue.get()
        return None if self.revoked else item

    def put(self, item: Recorded | Progress) -> None:
        """Hand an item over; ends the subscription when too many wait."""
        waiting = self._queue.qsize()
        if self.ended or (isinstance(item, Progress) and waiting >= LONGEST_QUEUE // 2):
            return
        if waiting >= LONGEST_QUEUE:
            self.end()
            return
        self._queue.put_nowait(item)

    def end(self) -> None:
        """End it after what waits already."""
        if not self.ended:
            self.ended = True
            self._queue.put_nowait(None)


class Subscriptions:
    """All listeners of this process."""

    def __init__(self) -> None:
        self._by_account: dict[str, set[Subscription]] = {}
        self.closing = asyncio.Event()
        """Set when the process stops."""

    def __len__(self) -> int:
        return sum(map(len, self._by_account.values()))

    def of_account(self, account: str, *, waits: bool = False) -> int:
        """Return how many streams the account has, or how many requests that wait."""
        return sum(each.waits is waits for each in self._by_account.get(account, ()))

    @contextmanager
    def of(self, account: str, job_id: str | None = None, *, waits: bool = False) -> Iterator[Subscription]:
        """Subscribe for the block."""
        subscription = Subscription(account, job_id, waits=waits)
        self._by_account.setdefault(account, set()).add(subscription)
        try:
            yield subscription
        finally:
            listeners = self._by_account[account]
            listeners.discard(subscription)
            if not listeners:
                del self._by_account[account]

    def send(self, account: str, job_id: str, item: Recorded | Progress) -> None:
        """Hand an item to everyone it concerns."""
        for subscription in self._by_account.get(account, ()):
            if subscription.job_id in (None, job_id):
                subscription.put(item)

    def close(self) -> None:
        """End all of them; those to come see `closing`: the process stops."""
        self.closing.set()
        self.end()

    def end(self) -> None:
        """End all present ones: their clients reconnect with the last id that they saw."""
        for listeners in self._by_account.values():
            for subscription in listeners:
                subscription.end()

    def revoke(self, account: str) -> None:
        """End those of an account at once: clients that still may reconnect."""
        for subscription in self._by_account.get(account, ()):
            subscription.revoked = True
            subscription.end()

    async def follow(self, feed: AsyncIterator[Progress]) -> None:
        """Pass progress on for ever."""
        async for progress in feed:
            self.send(progress.account, progress.job_id, progress)
