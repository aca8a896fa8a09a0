"""A feed of 5,000 episodes: what a page of it costs, and a client that has the page already."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import podcastparser
import pytest
from msgspec.structs import replace
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from events.projections.job_view import JobView
from events.views.store import JobViews
from gateway.feeds.contents import EPISODES
from gateway.jobs import cursors
from tests.gateway.feeds.recordings import made
from tests.gateway.feeds.test_episodes import job
from tests.gateway.running import Gateway

pytestmark = [pytest.mark.servers, pytest.mark.long]
EPISODES_IN_ALL = 5000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def jobs(account: str) -> list[JobView]:
    """Jobs over some months, every tenth of them without audio."""
    some = []
    for n in range(1, EPISODES_IN_ALL * 10 // 9):
        at = BEGIN + timedelta(hours=n / 2)
        view = job(f"Lecture {n}.mp4")
        job_id = str(UUID(int=(int(at.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62 | n))
        made = view if n % 10 else replace(view, audio=None)
        some.append(replace(made, job_id=job_id, account=account, created=at, updated=at))
    return some


async def test_a_page_of_five_thousand_episodes_costs_what_a_page_does(
    gateway: Gateway, account: str
) -> None:
    views = jobs(account)
    async with AsyncMongoClient(gateway.mongodb_url, tz_aware=True) as mongo:
        stored = await JobViews(mongo.get_default_database()).live()
        for at in range(0, len(views), 500):
            assert await stored.insert(views[at : at + 500]) == []
    wanted = [view.job_id for view in reversed(views) if view.audio]
    first = str((await made(gateway, account))["url"])
    last = f"{first}?cursor={cursors.encode(wanted[-EPISODES - 1])}"
    async with httpx.AsyncClient(timeout=120) as client:
        page, newest = await asked(client, first)
        assert newest == wanted[:EPISODES]
        assert len(page.content) < 300_000
        assert int(page.headers["content-length"]) < 30_000, "it is packed"
        _, next_ = await asked(client, read(page)["paged_feed_next"])
        assert next_ == wanted[EPISODES : 2 * EPISODES]
        end, oldest = await asked(client, last)
        assert oldest == wanted[-EPISODES:]
        assert "paged_feed_next" not in read(end)
        spent, etag = page.elapsed.total_seconds(), page.headers["etag"]
        async with gateway.as_(account) as owner:
            listed = (await owner.get("/jobs?limit=200")).elapsed.total_seconds()
        async with AsyncMongoClient(gateway.mongodb_url) as mongo:
            await forget(mongo.get_default_database())
        known = await client.get(first, headers={"If-None-Match": etag})
    assert known.status_code == 304, "who has it costs no look at the jobs"
    print(f"{len(page.content)} bytes, {page.headers['content-length']} packed")
    print(f"{spent:.3f} s; as many jobs listed: {listed:.3f} s")


async def forget(database: AsyncDatabase[Any]) -> None:
    """Remove all views, so that nobody finds a job in them."""
    for name in await database.list_collection_names(filter={"name": {"$regex": "^jobs_v"}}):
        await database[name].delete_many({})


async def asked(client: httpx.AsyncClient, url: str) -> tuple[httpx.Response, list[str]]:
    page = await client.get(url)
    return page, [each["guid"] for each in read(page)["episodes"]]


def read(page: httpx.Response) -> Any:
    return podcastparser.parse(str(page.url), BytesIO(page.content), 0)
