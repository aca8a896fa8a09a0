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
"""On a page, at most: what a client of ours by default keeps of a podcast, in some 200 kB of XML."""
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
        looked_at, next_cursor = 0, cursor or None
        while len(found) < self.most and looked_at < _LOOKS * self.most:
            lacking = self.most - len(found)
            views, next_cursor = await page(
                self.live,
                self.stored,
                account=feed.account,
                selection=feed.selection,
                before=before,
                limit=lacking,
            )
            found += filter(is_episode, views)
            looked_at += lacking
            if next_cursor is None:
                break
            before = views[-1].job_id
        recordings = [Recording(view, await chapters_of(self.audio, view)) for view in found]
        return Page(recordings=recordings, cursor=cursor, next_cursor=next_cursor or "")
