"""An account's usage as of this moment: what is stored, and what newer events in memory change."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from events.projections.job_view import JobView
from events.projections.jobs import fold
from events.projections.usage import NONE, Step, Usage, moved
from events.views.store import JobViews
from gateway.jobs.live import LiveJobs


class Now(Struct, frozen=True):
    """An account's usage, and the jobs that were asked for: as they are now, and as they are stored."""

    usage: Usage
    views: Mapping[str, JobView]
    stored: Mapping[str, JobView]


class LiveUsage:
    """Answers for the usage of accounts."""

    def __init__(self, live: LiveJobs, views: JobViews) -> None:
        self._live, self._views = live, views

    async def of(self, account: str, jobs: Iterable[str] = ()) -> Now:
        """Return the usage, with all of these jobs counted that are in `views`. Raises Unavailable.

        Usage is read last: it is written before the views that it counts, so it lacks none of them.
        """
        recent, store = self._live.recent, await self._views.live()
        checkpoint = await store.checkpoint()
        upto = checkpoint.offset if checkpoint else -1
        newer = {job for job in recent.jobs_of(account) if recent.of_job(job)[-1].offset > upto}
        stored, damaged = await store.readable([*newer.union(jobs)])
        usage = await store.usage.get(account)
        views: dict[str, JobView] = {}
        steps: list[Step] = []
        for job in newer.union(jobs) - damaged:
            events = recent.of_job(job)
            view = fold(events, stored.get(job))
            if view is not None:
                views[job] = view
                counted = fold((each for each in events if each.offset <= usage.seen), stored.get(job))
                steps.append((counted, view))
        return Now(moved({account: usage}, steps).get(account, usage or NONE), views, stored)
