"""The facts of feeds: podcasts of somebody's own. A feed's name and address are in the store only."""

from typing import ClassVar

from events.payload import Aggregate, Payload


class FeedFact(Payload, frozen=True, kw_only=True):
    """Something that happened to a feed."""

    AGGREGATE: ClassVar[Aggregate] = Aggregate.FEED


class FeedCreated(FeedFact, frozen=True, kw_only=True):
    """A feed can be fetched from now on, by whoever has its address."""

    TYPE: ClassVar[str] = "feed.created"
    NAMED_BY = ()


class FeedRevoked(FeedFact, frozen=True, kw_only=True):
    """From now on the feed's address, and those of all in it, lead nowhere."""

    TYPE: ClassVar[str] = "feed.revoked"
    NAMED_BY = ()
