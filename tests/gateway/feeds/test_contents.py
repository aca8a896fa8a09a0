"""The jobs of a feed, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase

from events.ids import new_id
from events.projections.job_view import JobView
from events.views.store import JobViews
from gateway.feeds.contents import Contents
from gateway.feeds.store import Feed, FeedStore
from gateway.http.capacity import Slots
from gateway.jobs.live import LiveJobs
from gateway.jobs.recent import RecentEvents
from gateway.storage import Bucket
from service.blobs import AUDIO
from tests.gateway.feeds.test_episodes import job

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ME = new_id()


def at(n: int, *, has_audio: bool, account: str = ME, **options: Any) -> JobView:
    time = BEGIN + timedelta(hours=n)
    job_id = str(UUID(int=(int(time.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62 | n))
    view = job(f"{n}.mp4", **options)
    audio = view.audio if has_audio else None
    return replace(view, job_id=job_id, account=account, created=time, updated=time, audio=audio)


async def contents(database: AsyncDatabase[Any], views: list[JobView], most: int) -> Contents:
    stored = JobViews(database)
    live_version = await stored.live()
    await live_version.prepare()
    await live_version.save(views)
    live = LiveJobs(stored, "not followed here")
    live.recent = RecentEvents(-1)
    return Contents(live, stored, Bucket(database, AUDIO), Slots(1), most)


@pytest.mark.parametrize("every", [1, 2, 3, 30, 70])
async def test_every_episode_is_on_one_page(database: AsyncDatabase[Any], every: int) -> None:
    views = [at(n, has_audio=n % every == 0) for n in range(200)]
    found = await contents(database, [*views, at(7, has_audio=True, account=new_id())], 4)
    feed = Feed(feed_id=new_id(), account=ME, name="All", created=BEGIN)
    ids: list[str] = []
    page = await found.page(feed, "")
    while True:
        assert len(page.recordings) <= 4
        ids += [each.view.job_id for each in page.recordings]
        if not page.next_cursor:
            break
        page = await found.page(feed, page.next_cursor)
    assert ids == [view.job_id for view in reversed(views) if view.audio]


async def test_a_feed_is_kept_as_it_was_made(database: AsyncDatabase[Any]) -> None:
    store = FeedStore(database)
    await store.prepare()
    feed = Feed(
        feed_id=new_id(), account=ME, name="A & B", created=BEGIN, q="x", options=(("format", "flac"),)
    )
    other = Feed(feed_id=new_id(), account=new_id(), name="Other", created=BEGIN)
    await store.add(feed)
    await store.add(other)
    assert await store.find(feed.feed_id) == feed
    assert await store.of_account(ME) == [feed]
    assert not await store.revoke(other.account, feed.feed_id)
    assert await store.revoke(ME, feed.feed_id)
    assert (await store.find(feed.feed_id), await store.of_account(ME)) == (None, [])
    assert await store.revoke(ME, feed.feed_id), "whoever repeats it goes on where it broke off"
    await store.forget_account(other.account)
    assert await store.find(other.feed_id) is None
