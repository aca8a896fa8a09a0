"""All events of all accounts as they come, for administrators: server-sent events of the log itself.

Each stream reads the log for itself, as fast as its client does. A client that reads nothing makes the
broker wait, costs a bounded buffer, and loses its connection as any other does. The id of an event is its
offset in the log, so a client that reconnects goes on after it, at any gateway.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from math import inf
from typing import Annotated, Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from events.envelope import Event, decode, to_json
from events.errors import InvalidEvent, LogDamaged, Unavailable
from events.log.bounds import last_offset, newest
from events.log.reader import StreamReader
from events.log.stream import First, FromOffset, FromTime, RawRecord, Start
from events.payload import Aggregate
from events.registry import REGISTRY
from events.summary import summary
from gateway.admin.broker import Broker
from gateway.callers.guard import AnyRequest
from gateway.callers.tokens import Caller, Tokens
from gateway.errors import BadParameters, Fault, TooManyStreams
from gateway.http import sse
from gateway.http.contract import Contract
from gateway.jobs.event_stream import EVENTS, LAST_EVENT_ID, PING_EVERY, RETRY, Include, listener, stream
from gateway.jobs.live import LiveJobs
from gateway.jobs.subscriptions import ELSEWHERE, MOST_OF_ACCOUNT
from service.http.streams import ClosedStream
from service.scopes import OPERATE

_MOST = 1000
_AT_ONCE = 200
"""Records looked at before others get their turn."""


class Filter(Struct, frozen=True, kw_only=True):
    """The events that are wanted. Of each field one must fit; an empty one lets all through.

    A type that ends with a dot is the beginning of types.
    """

    types: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    jobs: frozenset[str] = frozenset()
    since: datetime | None = None

    def has(self, event: Event) -> bool:
        """Return True if the event is wanted."""
        return (
            (not self.types or self._has_type(event.type))
            and (not self.accounts or event.account in self.accounts)
            and (not self.jobs or (event.aggregate is Aggregate.JOB and event.subject in self.jobs))
            and (self.since is None or event.time >= self.since)
        )

    def _has_type(self, type_: str) -> bool:
        return any(type_ == each or (each.endswith(".") and type_.startswith(each)) for each in self.types)


class Part(Struct, frozen=True, kw_only=True):
    """A part of the log: from `start` (None: nothing is there) up to the offset `to`, or for ever.

    `whole`: events come with ffmpeg's arguments, too.
    """

    start: Start | None
    to: int | None = None
    wanted: Filter
    whole: bool = False


async def tail(
    live: LiveJobs,
    stream_url: str,
    caller: Caller,
    part: Part,
    is_void: Callable[[Caller], bool] = lambda _: False,
) -> AsyncGenerator[bytes, None]:
    """Yield the stream's bytes until the part or the token ends, or the caller is revoked, or we stop."""
    with live.subscriptions.of(caller.account, ELSEWHERE) as subscription:
        yield sse.retry(RETRY)
        if is_void(caller) or live.subscriptions.of_account(caller.account) > MOST_OF_ACCOUNT:
            return
        if part.start is None:
            yield _end(part.to)
            return
        over = asyncio.create_task(_over(subscription.take(inf), caller))
        reader = StreamReader(stream_url, part.start, name="gateway tail")
        try:
            async with aclosing(_batches(reader, over)) as batches:
                async for batch in batches:
                    if batch is None:
                        yield sse.PING
                        continue
                    for record in batch:
                        if part.to is not None and record.offset > part.to:
                            break
                        event = _readable(record)
                        if event is None or not part.wanted.has(event):
                            continue
                        if over.done():
                            return
                        told = await live.keys.open(event)
                        told = told if part.whole else summary(told)
                        yield sse.message(told.type, to_json(told), record.offset)
                    if part.to is not None and batch[-1].offset >= part.to:
                        yield _end(part.to)
                        return
        except (LogDamaged, Unavailable):
            return  # the client reconnects
        finally:
            over.cancel()


def _end(offset: int | None) -> bytes:
    """Return the last message of a part that ends. A client that goes on after it misses nothing."""
    return sse.message("end", b"{}", offset)


async def _over(ends: Any, caller: Caller) -> None:
    """Return when the subscription has ended, or the token has expired."""
    try:
        async with asyncio.timeout(max(0.0, caller.expires - time.time())):
            await ends
    except TimeoutError:
        return


async def _batches(
    reader: StreamReader, over: asyncio.Task[None]
) -> AsyncGenerator[list[RawRecord] | None, None]:
    """Yield what is read, some at a time, until it is over; None at each silence, and while much is read."""
    async with aclosing(reader.batches()) as batches:
        told = time.monotonic()
        while True:
            reading = asyncio.ensure_future(anext(batches))
            try:
                while not reading.done():
                    await asyncio.wait(
                        {reading, over}, timeout=PING_EVERY, return_when=asyncio.FIRST_COMPLETED
                    )
                    if over.done():
                        return
                    if not reading.done():
                        yield None
                        told = time.monotonic()
                batch = reading.result()
            finally:
                reading.cancel()
                await asyncio.wait({reading})
            for at in range(0, len(batch), _AT_ONCE):
                yield batch[at : at + _AT_ONCE]
                await asyncio.sleep(0)
                if over.done():
                    return
            if time.monotonic() - told > PING_EVERY:
                yield None
                told = time.monotonic()


async def beginning(stream_url: str, after: int | None, since: datetime | None, last: int) -> Start:
    """Return where to begin: after an event that was seen, at a time, with the last events, or with the next.

    An id of another log counts as none. Raises Unavailable.
    """
    if after is None and since is not None:
        return FromTime(since)
    end = await last_offset(stream_url)
    if end is None:
        return First()
    if after is not None and after <= end:
        return FromOffset(after + 1)
    return FromOffset(max(0, end - last + 1))


async def ending(stream_url: str, start: Start) -> tuple[Start | None, int | None]:
    """Return `start` if there is something from there on, and the log's last offset. Raises Unavailable."""
    last = await newest(stream_url)
    if last is None:
        return None, None
    match start:
        case FromOffset(offset) if offset > last.offset:
            return None, last.offset
        case FromTime(time) if time.timestamp() > last.chunk_time:
            return None, last.offset
    return start, last.offset


def _types(given: Sequence[str] | None) -> tuple[str, ...]:
    """Return types and beginnings of types. Raises BadParameters for one that no event has."""
    known = REGISTRY.current
    for each in given or ():
        if each not in known and not (each.endswith(".") and any(type_.startswith(each) for type_ in known)):
            raise BadParameters(
                [Fault("type", f"give one of {', '.join(sorted(known))}; or job. or account.")]
            )
    return tuple(given or ())


@get(
    "/admin/events",
    media_type="text/event-stream",
    operation_id="watchAllEvents",
    tags=["administration"],
    opt=Contract(
        scope=OPERATE, errors=(TooManyStreams,), headers=(LAST_EVENT_ID,), answers={200: EVENTS}
    ).opt,
)
async def watch_everything(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    broker: NamedDependency[Broker],
    tokens: NamedDependency[Tokens],
    types: Annotated[
        list[str] | None,
        QueryParameter(
            name="type",
            description="Only events of this type, or of all that begin so: `job.`; may be given often.",
        ),
    ] = None,
    account: Annotated[
        list[UUID] | None,
        QueryParameter(description="Only events of this account; may be given several times."),
    ] = None,
    job_id: Annotated[
        list[UUID] | None, QueryParameter(description="Only events of this job; may be given several times.")
    ] = None,
    since: Annotated[datetime | None, QueryParameter(description="Begin with the events of then.")] = None,
    last: Annotated[
        int | None,
        QueryParameter(
            ge=1, le=_MOST, description="Begin with the last so many events, of which the filters leave some."
        ),
    ] = None,
    follow: Annotated[
        bool,
        QueryParameter(
            description="False: only what the log holds now. A last message `end` has the log's last offset."
        ),
    ] = True,
    include: Include = None,
) -> ClosedStream:
    """Stream the events of all accounts: from now on, from `since`, with the `last` ones, or from after
    `Last-Event-ID`, which counts more than the others.
    """
    caller = listener(request, live)
    if since is not None and last is not None:
        raise BadParameters([Fault("last", "give either this or since")])
    after = sse.last_event_id(request.headers.get("last-event-id"))
    wanted = Filter(
        types=_types(types),
        accounts=frozenset(map(str, account or ())),
        jobs=frozenset(map(str, job_id or ())),
        since=since.astimezone(UTC) if since and after is None else None,
    )
    start: Start | None = await beginning(broker.stream_url, after, since, last or 0)
    to = None
    if not follow and start is not None:
        start, to = await ending(broker.stream_url, start)
    part = Part(start=start, to=to, wanted=wanted, whole=include == "arguments")
    return stream(tail(live, broker.stream_url, caller, part, tokens.is_void))


def _readable(record: RawRecord) -> Event | None:
    """Decode an event; None for what is none, which others have reported."""
    try:
        return decode(record.body)
    except InvalidEvent:
        return None


ROUTES = [watch_everything]
