"""Waiting for the end of a job, where a client prefers that to asking again (`Prefer: wait`, RFC 7240).

A wait polls nothing: it looks at the job when an event of the job is read from the log. It ends with the job,
when the time is up, when the caller's token expires or is revoked, when the client goes away, and when the
process stops.
"""

import asyncio
import time

from litestar.types import Receive
from msgspec import Struct

from events.envelope import Recorded
from events.projections.job_view import JobView
from events.tasks import cancelled
from gateway.callers.guard import AnyRequest, caller_of
from gateway.callers.tokens import Caller, Tokens
from gateway.errors import NotSignedIn
from gateway.http import prefer
from gateway.http.contract import Header
from gateway.jobs.ending import is_done
from gateway.jobs.live import LiveJobs
from gateway.jobs.subscriptions import MOST_WAITS_OF_ACCOUNT, Subscription

MOST_FOR_JOB = 60
"""Seconds that a question about a job may wait."""
MOST_FOR_UPLOAD = 600
"""Seconds that an upload may wait for its audio."""

TO_COME_BACK = 2.0
"""Seconds before its token expires at which a wait ends: time for a redirect to be followed with it."""

PREFER = Header("Prefer", "`wait=N`: answer when the job has ended, or after N seconds (RFC 7240).")


class Waits(Struct, frozen=True):
    """The waits of requests for jobs, as long as their callers' tokens are good."""

    live: LiveJobs
    tokens: Tokens

    def preferred(self, request: AnyRequest, most: int) -> int | None:
        """Return for how many seconds the request will wait; None: not at all, or too many others do."""
        seconds = prefer.wait(request.headers.getall("prefer", []), most)
        waiting = self.live.subscriptions.of_account(caller_of(request).account, waits=True)
        return seconds if seconds is None or waiting < MOST_WAITS_OF_ACCOUNT else None

    async def ended(self, request: AnyRequest, job_id: str, seconds: float) -> JobView | None:
        """Return the job when it has ended, or as it stands when the wait is over; None if it is not known.

        Raises NotSignedIn when the caller's token was revoked meanwhile, and Unavailable.
        """
        caller = caller_of(request)
        seconds = min(seconds, caller.expires - time.time() - TO_COME_BACK)
        waiting = asyncio.create_task(self._ended(caller, job_id, time.monotonic() + seconds))
        gone = asyncio.create_task(_gone(request.receive))
        try:
            await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else None
        finally:
            await cancelled([waiting, gone])

    async def _ended(self, caller: Caller, job_id: str, until: float) -> JobView | None:
        subscriptions = self.live.subscriptions
        while True:
            with subscriptions.of(caller.account, job_id, waits=True) as subscription:
                if self.tokens.is_void(caller):
                    raise NotSignedIn
                view = await self.live.view(job_id)
                while not _has_ended(view) and await _news(subscription, until):
                    view = await self.live.view(job_id)
            over = _has_ended(view) or time.monotonic() >= until or subscriptions.closing.is_set()
            if over and not subscription.revoked:
                return view
            # A session of the account was revoked, this or another; or the tail began anew.


def _has_ended(view: JobView | None) -> bool:
    return view is not None and is_done(view)


async def _news(subscription: Subscription, until: float) -> bool:
    """Wait for an event of the job; False: the time is up, or the subscription has ended."""
    while True:
        try:
            item = await subscription.take(max(0.0, until - time.monotonic()))
        except TimeoutError:
            return False
        if item is None or isinstance(item, Recorded):
            return item is not None


async def _gone(receive: Receive) -> None:
    """Wait until the client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
