"""Events older than those in memory, read from the log for clients that reconnect after long.

The views name the places of an account's events in the log, so only what lies near them is read: who
asks from the beginning on does not make us read what is others'. Reading goes in slices that end by
themselves, and no slot is held while a client is being written to: a client that does not read its socket
keeps no other from reading the log.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from typing import NamedTuple
from weakref import WeakValueDictionary

from events.envelope import Recorded
from events.log.reader import StreamReader
from events.log.stream import FromOffset, RawRecord

SLICE = 500
"""Events in a slice, at most: what waits in memory for one client."""

GAP = 2000
"""Events of others between two places, at most, that are read through: a new subscription takes as long."""

_SLOTS = 2
"""Slices read at a time; the driver may buffer some ten MB for each."""

_ENOUGH = 2.0
"""Seconds after which a slice ends with what was found, so that others get their turn."""

_SILENCE = 15.0
"""Seconds after which a slice ends although the broker sent nothing."""

_AT_ONCE = 500
_REST = 0.02
"""Seconds after so many records, in which the event loop is others': four times what they took."""


class Slice(NamedTuple):
    """Some of the events asked for, and the offset at which to go on."""

    events: Sequence[Recorded]
    next: int


class History:
    """Reads old parts of the log: a few at a time, and one at a time for each account."""

    def __init__(self, stream_url: str, readable: Callable[[RawRecord], Recorded | None]) -> None:
        """`readable` returns the job's event in a record, None when there is none."""
        self._stream_url, self._readable = stream_url, readable
        self._slots = asyncio.Semaphore(_SLOTS)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def slice(self, account: str, places: Sequence[int]) -> Slice:
        """Return the events at the first of these offsets, for this account.

        Waits for its turn. Trouble with the broker makes the slice end early, and can make it empty.
        """
        turn = self._turns.setdefault(account, asyncio.Lock())
        async with turn, self._slots:
            return await self._read(near(places))

    async def _read(self, places: Sequence[int]) -> Slice:
        events: list[Recorded] = []
        first, last, wanted = places[0], places[-1], frozenset(places)
        next_, began = first, time.monotonic()
        reader = StreamReader(self._stream_url, FromOffset(first), name="gateway history")
        with suppress(TimeoutError):
            async with asyncio.timeout(_SILENCE), aclosing(reader.batches()) as batches:
                async for batch in batches:
                    for number, record in enumerate(batch, 1):
                        if record.offset > last:
                            return Slice(events, last + 1)
                        next_ = record.offset + 1
                        if record.offset in wanted and (found := self._readable(record)) is not None:
                            events.append(found)
                        if number % _AT_ONCE == 0:
                            await asyncio.sleep(_REST)
                    if next_ > last or time.monotonic() - began > _ENOUGH:
                        break
        return Slice(events, next_)


def near(places: Sequence[int]) -> Sequence[int]:
    """Return the first of the places, in ascending order, that are worth one reading."""
    far = (at for at in range(1, len(places)) if places[at] - places[at - 1] > GAP)
    return places[: min(next(far, len(places)), SLICE)]
