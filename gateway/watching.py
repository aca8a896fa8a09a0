"""Live events over SSE: of one job, or of all jobs of an account.

The id of an event is its offset in the log. A client that reconnects names the last one it saw and gets
what came after it: first from history, then as it happens. The subscription begins before history is
read and history ends where the subscription began, so nothing is missed and nothing comes twice.
"""

import time
from collections.abc import AsyncIterator

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from events.envelope import Recorded, to_json
from events.progress import Progress
from events.projections.jobs import JobView
from gateway import sse
from gateway.callers import AnyRequest, caller_of
from gateway.jobs import OwnJobs
from gateway.live import Live
from gateway.presenting import present_progress
from gateway.tokens import Caller

PING_EVERY = 15.0
_RETRY_MS = 2000
_BEGINS_WITHIN = 5.0
_REMEMBERED = 1000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def watch_routes(own: OwnJobs, live: Live) -> list[HTTPRouteHandler]:
    """Return the routes that stream events."""

    @get("/jobs/{job_id:str}/events", media_type="text/event-stream", tags=["events"])
    async def watch_job(request: AnyRequest, job_id: FromPath[str]) -> Stream:
        """Stream a job's events: all so far, or those after `Last-Event-ID`, and then as they come."""
        caller = caller_of(request)
        await own.get(caller.account, job_id)
        return _stream(watch(live, caller, _after(request), job_id))

    @get("/events", media_type="text/event-stream", tags=["events"])
    async def watch_all(request: AnyRequest) -> Stream:
        """Stream the events of all your jobs, from now on or from after `Last-Event-ID`."""
        return _stream(watch(live, caller_of(request), _after(request)))

    return [watch_job, watch_all]


async def watch(
    live: Live, caller: Caller, after: int | None, job_id: str | None = None
) -> AsyncIterator[bytes]:
    """Yield the stream's bytes until the token expires, the client is too slow, or the process stops."""
    sent: dict[str, None] = {}
    with live.subscriptions.of(caller.account, job_id) as subscription:
        yield sse.retry(_RETRY_MS)
        if not await live.begun(_BEGINS_WITHIN):
            return  # the client comes back
        through = live.tail.position
        view = await live.view(job_id) if job_id is not None else None
        if view is not None and after is not None:
            # A repetition of what the client saw before may come, and the tail may not reach back that far.
            sent.update((entry.id, None) for entry in view.timeline if entry.offset <= after)
        async for recorded in _missed(live, caller.account, after, through, job_id, view):
            if recorded.event.id not in sent:
                yield _message(recorded, sent)
        while (left := caller.expires - time.time()) > 0:
            try:
                item = await subscription.take(min(PING_EVERY, left))
            except TimeoutError:
                yield sse.PING
                continue
            if item is None:
                return
            if isinstance(item, Progress):
                yield sse.message("progress", to_json(present_progress(item)))
            elif item.event.id not in sent and (after is None or item.offset > after):
                yield _message(item, sent)


async def _missed(
    live: Live, account: str, after: int | None, through: int, job_id: str | None, view: JobView | None
) -> AsyncIterator[Recorded]:
    """Yield what came after offset `after`, up to `through`: of a job all of it if there is no `after`.

    A job's timeline knows each event's first place in the log, so an event that was published twice is
    told where it stands first. For all jobs only the tail knows, which is where repetitions mostly are.
    """
    if job_id is not None:
        places = {entry.offset for entry in view.timeline} if view else set()
        places = {place for place in places if (after is None or place > after) and place <= through}
        async for recorded in live.history(min(places, default=0), max(places, default=-1)):
            if recorded.offset in places:
                yield recorded
    elif after is not None:
        async for recorded in live.history(after + 1, through):
            if recorded.event.account == account and not live.tail.repeats(recorded):
                yield recorded


def _message(recorded: Recorded, sent: dict[str, None]) -> bytes:
    event = recorded.event
    sent[event.id] = None
    if len(sent) > _REMEMBERED:
        del sent[next(iter(sent))]
    return sse.message(event.type, to_json(event), recorded.offset)


def _after(request: AnyRequest) -> int | None:
    return sse.last_event_id(request.headers.get("last-event-id"))


def _stream(events: AsyncIterator[bytes]) -> Stream:
    return Stream(events, media_type="text/event-stream", headers=_HEADERS)
