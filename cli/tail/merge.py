"""Many sources, one order.

Within a source the order is the source's own, always: a line without a time, or an event published late,
stays where it stands. So what sources are merged by is not a record's time but the latest time seen in
its source so far, which never goes back.
"""

import heapq
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterable, Sequence
from datetime import datetime

from cli.tail.record import Record


async def merge(sources: Sequence[AsyncIterator[Record]]) -> AsyncIterator[Record]:
    """Merge finished sources exactly, holding one record of each. Equal times: in the sources' order."""
    heads: list[tuple[datetime, int, Record]] = []
    for index, source in enumerate(sources):
        async for record in source:
            heads.append((record.time, index, record))
            break
    heapq.heapify(heads)
    while heads:
        time, index, record = heads[0]
        yield record
        async for following in sources[index]:
            heapq.heapreplace(heads, (max(time, following.time), index, following))
            break
        else:
            heapq.heappop(heads)


class Window:
    """Merges sources that grow: what came is held for `width` seconds, for an earlier record may follow.

    The clock comes in as an argument, in seconds. A record that is later than `width` comes out after its
    time, never not at all.
    """

    def __init__(self, width: float) -> None:
        self._width = width
        self._heap: list[tuple[datetime, int, Record]] = []
        self._arrivals: deque[tuple[float, datetime]] = deque()
        self._latest: dict[Hashable, datetime] = {}
        self._count = 0

    def add(self, source: Hashable, records: Iterable[Record], now: float) -> None:
        """Take in what a source has brought."""
        for record in records:
            time = max(record.time, self._latest.get(source, record.time))
            self._latest[source] = time
            self._count += 1
            heapq.heappush(self._heap, (time, self._count, record))
            self._arrivals.append((now, time))

    def due(self, now: float) -> list[Record]:
        """Give out the records that were held long enough, and those that are earlier."""
        ripe = None
        while self._arrivals and self._arrivals[0][0] <= now - self._width:
            _, time = self._arrivals.popleft()
            ripe = time if ripe is None else max(ripe, time)
        out = []
        while ripe is not None and self._heap and self._heap[0][0] <= ripe:
            out.append(heapq.heappop(self._heap)[2])
        return out

    def rest(self) -> list[Record]:
        """Give out everything that is held, in order."""
        out = [record for _, _, record in sorted(self._heap, key=lambda entry: entry[:2])]
        self._heap.clear()
        self._arrivals.clear()
        return out
