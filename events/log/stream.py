"""One subscription to a stream: rstream, wrapped once.

The driver's callback only appends to a buffer: an exception inside it would drop the rest of the chunk.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import rstream
import rstream.connection
from rstream import ConsumerOffsetSpecification, OffsetType

from events.errors import InvalidEvent, Unavailable, reason
from events.log.amqp10 import data_section
from events.tasks import cancelled

logging.getLogger("rstream").setLevel(logging.CRITICAL)  # the reader logs the same errors
rstream.connection.CHUNK_SIZE = 64 * 1024  # it reads the socket by 256 bytes; this doubles its speed

_CLOSING: set[asyncio.Future[None]] = set()
"""Connections being closed; the event loop itself holds tasks weakly."""
_BUFFER = 20_000
"""Records held before the broker is made to wait; a chunk holds up to a few thousand."""


class First(NamedTuple):
    """Start with the oldest event kept."""


class Last(NamedTuple):
    """Start with the last chunk: a few of the newest events, never just one."""


class Next(NamedTuple):
    """Start with the events published from now on."""


class FromOffset(NamedTuple):
    """Start at an offset. The broker silently clamps one that is gone or not there yet."""

    offset: int


class FromTime(NamedTuple):
    """Start with the chunk that holds this time. Earlier events come too: filter on the event's own time."""

    time: datetime


class Resume(NamedTuple):
    """Start after an event that was read before, and check that it still is in its place."""

    offset: int
    is_same: Callable[[bytes], bool]


Start = First | Last | Next | FromOffset | FromTime | Resume


class RawRecord(NamedTuple):
    """A message of the stream: its offset, its chunk's time (Unix seconds) and its body."""

    offset: int
    chunk_time: float
    body: bytes


class Subscription:
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
        self._subscribing: asyncio.Task[object] | None = None
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
        """Subscribe, with `chunks` on their way at once. Every failure is raised as Unavailable."""
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
                since = max(0, int(time.timestamp() * 1000))  # before 1970 there is no log
                where = ConsumerOffsetSpecification(OffsetType.TIMESTAMP, since)
        # A task of its own, since the driver swallows cancellation while it connects: ours would be lost.
        self._subscribing = asyncio.create_task(
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
            raise Unavailable(f"the stream {self._stream} at {self._where}: {reason(error)}") from error

    async def take(self, timeout: float) -> list[RawRecord]:
        """Return the records received, waiting up to `timeout` seconds; an empty list after a silence.

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
        """Take nothing more, and close the connections in the background: for seconds, if the broker hangs.

        Neither a caller nor an event loop that ends waits: the driver sleeps 0.2 s at each of three steps.
        """
        self._closed = True
        self._room.set()
        closing = asyncio.ensure_future(self._close())
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)

    async def _close(self) -> None:
        if self._subscribing is not None and not self._subscribing.done():
            await _ended(self._subscribing, within=0.0)
        await _ended(asyncio.create_task(self._closed_by_driver()), within=3.0)

    async def _closed_by_driver(self) -> None:
        with contextlib.suppress(Exception):  # also of a broker that no longer answers
            await self._consumer.close()

    def _on_message(self, message: bytes, context: rstream.MessageContext) -> object:
        if context.offset >= self._min_offset and not self._closed:
            try:
                body = data_section(message)
            except InvalidEvent:
                body = b""  # no AMQP 0.9.1 client writes that; every reader takes it for an invalid event
            self._buffer.append(RawRecord(context.offset, context.timestamp / 1000, body))
            self._filled.set()
            if len(self._buffer) >= _BUFFER:
                self._room.clear()
                return self._room.wait()
        return None

    async def _on_close(self, info: rstream.OnClosedErrorInfo) -> None:
        self._lost = f"connection to {self._where} lost ({info.reason})"
        self._filled.set()


async def _ended(driver: asyncio.Task[Any], *, within: float) -> None:
    """Wait some seconds for a task of the driver's, then cancel it.

    It takes several cancellations: the driver swallows one wherever it waits for the broker, and goes on to
    its next step. It sleeps 0.2 s before it closes a socket, which a cancellation must not meet. When this
    wait itself is cancelled, the event loop ends, and the sockets with it.
    """
    try:
        await asyncio.wait({driver}, timeout=within)
        await cancelled([driver], again=1.0)
    except asyncio.CancelledError:
        await cancelled([driver], again=0.01)
        raise
