"""The keys of jobs for commands that read the log."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from cli.system.servers import Servers
from events.envelope import Recorded
from events.errors import Unavailable
from events.privacy.job_keys import JobKeys
from events.privacy.sealing import Keys, NoKeys

MOST = 500_000
"""Keys in memory for who reads a whole log: some 250 bytes each, in each of two generations."""

_PATIENCE = 3.0
"""Seconds for a database to answer who only shows events."""


@contextlib.asynccontextmanager
async def all_keys(servers: Servers) -> AsyncIterator[Keys]:
    """Give the keys for reading a whole log. Raises InvalidSetting, and Unavailable from inside the block."""
    async with servers.database() as database:
        keys = JobKeys(database, most=MOST, seconds=float("inf"))
        await keys.warm()
        yield keys


@contextlib.asynccontextmanager
async def keys_at_hand(url: str, say: Callable[[str], None]) -> AsyncIterator[Keys]:
    """Give the keys for showing events. Where the database cannot be had, `say` is called, once.

    `url` is the database's, and may be empty. Raises InvalidSetting.
    """
    if not url:
        yield _KeysAtHand(None, say)
        return
    async with Servers(mongodb_url=url).database(answer=_PATIENCE) as database:
        yield _KeysAtHand(JobKeys(database), say)


class _KeysAtHand(NoKeys):
    """Keys as far as they are to be had (a `Keys`)."""

    def __init__(self, keys: Keys | None, say: Callable[[str], None]) -> None:
        self._keys, self._say, self._said = keys, say, False

    async def opened(self, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Return the events whole where that is possible."""
        why = "MONGODB_URL is not set"
        try:
            if self._keys is not None:
                return await self._keys.opened(events)
        except Unavailable as error:
            self._keys, why = None, str(error)
        if not self._said:
            self._said = True
            self._say(f"what people typed stays sealed: {why}")
        return events
