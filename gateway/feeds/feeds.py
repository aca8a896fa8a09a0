"""Feeds as their owners make and revoke them, and as their tokens open them.

A token is signed, so it cannot be made up; it names its feed alone, and is good while that stands. Making a
feed is store, event, answer. Revoking is the other way round for clients first: they are shut out, then the
log gets the event, then the feed is forgotten. Whoever repeats it after trouble comes to the same event.
"""

import asyncio
from uuid import UUID

import structlog
from msgspec import Struct

from events.envelope import fact
from events.errors import TonearmError
from events.log.publisher import Publisher
from events.types import FeedCreated, FeedRevoked
from gateway import errors
from gateway.feeds.addresses import Addresses
from gateway.feeds.store import MOST, Feed, FeedStore
from gateway.http import trace_context
from service.handover_keys import HandoverKeys, NotSigned

log = structlog.get_logger()

_PURPOSE = "feed"


class Feeds(Struct, frozen=True):
    """The feeds of all accounts. `root` is the gateway's own address, as clients reach it."""

    store: FeedStore
    publisher: Publisher
    keys: HandoverKeys
    root: str

    async def create(self, feed: Feed) -> None:
        """Make a feed. Raises BadFields, NoHandoverSecrets, NotConfirmed, Unavailable."""
        self.addresses(feed)
        await self._check_room(feed.account, 1)
        await self.store.add(feed)
        try:
            await self._check_room(feed.account, 0)  # others may have come at the same time
            await self._tell(FeedCreated(), feed.feed_id, feed.account)
        except (TonearmError, asyncio.CancelledError):
            await asyncio.shield(self.store.remove(feed.feed_id))  # nobody has its address yet
            raise
        log.info("feed_created", feed_id=feed.feed_id, account_id=feed.account)

    async def revoke(self, account: str, feed_id: str) -> None:
        """End a feed of this account. Raises NoSuchFeed, NotConfirmed, Unavailable."""
        if not await self.store.revoke(account, feed_id):
            raise errors.NoSuchFeed("there is no feed with this id")
        await self._tell(FeedRevoked(), feed_id, account)
        await self.store.remove(feed_id)
        log.info("feed_revoked", feed_id=feed_id, account_id=account)

    async def own(self, account: str, feed_id: str) -> Feed:
        """Return a feed of this account. Raises NoSuchFeed, Unavailable."""
        feed = await self.store.find(feed_id)
        if feed is None or feed.account != account:
            raise errors.NoSuchFeed("there is no feed with this id")
        return feed

    async def opened(self, token: str) -> Feed:
        """Return the feed that a token opens. Raises NoSuchFeed, FeedRevoked, Unavailable."""
        try:
            feed_id = str(UUID(bytes=self.keys.signed(_PURPOSE, token)))
        except (NotSigned, ValueError):
            raise errors.NoSuchFeed("there is no feed at this address") from None
        feed = await self.store.find(feed_id)
        if feed is None:
            raise errors.FeedRevoked("this feed was revoked")
        return feed

    def addresses(self, feed: Feed) -> Addresses:
        """Return a feed's addresses. Raises NoHandoverSecrets."""
        return Addresses(self.root, self.keys.sign(_PURPOSE, UUID(feed.feed_id).bytes))

    async def _check_room(self, account: str, more: int) -> None:
        """Raise BadFields where an account has so many feeds that `more` are too many."""
        if len(await self.store.of_account(account)) + more > MOST:
            raise errors.BadFields(
                [errors.Fault("name", f"you have {MOST} feeds, which is the most: revoke one first")]
            )

    async def _tell(self, payload: FeedCreated | FeedRevoked, feed_id: str, account: str) -> None:
        event = fact(
            payload,
            subject=feed_id,
            account=account,
            source="gateway",
            traceparent=trace_context.current(),
        )
        await self.publisher.publish(event)
