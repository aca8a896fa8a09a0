"""Lets go of what has been kept long enough: of a job's video, its audio, or all of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from events.projections.job_view import JobView
from events.types import DeletionReason
from events.views.store import JobViews
from gateway.jobs.live import LiveJobs
from gateway.jobs.retention import OWN_TIME, Retention, expiry
from gateway.life.deletions import Deletions

MOST_SCHEDULED = 10_000
"""Jobs whose hour is kept in memory. The others wait for the next walk."""
_EXPIRED = DeletionReason.EXPIRED


class Expiries:
    """The jobs that lose something before the next walk over all views; a walk finds them."""

    def __init__(
        self, views: JobViews, live: LiveJobs, deletions: Deletions, retention: Retention, interval: float
    ) -> None:
        """`interval` is the time in seconds between two walks."""
        self._views, self._live, self._deletions = views, live, deletions
        self._retention, self._interval = retention, timedelta(seconds=interval)
        self._soon: dict[str, datetime] = {}

    def consider(self, views: Iterable[JobView], now: datetime) -> None:
        """Take note of those of which something goes before the next walk."""
        for view in views:
            first = next_expiry(view, self._retention)
            if first is not None and first <= now + self._interval and len(self._soon) < MOST_SCHEDULED:
                self._soon[view.job_id] = first

    async def walk(self, now: datetime) -> None:
        """Look at every job that is old enough, or has a time of its own. Raises Unavailable."""
        until = now + self._interval
        async for views in (await self._views.live()).standing(self._retention.oldest(until), OWN_TIME):
            self.consider(views, now)

    async def let_go(self, now: datetime) -> None:
        """Tell of all whose hour has come. Raises NotConfirmed, Unavailable."""
        due = [job_id for job_id, time in self._soon.items() if time <= now]
        for at in range(0, len(due), 50):
            some = due[at : at + 50]
            for view in (await self._live.views(some)).views.values():
                await self._let_go(view, now)
            for job_id in some:
                self._soon.pop(job_id, None)

    async def _let_go(self, view: JobView, now: datetime) -> None:
        """Look once more, at the job as it is now: another run may have begun."""
        at = expiry(view, self._retention)
        if at.record is not None and at.record <= now:
            await self._deletions.delete(view, _EXPIRED)
            return
        if at.video is not None and at.video <= now:
            await self._deletions.remove_video(view, _EXPIRED)
        if at.audio is not None and at.audio <= now:
            await self._deletions.remove_audio(view, _EXPIRED)
        view = (await self._live.views([view.job_id])).views.get(view.job_id, view)
        self._soon.pop(view.job_id, None)
        self.consider([view], now)


def next_expiry(view: JobView, retention: Retention) -> datetime | None:
    """Return when the first part of the job goes."""
    at = expiry(view, retention)
    return min((time for time in (at.video, at.audio, at.record) if time is not None), default=None)
