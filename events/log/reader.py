"""The supervised reader of the stream: it delivers for ever, in order, each event once.

rstream delivers, and this module owns everything that makes it dependable. Its own recovery stays off:
it replays the whole stream when nothing was received yet, loses the first chunk after a time-stamped
start, and gives up after ten attempts. A half-open connection is only logged. So the position is ours;
after any trouble the reader subscribes again *at* the last event it delivered and checks that the same
event still stands there. If not, the log was cut or replaced, and going on would lose events silently.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from events.errors import CheckpointBeyondEnd, CheckpointMismatch, RetentionGap, Unavailable
from events.log.bounds import last_offset
from events.log.stream import First, FromOffset, FromTime, Next, RawRecord, Resume, Start, Subscription

SILENCE = 15.0
"""Seconds without a delivery after which a fresh connection asks whether there is something to deliver."""

_LATE = 1.0


class StreamReader:
    """Reads one stream. One task iterates over `batches`."""

    def __init__(
        self,
        url: str,
        start: Start,
        *,
        stream: str = "events",
        name: str = "reader",
        on_state: Callable[[str], None] | None = None,
        silence: float = SILENCE,
    ) -> None:
        """`on_state` is called with "connected" and "disconnected: why"; `url` is rabbitmq-stream://…"""
        self._url, self._start, self._stream, self._name = url, start, stream, name
        self._on_state = on_state or (lambda _: None)
        self._silence = silence
        self._last: RawRecord | None = None

    async def batches(self) -> AsyncGenerator[list[RawRecord], None]:
        """Yield records in order as they come, as many at a time as have come; never an empty list.

        Close it when done (`contextlib.aclosing`), and the connection closes with it. Never ends by
        itself: trouble with the broker is waited out, with a back-off of at most 5 s.
        Raises LogDamaged when the last record read is no longer where it was.
        """
        pause = 0.1
        while True:
            reason = "ended"
            subscription = Subscription(self._url, self._stream, self._name)
            try:
                async for batch in self._subscribed(subscription):
                    pause = 0.1
                    yield batch
            except Unavailable as error:
                reason = str(error)
            finally:
                subscription.close()
            self._on_state(f"disconnected: {reason}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _subscribed(self, subscription: Subscription) -> AsyncIterator[list[RawRecord]]:
        start = await self._where_to_start()
        await subscription.open(start)
        self._on_state("connected")
        resume = start if isinstance(start, Resume) else None
        while True:
            batch = await subscription.take(self._silence)
            if not batch:
                end = await last_offset(self._url, self._stream)
                batch = await subscription.take(_LATE)  # it may have come during the probe
                if not batch:
                    self._alarm(resume, end)
                    continue
            if resume is not None:
                batch = _after(resume, batch)
                resume = None
            if batch:
                self._last = batch[-1]
                yield batch

    async def _where_to_start(self) -> Start:
        """Return the last record read; before there is one, the caller's start."""
        if self._last is not None:
            body = self._last.body
            return Resume(self._last.offset, lambda other: other == body)
        if isinstance(self._start, Next):
            # Pinned once, or events published during a later outage would be passed over.
            end = await last_offset(self._url, self._stream)
            self._start = First() if end is None else FromOffset(end + 1)
        return self._start

    def _alarm(self, resume: Resume | None, end: int | None) -> None:
        """Raise an error when a silence means more than that there is nothing to deliver."""
        if resume is not None:
            if end is None or end < resume.offset:
                raise CheckpointBeyondEnd(
                    f"the log ends at {end}, before offset {resume.offset} that was read from it earlier"
                )
            raise Unavailable("nothing was delivered from where reading should go on")
        if end is None:
            return
        match self._last, self._start:
            case RawRecord(offset=offset), _:
                read_to = offset
            case None, Resume(offset=offset):
                read_to = offset
            case None, FromOffset(offset=offset):
                read_to = offset - 1
            case None, FromTime():
                return  # there may be no event since then
            case _:
                read_to = -1
        if end > read_to:
            raise Unavailable(f"delivery stopped at {read_to} although the log ends at {end}")


def _after(resume: Resume, batch: list[RawRecord]) -> list[RawRecord]:
    """Check the event that reading resumes after, and return the records behind it."""
    first = batch[0]
    if first.offset > resume.offset:
        raise RetentionGap(
            f"the log now begins at {first.offset}; what followed offset {resume.offset} may be lost"
        )
    if not resume.is_same(first.body):
        raise CheckpointMismatch(f"another event stands at offset {resume.offset}: the log was replaced")
    return batch[1:]
