"""The first and the last offset of a stream. The protocol has no query for them, so both are probed."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple

from events.errors import Unavailable
from events.log.stream import First, Last, RawRecord, Start, Subscription

_PATIENCE = (0.3, 1.0)
"""Seconds to wait for a chunk. The broker sends it right behind its answer to the subscription, so a slow
broker gets three times as long as that took, too: it must not pass for an empty log."""


class Bounds(NamedTuple):
    """The offsets of the first and the last event kept."""

    first: int
    last: int


async def bounds(url: str, stream: str = "events") -> Bounds | None:
    """Probe the log's first and last offset; None when it is empty. Raises Unavailable.

    A log is empty when two probes receive nothing for some seconds.
    """
    probes = _probe(url, stream, First(), _PATIENCE[-1]), last_offset(url, stream)
    first, end = await asyncio.gather(*probes, return_exceptions=True)  # both must end before an error leaves
    if isinstance(first, BaseException):
        raise first
    if isinstance(end, BaseException):
        raise end
    if end is None:
        return None
    first = first or await _first(url, stream)  # there was none yet, or it came late
    return Bounds(first[0].offset, end)


async def cut_at(url: str, stream: str = "events") -> datetime | None:
    """Return the time of the oldest event if retention has cut the log, else None. Raises Unavailable."""
    if await last_offset(url, stream) is None:
        return None
    first = await _first(url, stream)
    return datetime.fromtimestamp(first[0].chunk_time, UTC) if first[0].offset > 0 else None


async def newest(url: str, stream: str = "events") -> RawRecord | None:
    """Return the log's last record, None when there is none. Raises Unavailable."""
    for patience in _PATIENCE:
        if batch := await _probe(url, stream, Last(), patience):
            return batch[-1]
    return None


async def last_offset(url: str, stream: str = "events") -> int | None:
    """Return the offset of the last event, None when there is none. Raises Unavailable."""
    last = await newest(url, stream)
    return last.offset if last else None


async def _first(url: str, stream: str) -> list[RawRecord]:
    """Return the first records of a log that is not empty. Raises Unavailable."""
    if batch := await _probe(url, stream, First(), _PATIENCE[-1]):
        return batch
    raise Unavailable("the log has an end and delivers no beginning")


async def _probe(url: str, stream: str, start: Start, patience: float) -> list[RawRecord]:
    loop = asyncio.get_running_loop()
    subscription = Subscription(url, stream, "probe")
    try:
        began = loop.time()
        await subscription.open(start, chunks=1)
        return await subscription.take(patience + 3 * (loop.time() - began))
    finally:
        subscription.close()
