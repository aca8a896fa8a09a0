"""The jobs of one account, as nobody else may see them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from events.errors import Unavailable
from events.ids import is_id
from events.projections.job_view import JobView, State, Video
from events.views.selection import Selection, family_of
from events.views.store import JobViews
from gateway.errors import JobGone, NoSuchJob
from gateway.jobs import listing
from gateway.jobs.live import LiveJobs
from gateway.jobs.receipts import refuse_deleted, refuse_without_video, without_video
from gateway.storage import Bucket

_JUST_STORED = 60.0
_SEEN_WITHIN = 1.0


class OwnJobs:
    """Looks jobs up for their owners."""

    def __init__(self, live: LiveJobs, stored: JobViews, videos: Bucket) -> None:
        self._live, self._stored, self._videos = live, stored, videos

    async def get(self, account: str, job_id: str) -> JobView:
        """Return the job. Raises NoSuchJob, also for another account's job, JobGone, and Unavailable.

        A job that another replica has just accepted may not be known here for a moment. Its video is
        there already, so this waits for the event. A process that does not follow the log, or still waits
        for that event, cannot know that there is no such job.
        """
        if not is_id(job_id):
            raise NoSuchJob("there is no job with this id")
        caught_up = self._live.caught_up  # before looking: it may become so meanwhile
        view = await self._live.view(job_id)
        if view is None:
            just_stored = await self._just_stored(account, job_id)
            if just_stored:
                await self._live.wait_for(job_id, _SEEN_WITHIN)
                view = await self._live.view(job_id)
            if view is None and (just_stored or not caught_up):
                raise Unavailable("the log was not read far enough to know this job; try again")
        if view is None or view.account != account:
            raise NoSuchJob("there is no job with this id")
        await self._refuse_deleted(view)
        return view

    async def several(self, account: str, job_ids: Sequence[str]) -> dict[str, JobView]:
        """Return those of the jobs that are the account's, by their ids, deleted ones among them.

        One that another replica has just accepted may be missing. Raises Unavailable, also where it is not
        known yet whether there is one.
        """
        caught_up = self._live.caught_up  # before looking: it may become so meanwhile
        ids = {each for each in job_ids if is_id(each)}
        views, damaged = await self._live.views(sorted(ids))
        if damaged or (len(views) < len(ids) and not caught_up):
            raise Unavailable("the views, or the log, could not be read far enough to know these jobs")
        return {job_id: view for job_id, view in views.items() if view.account == account}

    async def of_anybody(self, job_id: str) -> JobView:
        """Return the job of any account. Raises NoSuchJob, JobGone, Unavailable."""
        view = await self._live.view(job_id) if is_id(job_id) else None
        if view is None and not self._live.caught_up:
            raise Unavailable("the log was not read far enough to know this job; try again")
        if view is None:
            raise NoSuchJob("there is no job with this id")
        await self._refuse_deleted(view)
        return view

    async def has_video(self, view: JobView) -> bool:
        """Return True if the job's video is still stored. Raises Unavailable."""
        return view.video is not None and await self._videos.find(view.video.video_id) is not None

    @asynccontextmanager
    async def holding_video(self, view: JobView) -> AsyncIterator[Video]:
        """Give the job's video for work on it, and keep it from being erased for the block.

        Raises JobGone, Unavailable.
        """
        if view.video is None:
            raise JobGone("the video of this job is not stored any more")
        async with self._videos.held(view.video.video_id) as holds:
            now = await self._live.view(view.job_id) or view  # it may have been deleted before the hold
            await self._refuse_deleted(now)
            refuse_without_video(now)
            if not await self.has_video(view):
                raise JobGone("the video of this job is not stored any more")
            if not holds:
                raise Unavailable("the video of this job is about to be removed; try again")
            yield view.video

    async def _refuse_deleted(self, view: JobView) -> None:
        """Raise JobGone, with the receipt as it is now, if the job was deleted. Raises Unavailable."""
        try:
            refuse_deleted(view)
        except JobGone as gone:
            if gone.receipt and gone.receipt.video_kept and not await self.has_video(view):
                erased_at = await self._video_erased_at(view)
                gone.receipt = without_video(gone.receipt, erased_at) if erased_at else gone.receipt
            raise

    async def _video_erased_at(self, view: JobView) -> datetime | None:
        """Return when the family's video was erased: the job that needed it last has that."""
        for state in (State.DELETED, None):
            family = Selection(family=family_of(view), state=state)
            async for other in listing.every(
                self._live, self._stored, account=view.account, selection=family
            ):
                if other.video_erasure is not None:
                    return other.video_erasure.time
        return None

    async def _just_stored(self, account: str, job_id: str) -> bool:
        video = await self._videos.find(job_id)
        if video is None or video.account != account:
            return False
        return (datetime.now(UTC) - video.uploaded).total_seconds() < _JUST_STORED
