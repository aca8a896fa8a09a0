"""The jobs of a feed, a page at a time."""

from msgspec import Struct

from events.projections.job_view import JobView
from events.views.store import JobViews
from gateway.feeds.chapters import chapters_of
from gateway.feeds.episodes import Page, Recording, is_episode
from gateway.feeds.store import Feed
from gateway.http.capacity import Slots
from gateway.jobs import cursors
from gateway.jobs.listing import page
from gateway.jobs.live import LiveJobs
from gateway.storage import Bucket

EPISODES = 200
"""On a page, at most: what gPodder keeps of a podcast by default, in some 200 kB of XML."""
_SPARE = 50
"""Jobs that are looked at beyond a page, as some have no audio: a second look costs as much again."""
_LOOKS = 5
"""How many times as many jobs are looked at for a page: where most have no audio it is short, or empty."""


class Contents(Struct, frozen=True):
    """Finds the jobs of feeds, `most` for a page. `slots`: who asks has no account with limits."""

    live: LiveJobs
    stored: JobViews
    audio: Bucket
    slots: Slots
    most: int = EPISODES

    async def page(self, feed: Feed, cursor: str) -> Page:
        """Return a page of a feed. Raises BadParameters, Crowded, Unavailable."""
        with self.slots.one():
            return await self._page(feed, cursor)

    async def _page(self, feed: Feed, cursor: str) -> Page:
        before = cursors.decode(cursor) if cursor else None
        found: list[JobView] = []
        looked_at = 0
        while True:
            views, more = await page(
                self.live,
                self.stored,
                account=feed.account,
                selection=feed.selection,
                before=before,
                limit=self.most + _SPARE,
            )
            found += filter(is_episode, views)
            looked_at += len(views)
            if len(found) > self.most:
                found = found[: self.most]
                more = cursors.encode(found[-1].job_id)
            if more is None or len(found) == self.most or looked_at >= _LOOKS * self.most:
                break
            before = views[-1].job_id
        recordings = [Recording(view, await chapters_of(self.audio, view)) for view in found]
        return Page(recordings=recordings, cursor=cursor, next_cursor=more or "")
