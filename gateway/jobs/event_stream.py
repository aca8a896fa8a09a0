"""Live events over SSE: of one job, or of all jobs of an account.

The id of an event is its offset in the log. A client that reconnects names the last one it saw and gets
what came after it: first from history, then as it happens. The subscription begins before history is
read and history ends where the subscription began, so nothing is missed and nothing comes twice.

A job's stream ends once the job is done and its mail was reported: the last message, `end`, has the job as it
stands. A browser connects again by itself. It is answered 204, by which it stops (HTML standard, 9.2.3).
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from math import inf
from typing import Annotated, Any, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from events.envelope import Recorded, to_json
from events.errors import Unavailable
from events.log.progress import Progress
from events.projections.job_view import JobView
from events.summary import summary
from gateway.callers.guard import AnyRequest, caller_of
from gateway.callers.tokens import Caller, Tokens
from gateway.errors import JobGone, NoSuchJob, TooManyStreams
from gateway.http import sse
from gateway.http.contract import TEXT, Answer, Contract, Header
from gateway.jobs.ending import stays_open
from gateway.jobs.history import Slice
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.presentation import listed, present_progress
from gateway.jobs.subscriptions import MOST_OF_ACCOUNT, Subscription
from gateway.jobs.ways import Ways
from service.http.streams import ClosedStream
from service.scopes import READ

PING_EVERY = 15.0
RETRY = 2000
"""Milliseconds before a client connects again."""
_BEGINS_WITHIN = 5.0
_REACHES_WITHIN = 2.0
"""Seconds to reach an event that a client saw at another replica."""

_CATCHING_UP = 0.2
_REMEMBERED = 1000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class _Told:
    """The events that a client has got, as far back as is remembered; writes each further one.

    `whole`: with ffmpeg's arguments.
    """

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._ids: dict[str, None] = {}

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._ids

    def note(self, event_ids: Iterable[str]) -> None:
        """Take note of events that the client has already."""
        self._ids.update(dict.fromkeys(event_ids))

    def message(self, recorded: Recorded) -> bytes:
        """Return the event as it is sent now."""
        event = recorded.event if self._whole else summary(recorded.event)
        self._ids[event.id] = None
        if len(self._ids) > _REMEMBERED:
            del self._ids[next(iter(self._ids))]
        return sse.message(event.type, to_json(event), recorded.offset)


async def watch(
    live: LiveJobs,
    caller: Caller,
    after: int | None,
    job_id: str | None = None,
    *,
    whole: bool = False,
    is_void: Callable[[Caller], bool] = lambda _: False,
) -> AsyncGenerator[bytes, None]:
    """Yield the stream's bytes until the token expires, the client is too slow, or the process stops.

    The stream of one job also ends with the job. `whole`: events come with ffmpeg's arguments, too. `is_void`
    returns True if the caller was revoked between the request's check and the subscription, which receives
    revocations from then on.
    """
    told = _Told(whole=whole)
    with live.subscriptions.of(caller.account, job_id) as subscription:
        yield sse.retry(RETRY)
        if is_void(caller):
            return
        if live.subscriptions.of_account(caller.account) > MOST_OF_ACCOUNT:
            return  # many came at once; a client that reconnects gets a 429
        if not await live.begun(_BEGINS_WITHIN):
            return  # the client reconnects
        if after is not None and not await live.reached(after, _REACHES_WITHIN):
            if not live.caught_up:
                return
            after = None  # an id of another log, or of none: as if it had named none
        through = live.recent.position
        view = await live.view(job_id) if job_id is not None else None
        if view is not None and after is not None:
            # Events that the client saw may be repeated, and memory may not reach back that far.
            told.note(entry.id for entry in view.timeline if entry.offset <= after)
        places = await _places(live, caller, after, through, job_id, view)
        if places is None:
            return  # the client reconnects
        async with aclosing(_missed(live, caller, places)) as missed:
            async for recorded in missed:
                if subscription.revoked:
                    return
                if recorded is None:
                    yield sse.PING
                elif recorded.event.id not in told:
                    yield told.message(recorded)
        if _over(live, caller):
            return  # perhaps in the middle of what was missed
        if job_id is None:
            yield _position(through)
        async with aclosing(_coming(live, caller, subscription, told, after)) as coming:
            async for message in coming:
                yield message


async def _coming(
    live: LiveJobs, caller: Caller, subscription: Subscription, told: _Told, after: int | None
) -> AsyncGenerator[bytes, None]:
    """Yield what comes from now on; of one job up to its end, and the end itself."""
    job_id, is_news, ends = subscription.job_id, True, inf
    line, ping = Ways(live, caller.account, job_id), time.monotonic() + PING_EVERY
    while (left := caller.expires - time.time()) > 0:
        if job_id is not None and subscription.idle and (is_news or time.monotonic() >= ends):
            view, is_news = await live.view(job_id), False
            ends = time.monotonic() + _open_for(live, view)
            if view and ends <= time.monotonic() and subscription.idle:
                yield sse.message("end", to_json(listed(view, timeline=False)))
                return
        if (message := line.news()) is not None:
            yield message
        now = time.monotonic()
        try:
            item = await subscription.take(max(0.0, min(ping - now, left, ends - now, line.next - now)))
        except TimeoutError:
            # An event may have come in the same turn, which the position would tell as told.
            if ping <= time.monotonic() < ends and subscription.idle:
                yield sse.PING if job_id is not None else _position(live.recent.position)
                ping = time.monotonic() + PING_EVERY
            continue
        if item is None:
            return
        if isinstance(item, Progress):
            yield sse.message("progress", to_json(present_progress(item)))
            continue
        is_news = True
        if item.event.id not in told and (after is None or item.offset > after):
            try:
                whole = await live.keys.open(item.event)
            except Unavailable:
                return  # the client reconnects, and has not been told of it
            yield told.message(Recorded(item.offset, whole))


async def _places(
    live: LiveJobs, caller: Caller, after: int | None, through: int, job_id: str | None, view: JobView | None
) -> Sequence[int] | None:
    """Return the places of what a client has missed: of a job all, if it names no `after`.

    A timeline knows each event's first place in the log, so an event that was published twice comes once.
    """
    if job_id is not None:
        places = {entry.offset for entry in view.timeline} if view else set()
        return sorted(place for place in places if (after is None or place > after) and place <= through)
    return [] if after is None else await live.places(caller.account, after, through)


async def _missed(
    live: LiveJobs, caller: Caller, places: Sequence[int]
) -> AsyncGenerator[Recorded | None, None]:
    """Yield the events at these places, and None at each silence."""
    while places:
        reading = asyncio.create_task(live.history(caller.account, places))
        async with aclosing(_until(reading, live, caller)) as silences:
            async for _ in silences:
                yield None
        if reading.cancelled():
            return
        events, next_ = reading.result()
        places = places[bisect_left(places, next_) :]
        for recorded in events:
            if _over(live, caller):
                return
            yield recorded


async def _until(reading: asyncio.Task[Slice], live: LiveJobs, caller: Caller) -> AsyncGenerator[None, None]:
    """Wait for the task, and yield at every silence; cancels it when the stream is over before."""
    closing = asyncio.create_task(live.subscriptions.closing.wait())
    try:
        while not reading.done() and not _over(live, caller):
            wait = max(0.0, min(PING_EVERY, caller.expires - time.time()))
            done, _ = await asyncio.wait(
                {reading, closing}, timeout=wait, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                yield
    finally:
        closing.cancel()
        if not reading.done():
            reading.cancel()
            await asyncio.wait({reading})


def _over(live: LiveJobs, caller: Caller) -> bool:
    return live.subscriptions.closing.is_set() or caller.expires <= time.time()


def listener(request: AnyRequest, live: LiveJobs) -> Caller:
    """Return the caller. Raises TooManyStreams when the account has as many streams as it may."""
    caller = caller_of(request)
    if live.subscriptions.of_account(caller.account) >= MOST_OF_ACCOUNT:
        raise TooManyStreams(f"you have {MOST_OF_ACCOUNT} event streams open; close one first")
    return caller


def _after(request: AnyRequest, asked: int | None) -> int | None:
    """Return the last offset that the client has seen; its browser's word is the newer one."""
    told = sse.last_event_id(request.headers.get("last-event-id"))
    return asked if told is None else told


def _position(offset: int) -> bytes:
    """State that all events of the account up to this offset were sent. It is the id to come back with."""
    return sse.message("position", b'{"offset":%d}' % offset, None if offset < 0 else offset)


def stream(events: AsyncGenerator[bytes, None]) -> ClosedStream:
    """Return the answer that sends these."""
    return ClosedStream(events, media_type="text/event-stream", headers=_HEADERS)


def _open_for(live: LiveJobs, view: JobView | None) -> float:
    """Return for how many seconds the job's stream stays open, as far as is known."""
    if view is None:
        return inf
    if view.seen > live.recent.position:
        return _CATCHING_UP  # the stored view is ahead of the events that are read here
    return stays_open(view, datetime.now(UTC))


def _has_all(live: LiveJobs, view: JobView, after: int) -> bool:
    """Return True if nothing comes after this offset. One beyond the log's end is of another log."""
    last = max((entry.offset for entry in view.timeline), default=-1)
    return last <= after <= live.recent.position and stays_open(view, datetime.now(UTC)) == 0


LAST_EVENT_ID = Header("Last-Event-ID")
EVENTS = Answer(
    "Events as they come; `id:` is the offset in the log; `progress` and `queue` have none. "
    "`position` tells how far the log was read for a stream of all jobs: at its beginning, and in silence",
    {"text/event-stream": TEXT},
)
_OVER = Answer("The job is done, and you have seen all of it: do not connect again")
Include = Annotated[
    Literal["arguments"] | None,
    QueryParameter(description="`arguments`: events come with what ffmpeg was called with, too."),
]
_After = Annotated[
    int | None,
    QueryParameter(
        ge=0,
        le=2**63 - 1,
        schema_extra={"minimum": 0},  # the framework leaves a zero out
        description="As `Last-Event-ID`, for clients that cannot send it: the offset seen last.",
    ),
]


@get(
    "/jobs/{job_id:str}/events",
    media_type="text/event-stream",
    operation_id="watchJobEvents",
    tags=["events"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, TooManyStreams),
        headers=(LAST_EVENT_ID,),
        answers={200: EVENTS, 204: _OVER},
    ).opt,
)
async def watch_job(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    live: NamedDependency[LiveJobs],
    tokens: NamedDependency[Tokens],
    include: Include = None,
    after: _After = None,
) -> Response[Any]:
    """Stream a job's events: all so far, or those after `Last-Event-ID`, and then as they come.

    The last message is `end`, with the job as it stands. Who connects again then gets a 204.
    """
    caller, after = listener(request, live), _after(request, after)
    view = await own_jobs.get(caller.account, job_id)
    if after is not None and _has_all(live, view, after):
        return Response(None, status_code=204)
    whole = include == "arguments"
    return stream(watch(live, caller, after, job_id, whole=whole, is_void=tokens.is_void))


@get(
    "/events",
    media_type="text/event-stream",
    operation_id="watchEvents",
    tags=["events"],
    opt=Contract(scope=READ, errors=(TooManyStreams,), headers=(LAST_EVENT_ID,), answers={200: EVENTS}).opt,
)
async def watch_all(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    tokens: NamedDependency[Tokens],
    include: Include = None,
    after: _After = None,
) -> ClosedStream:
    """Stream the events of all your jobs, from now on or from after `Last-Event-ID`.

    `queue` reports the jobs that are not over, each with its `job_id`.
    """
    caller, after, whole = listener(request, live), _after(request, after), include == "arguments"
    return stream(watch(live, caller, after, whole=whole, is_void=tokens.is_void))


ROUTES = [watch_job, watch_all]
