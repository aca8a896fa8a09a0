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
_AT_ONCE = 100
"""Jobs that lose something before others get their turn: many do when a time is set for the first time."""
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
        self._left_out = False

    @property
    def wants_walk(self) -> bool:
        """True if the last walk found more jobs than are kept in memory, and there is room again."""
        return self._left_out and len(self._soon) <= MOST_SCHEDULED // 2

    def consider(self, views: Iterable[JobView], now: datetime) -> None:
        """Take note of those of which something goes before the next walk."""
        for view in views:
            first = next_expiry(view, self._retention)
            if first is None or first > now + self._interval:
                continue
            if len(self._soon) < MOST_SCHEDULED:
                self._soon[view.job_id] = first
            else:
                self._left_out = True

    async def walk(self, now: datetime) -> None:
        """Look at every job that is old enough, or has a time of its own. Raises Unavailable."""
        self._left_out, until = False, now + self._interval
        async for views in (await self._views.live()).standing(self._retention.oldest(until), OWN_TIME):
            self.consider(views, now)

    async def let_go(self, now: datetime) -> bool:
        """Tell of some whose hour has come; True if there are more.

        Raises NotConfirmed, Unavailable; what is left then is still due.
        """
        due = [job_id for job_id, time in self._soon.items() if time <= now]
        for job_id in due[:_AT_ONCE]:
            for view in (await self._live.views([job_id])).views.values():
                await self._let_go(view, now)
            del self._soon[job_id]
            self.consider((await self._live.views([job_id])).views.values(), now)
        return len(due) > _AT_ONCE

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


def next_expiry(view: JobView, retention: Retention) -> datetime | None:
    """Return when the first part of the job goes."""
    at = expiry(view, retention)
    return min((time for time in (at.video, at.audio, at.record) if time is not None), default=None)
