"""The feeds of all accounts, in MongoDB.

    feeds   one document per feed: `account`, `name`, `created`; `q` and `options` choose its jobs; once it is
            revoked, `revoked`, until the log has that

A token is not here: it is made of the feed's id by the gateway's key, and is void without this document.
"""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated
from events.views.selection import Selection
from gateway.jobs import filters

COLLECTION = "feeds"
MOST = 50
"""Feeds that an account may have."""


class Feed(Struct, frozen=True, kw_only=True):
    """A feed: of all jobs of its account, of those with `q` in their name, of those with these options."""

    feed_id: str
    account: str
    name: str
    created: datetime
    q: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def selection(self) -> Selection:
        """The jobs that it may have. Raises BadParameters for an option that this build cannot read."""
        return Selection(name=self.q, options=filters.options(self.options))


class FeedStore:
    """The stored feeds. Every method raises Unavailable."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._feeds = database[COLLECTION]

    async def prepare(self) -> None:
        """Create the index: feeds are looked for by their account."""
        await self._feeds.create_index([("account", ASCENDING)])

    async def add(self, feed: Feed) -> None:
        """Keep a new feed."""
        document = {
            "_id": feed.feed_id,
            "account": feed.account,
            "name": feed.name,
            "created": feed.created,
            "q": feed.q,
            "options": [list(each) for each in feed.options],
        }
        with translated("the feeds"):
            await self._feeds.insert_one(document)

    async def find(self, feed_id: str) -> Feed | None:
        """Return a feed that is not revoked."""
        with translated("the feeds"):
            document = await self._feeds.find_one({"_id": feed_id, "revoked": {"$exists": False}})
        return _feed(document) if document else None

    async def of_account(self, account: str) -> list[Feed]:
        """Return the account's feeds that are not revoked, the oldest first."""
        wanted = {"account": account, "revoked": {"$exists": False}}
        with translated("the feeds"):
            return [_feed(each) async for each in self._feeds.find(wanted).sort("_id", ASCENDING)]

    async def revoke(self, account: str, feed_id: str) -> bool:
        """End a feed for its clients; False if the account has none of this id."""
        with translated("the feeds"):
            ended = await self._feeds.update_one(
                {"_id": feed_id, "account": account}, {"$set": {"revoked": datetime.now(UTC)}}
            )
        return ended.matched_count == 1

    async def remove(self, feed_id: str) -> None:
        """Forget a feed."""
        with translated("the feeds"):
            await self._feeds.delete_one({"_id": feed_id})

    async def forget_account(self, account: str) -> None:
        """Forget all feeds of an account."""
        with translated("the feeds"):
            await self._feeds.delete_many({"account": account})


def _feed(document: dict[str, Any]) -> Feed:
    return Feed(
        feed_id=document["_id"],
        account=document["account"],
        name=document["name"],
        created=document["created"],
        q=document.get("q", ""),
        options=tuple((name, text) for name, text in document.get("options", ())),
    )
