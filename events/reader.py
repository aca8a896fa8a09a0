"""The supervised reader of the stream: for ever, in order, each event once.

rstream delivers, and this module owns everything that makes it dependable. Its own recovery stays off:
it replays the whole stream when nothing was received yet, loses the first chunk after a time-stamped
start, and gives up after ten attempts. A half-open connection is only logged. So the position is ours;
after any trouble the reader subscribes again *at* the last event it delivered and checks that the same
event still stands there. If not, the log was cut or replaced, and going on would lose events silently.

The callback only appends to a buffer: an exception inside it would drop the rest of the chunk.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import rstream
import rstream.connection
from rstream import ConsumerOffsetSpecification, OffsetType

from events.amqp10 import data_section
from events.errors import CheckpointBeyondEnd, CheckpointMismatch, InvalidEvent, RetentionGap, Unavailable

logging.getLogger("rstream").setLevel(logging.CRITICAL)  # it logs what this module handles
rstream.connection.CHUNK_SIZE = 64 * 1024  # it reads the socket by 256 bytes; this doubles its speed

SILENCE = 15.0
"""Seconds without a delivery after which a fresh connection asks whether there is something to deliver."""

_LATE = 1.0
_CLOSING: set[asyncio.Future[None]] = set()
"""Connections being closed; the event loop itself holds tasks weakly."""
_BUFFER = 20_000
"""Records held before the broker is made to wait; a chunk holds up to a few thousand."""


class First(NamedTuple):
    """Start with the oldest event kept."""


class Last(NamedTuple):
    """Start with the last chunk: a few of the newest events, never just one."""


class Next(NamedTuple):
    """Start with what is published from now on."""


class FromOffset(NamedTuple):
    """Start at an offset; one that is no longer or not yet there is clamped by the broker, silently."""

    offset: int


class FromTime(NamedTuple):
    """Start with the chunk that holds this time: earlier events come too, filter on the event's own."""

    time: datetime


class Resume(NamedTuple):
    """Start after an event that was read before, and make sure that it still is in its place."""

    offset: int
    is_same: Callable[[bytes], bool]


Start = First | Last | Next | FromOffset | FromTime | Resume


class RawRecord(NamedTuple):
    """A message of the stream: its offset, its chunk's time (Unix seconds) and its body."""

    offset: int
    chunk_time: float
    body: bytes


class Bounds(NamedTuple):
    """The offsets of the first and the last event kept."""

    first: int
    last: int


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
        """`on_state` hears "connected" and "disconnected: why"; `url` is rabbitmq-stream://…"""
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
            subscription = _Subscription(self._url, self._stream, self._name)
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

    async def _subscribed(self, subscription: "_Subscription") -> AsyncIterator[list[RawRecord]]:
        start = await self._where_to_start()
        await subscription.open(start)
        self._on_state("connected")
        resume = start if isinstance(start, Resume) else None
        while True:
            batch = await subscription.take(self._silence)
            if not batch:
                end = await _end(self._url, self._stream)
                batch = await subscription.take(_LATE)  # it may have come while the end was asked for
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
        """After a record was read, always at the last one; else where the caller said."""
        if self._last is not None:
            body = self._last.body
            return Resume(self._last.offset, lambda other: other == body)
        if isinstance(self._start, Next):
            # Pinned once, or what is published during a later outage would be passed over.
            end = await _end(self._url, self._stream)
            self._start = First() if end is None else FromOffset(end + 1)
        return self._start

    def _alarm(self, resume: Resume | None, end: int | None) -> None:
        """After a silence: is there nothing to deliver, or has the delivery died?"""
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
                return  # nothing may have happened since
            case _:
                read_to = -1
        if end > read_to:
            raise Unavailable(f"delivery stopped at {read_to} although the log ends at {end}")


def _after(resume: Resume, batch: list[RawRecord]) -> list[RawRecord]:
    """Check the event that reading resumes after, and return what follows it."""
    first = batch[0]
    if first.offset > resume.offset:
        raise RetentionGap(
            f"the log now begins at {first.offset}; what followed offset {resume.offset} may be lost"
        )
    if not resume.is_same(first.body):
        raise CheckpointMismatch(f"another event stands at offset {resume.offset}: the log was replaced")
    return batch[1:]


class _Subscription:
    """One rstream consumer with one subscription, and the buffer it fills."""

    def __init__(self, url: str, stream: str, name: str) -> None:
        parts = urlsplit(url)
        self._where = f"{parts.hostname}:{parts.port or 5552}"
        self._stream = stream
        self._buffer: list[RawRecord] = []
        self._filled, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._lost: str | None = None
        self._closed = False
        self._subscribing: asyncio.Future[object] | None = None
        self._min_offset = 0
        self._consumer = rstream.Consumer(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 5552,
            username=unquote(parts.username or "guest"),
            password=unquote(parts.password or "guest"),
            vhost=unquote(parts.path.removeprefix("/")) or "/",
            heartbeat=20,
            max_retries=2,
            connection_name=name,
            on_close_handler=self._on_close,
        )

    async def open(self, start: Start, *, chunks: int = 10, timeout: float = 10.0) -> None:
        """Subscribe, with so many chunks on their way at once. Raises Unavailable, whatever happens."""
        match start:
            case First():
                where = ConsumerOffsetSpecification(OffsetType.FIRST, None)
            case Last():
                where = ConsumerOffsetSpecification(OffsetType.LAST, None)
            case Next():
                where = ConsumerOffsetSpecification(OffsetType.NEXT, None)
            case FromOffset(offset) | Resume(offset, _):
                self._min_offset = offset
                where = ConsumerOffsetSpecification(OffsetType.OFFSET, offset)
            case FromTime(time):
                where = ConsumerOffsetSpecification(OffsetType.TIMESTAMP, int(time.timestamp() * 1000))
        # A task of its own, since the driver swallows cancellation while it connects: ours would be lost.
        self._subscribing = asyncio.ensure_future(
            self._consumer.subscribe(
                self._stream,
                self._on_message,  # type: ignore[arg-type]  # without a decoder it gets bytes
                offset_specification=where,
                initial_credit=chunks,
            )
        )
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._subscribing)
        except Exception as error:
            # The driver raises OSErrors, its own errors, time-outs and, on a half-closed socket, others.
            raise Unavailable(f"the stream {self._stream} at {self._where}: {error!r}") from error

    async def take(self, timeout: float) -> list[RawRecord]:
        """Return what has come, waiting up to `timeout` seconds; an empty list after a silence.

        Raises Unavailable when the connection is lost and the buffer is empty.
        """
        if not self._buffer and self._lost is None:
            self._filled.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._filled.wait()
        batch, self._buffer = self._buffer, []
        self._room.set()
        if not batch and self._lost is not None:
            raise Unavailable(self._lost)
        return batch

    def close(self) -> None:
        """Take nothing more, and close the connections in the background, in three seconds at most.

        Nobody waits for that: the driver sleeps 0.2 s for each of the two, and swallows cancellation.
        """
        self._closed = True
        self._room.set()
        closing = asyncio.ensure_future(self._close())
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)

    async def _close(self) -> None:
        with contextlib.suppress(Exception):  # also of a broker that no longer answers
            async with asyncio.timeout(3.0):
                if self._subscribing is not None and not self._subscribing.done():
                    self._subscribing.cancel()
                    await asyncio.wait({self._subscribing}, timeout=1.0)
                await self._consumer.close()

    def _on_message(self, message: bytes, context: rstream.MessageContext) -> object:
        if context.offset >= self._min_offset and not self._closed:
            try:
                body = data_section(message)
            except InvalidEvent:
                body = b""  # not written by AMQP 0.9.1 clients: an invalid event to every reader
            self._buffer.append(RawRecord(context.offset, context.timestamp / 1000, body))
            self._filled.set()
            if len(self._buffer) >= _BUFFER:
                self._room.clear()
                return self._room.wait()
        return None

    async def _on_close(self, info: rstream.OnClosedErrorInfo) -> None:
        self._lost = f"connection to {self._where} lost ({info.reason})"
        self._filled.set()


async def bounds(url: str, stream: str = "events") -> Bounds | None:
    """Probe the log's first and last offset; None when it is empty. Raises Unavailable.

    An empty log is known by nothing coming for some seconds, asked for twice.
    """
    probes = _probe(url, stream, First(), _PATIENCE[-1]), _end(url, stream)
    first, end = await asyncio.gather(*probes, return_exceptions=True)  # both have ended, whatever happens
    if isinstance(first, BaseException):
        raise first
    if isinstance(end, BaseException):
        raise end
    if end is None:
        return None
    first = first or await _first(url, stream)  # there was none yet, or it came late
    return Bounds(first[0].offset, end)


async def cut_at(url: str, stream: str = "events") -> datetime | None:
    """When the oldest event was written that retention left; None when it cut nothing. Raises Unavailable."""
    if await _end(url, stream) is None:
        return None
    first = await _first(url, stream)
    return datetime.fromtimestamp(first[0].chunk_time, UTC) if first[0].offset > 0 else None


_PATIENCE = (0.3, 1.0)
"""Seconds to wait for a chunk. The broker sends it right behind its answer to the subscription, so a slow
broker is waited for by how long that took, too: it must not pass for an empty log."""


async def _first(url: str, stream: str) -> list[RawRecord]:
    """The beginning of a log that is known to have one. Raises Unavailable."""
    if batch := await _probe(url, stream, First(), _PATIENCE[-1]):
        return batch
    raise Unavailable("the log has an end and delivers no beginning")


async def newest(url: str, stream: str = "events") -> RawRecord | None:
    """Return the log's last record, None when there is none. Raises Unavailable."""
    for patience in _PATIENCE:
        if batch := await _probe(url, stream, Last(), patience):
            return batch[-1]
    return None


async def _end(url: str, stream: str) -> int | None:
    """The offset of the log's last event, None when there is none."""
    last = await newest(url, stream)
    return last.offset if last else None


async def _probe(url: str, stream: str, start: Start, patience: float) -> list[RawRecord]:
    loop = asyncio.get_running_loop()
    subscription = _Subscription(url, stream, "probe")
    try:
        began = loop.time()
        await subscription.open(start, chunks=1)
        return await subscription.take(patience + 3 * (loop.time() - began))
    finally:
        subscription.close()
