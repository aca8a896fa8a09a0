"""The log of events as a source of records, whatever way there is to it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from cli.tail.filters import Filter
from cli.tail.record import Record


class Events(Protocol):
    """The log of events, at hand or elsewhere: `history` once or more, then `live` goes on where it ended."""

    def history(self, since: datetime | None, last: int | None, keep: Filter) -> AsyncIterator[Record]:
        """Yield what the log holds that `keep` holds for, from about `since` on, or only the last so many."""

    def live(self) -> AsyncIterator[list[Record]]:
        """Yield what comes after the history, for ever."""

    async def close(self) -> None:
        """Close the connection."""
