"""Work that was given up, for administrators: what it is, why, and the way back."""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from msgspec import Struct

from events.log import amqp, topology
from events.payload import Aggregate
from events.projections.job_view import JobView
from events.work import parked
from events.work.parked import ParkedWork, Remedy, remedy
from gateway.errors import JobGone, WrongState
from gateway.jobs.live import LiveJobs
from gateway.life.runs import Runs

log = structlog.get_logger()

MOST = 1000
"""Messages of one queue that are looked at in one call."""


class Found(Struct, frozen=True, kw_only=True):
    """A message, its job as it stands, and what asking for it again would do."""

    work: ParkedWork
    view: JobView | None
    remedy: Remedy


Choice = Callable[[ParkedWork], bool]


class ParkedQueues:
    """The parked messages of all work queues. One call at a time: who looks at a message holds it."""

    def __init__(self, url: str, live: LiveJobs, runs: Runs) -> None:
        self._url, self._live, self._runs = url, live, runs
        self._turn = asyncio.Lock()

    async def look(self, most: int) -> list[Found]:
        """Return up to `most` messages of each queue. Raises Unavailable."""
        found: list[Found] = []
        async with self._turn, amqp.connected(self._url, name="parked work") as connection:
            for queue in topology.WORK_QUEUES:
                async with parked.held(connection, queue, most) as held:
                    found += await self._found(held.works)
        return found

    async def ask_again(self, choice: Choice, queues: Sequence[str] = topology.WORK_QUEUES) -> list[Found]:
        """Do with each chosen message what its remedy is, and return them.

        Raises Unavailable when it breaks off; what was done then is not done twice.
        """
        done: list[Found] = []
        async with self._turn, amqp.connected(self._url, name="parked work") as connection:
            confirmed = await connection.channel(confirms=True)
            for queue in queues:
                async with parked.held(connection, queue, MOST) as held:
                    for each in await self._found([work for work in held.works if choice(work)]):
                        done.append(await self._ask_again(confirmed, each))
                        if done[-1].remedy is not Remedy.KEEP:
                            held.drop(each.work)
        return done

    async def _found(self, works: Sequence[ParkedWork]) -> list[Found]:
        jobs = {job_id for work in works if (job_id := job_of(work))}
        views = (await self._live.views(sorted(jobs))).views
        seen = [(work, views.get(job_of(work))) for work in works]
        return [Found(work=work, view=view, remedy=remedy(work, view)) for work, view in seen]

    async def _ask_again(self, confirmed: amqp.Channel, found: Found) -> Found:
        """Do it, and return what was done. Raises Unavailable."""
        work = found.work
        if found.remedy is Remedy.RUN and found.view is not None:
            try:
                await self._runs.repeat(found.view)
            except (JobGone, WrongState):  # the video is gone, or somebody was faster
                found = Found(work=work, view=found.view, remedy=Remedy.DROP)
        elif found.remedy is Remedy.HAND_OUT:
            await parked.hand_out(confirmed, work)
        subject = work.event.subject if work.event else ""
        log.info("parked_work_asked_again", queue=work.queue, subject=subject, done=found.remedy.value)
        return found


def job_of(work: ParkedWork) -> str:
    """Return the job that the work is for; empty for that of an account, or of nobody knows what."""
    return work.event.subject if work.event and work.event.aggregate is Aggregate.JOB else ""
