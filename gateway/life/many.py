"""One thing done to many jobs: to each by itself, so that one refusal stops no other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from msgspec import Struct

from events.projections.job_view import JobView
from gateway.errors import GatewayError
from gateway.jobs.refusals import Refusal, refusal

Deed = Callable[[JobView], Awaitable[JobView]]
"""Does something to a job, and returns the job as it stands then, or the one that came of it."""

_AT_ONCE = 50


class Done(Struct, frozen=True, kw_only=True):
    """The jobs to which it was done, or that came of it; and those to which it was not."""

    job_ids: list[str]
    refused: list[Refusal]


async def to_each(views: AsyncIterator[JobView], deed: Deed) -> Done:
    """Do it to each job, to some at a time. Raises Unavailable; then it is done to some."""
    done = Done(job_ids=[], refused=[])
    some: list[JobView] = []
    async for view in views:
        some.append(view)
        if len(some) == _AT_ONCE:
            await _to_some(some, deed, done)
            some = []
    await _to_some(some, deed, done)
    return done


async def _to_some(views: Sequence[JobView], deed: Deed, done: Done) -> None:
    ends = await asyncio.gather(*(deed(view) for view in views), return_exceptions=True)
    for view, end in zip(views, ends, strict=True):
        match end:
            case JobView():
                done.job_ids.append(end.job_id)
            case GatewayError():
                done.refused.append(refusal(view.job_id, end))
            case _:
                raise end
