"""The runs of a job, as people end and begin them: a job is cancelled, or converted once more.

Each is one event, and the log decides. A run ends by its first end, so a cancellation may come too late by a
moment. Then the event is in the log and changes nothing, and the caller learns how the run has ended.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from events.envelope import Event, job_event
from events.log.publisher import Publisher
from events.projections.another_run import another_run
from events.projections.job_view import SETTLED, JobView, State, Video
from events.types import Actor, JobCancelled, JobPayload
from gateway.errors import NotSeenYet, WrongState
from gateway.http import trace_context
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.receipts import refuse_deleted

log = structlog.get_logger()

REPEATABLE = frozenset({State.FAILED, State.CANCELLED})
"""States in which a job may be converted once more."""
_SEEN_WITHIN = 5.0


class Runs:
    """Ends and begins runs. Whose jobs they are has been looked at before."""

    def __init__(self, live: LiveJobs, own_jobs: OwnJobs, publisher: Publisher) -> None:
        self._live, self._own_jobs, self._publisher = live, own_jobs, publisher

    async def cancel(self, view: JobView, by: Actor = Actor.USER) -> JobView:
        """Return the job once its run is called off, also when it was before.

        Raises WrongState when the run has ended otherwise, JobGone, Unavailable, and NotConfirmed or
        NotSeenYet: then it may be cancelled or not, and to ask again does no harm.
        """
        refuse_deleted(view)
        if view.state not in SETTLED:
            event = _event(view, JobCancelled(run=view.run, by=by))
            run, view = view.run, await self._told(event)
            end = view.end_of(run)
            if end is not None and end.state is State.CANCELLED:
                log.info("job_cancelled", job_id=view.job_id, run=run, by=by.value)
                return view  # where it stands now: somebody may have repeated it meanwhile
        if view.state is not State.CANCELLED:
            how = "failed" if view.state is State.FAILED else f"is {view.state.value}"
            raise WrongState(f"the job is over: it {how}", state=view.state.value)
        return view

    async def repeat(self, view: JobView) -> JobView:
        """Return the job once its next run has begun, with the same options.

        Raises WrongState for a job that neither failed nor was cancelled, JobGone without its video,
        Unavailable, and NotConfirmed or NotSeenYet: then it may have begun or not.
        """
        async with self.repeatable(view) as video:
            return await self.begin(view, video)

    async def begin(self, view: JobView, video: Video) -> JobView:
        """Return the job once its next run has begun. Its video is held, see `repeatable`.

        Raises JobGone, Unavailable, and NotConfirmed or NotSeenYet: then it may have begun or not.
        """
        with self._live.line.joining(view.account, view.job_id) as bulk:
            payload = another_run(video, view.run, bulk=bulk)
            view = await self._told(_event(view, payload))
        log.info("job_repeated", job_id=view.job_id, run=payload.run)
        return view

    @asynccontextmanager
    async def repeatable(self, view: JobView) -> AsyncIterator[Video]:
        """Give the video of a job that may be converted once more; it stays for the block.

        Raises WrongState, JobGone, Unavailable.
        """
        refuse_deleted(view)
        if view.state not in REPEATABLE:
            raise WrongState(
                f"only what failed or was cancelled is repeated, and the job is {view.state.value}",
                state=view.state.value,
            )
        async with self._own_jobs.holding_video(view) as video:
            yield video

    async def _told(self, event: Event) -> JobView:
        """Publish, and return the job as it stands at this event, or later.

        Raises JobGone, NotConfirmed, NotSeenYet, Unavailable.
        """
        await self._publisher.publish(event)
        seen = await self._live.wait_for(event.id, _SEEN_WITHIN)
        view = await self._live.view(event.subject)
        if not seen or view is None:
            raise NotSeenYet(f"the log has {event.type} of job {event.subject}, and it was not read in time")
        refuse_deleted(view)
        return view


def _event(view: JobView, payload: JobPayload) -> Event:
    return job_event(
        payload,
        job_id=view.job_id,
        account=view.account,
        source="gateway",
        traceparent=trace_context.current(),
    )
