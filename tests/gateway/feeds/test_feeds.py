"""Feeds while the log is away, and with other secrets."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Event
from events.errors import NotConfirmed, Unavailable
from events.ids import new_id
from events.log.publisher import Publisher
from gateway.errors import BadFields, FeedRevoked, NoSuchFeed
from gateway.feeds.feeds import Feeds
from gateway.feeds.store import MOST, Feed, FeedStore
from service.handover_keys import HandoverKeys, NoHandoverSecrets, handover_keys

ROOT = "https://audio.example"


def secrets(*names: str) -> HandoverKeys:
    return handover_keys(
        ",".join(f"{name}:{base64.b64encode(name.encode() * 16).decode()}" for name in names)
    )


class Broker:
    """Takes events, unless it is away."""

    def __init__(self) -> None:
        self.away: Exception | None = None
        self.told: list[Event] = []

    async def publish(self, event: Event) -> None:
        if self.away:
            raise self.away
        self.told.append(event)


def feed(account: str) -> Feed:
    return Feed(feed_id=new_id(), account=account, name="All", created=datetime.now(UTC))


def token_of(feeds: Feeds, made: Feed) -> str:
    return feeds.addresses(made).token


async def test_who_asks_for_many_at_once_has_no_more_than_the_most(
    database: AsyncDatabase[Any], account: str
) -> None:
    feeds = Feeds(FeedStore(database), cast("Publisher", broker := Broker()), secrets("a"), ROOT)
    asked = [feeds.create(feed(account)) for _ in range(2 * MOST)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(each) for each in answers} <= {type(None), BadFields}
    kept = {each.feed_id for each in await feeds.store.of_account(account)}
    assert len(kept) <= MOST
    assert kept == {event.subject for event in broker.told}


@pytest.mark.parametrize("error", [Unavailable("away"), NotConfirmed("perhaps")])
async def test_a_feed_that_the_log_does_not_take_is_not_there(
    database: AsyncDatabase[Any], account: str, error: Exception
) -> None:
    broker = Broker()
    feeds = Feeds(FeedStore(database), cast("Publisher", broker), secrets("a"), ROOT)
    broker.away, made = error, feed(account)
    with pytest.raises(type(error)):
        await feeds.create(made)
    assert await feeds.store.of_account(account) == []
    with pytest.raises(FeedRevoked):
        await feeds.opened(token_of(feeds, made))


async def test_who_is_revoked_is_shut_out_also_while_the_log_is_away(
    database: AsyncDatabase[Any], account: str
) -> None:
    broker = Broker()
    feeds = Feeds(FeedStore(database), cast("Publisher", broker), secrets("a"), ROOT)
    made = feed(account)
    await feeds.create(made)
    token = token_of(feeds, made)
    assert (await feeds.opened(token)).feed_id == made.feed_id
    broker.away = Unavailable("away")
    with pytest.raises(Unavailable):
        await feeds.revoke(account, made.feed_id)
    with pytest.raises(FeedRevoked):
        await feeds.opened(token)
    broker.away = None
    await feeds.revoke(account, made.feed_id)
    assert [each.type for each in broker.told] == ["feed.created", "feed.revoked"]
    with pytest.raises(NoSuchFeed):
        await feeds.revoke(account, made.feed_id)


async def test_a_feed_outlives_the_exchange_of_the_secret_and_ends_with_it(
    database: AsyncDatabase[Any], account: str
) -> None:
    store, broker = FeedStore(database), cast("Publisher", Broker())
    old = Feeds(store, broker, secrets("a"), ROOT)
    made = feed(account)
    await old.create(made)
    token = token_of(old, made)
    both = Feeds(store, broker, secrets("b", "a"), ROOT)
    assert (await both.opened(token)).feed_id == made.feed_id
    assert token_of(both, made) != token
    for feeds in (Feeds(store, broker, secrets("b"), ROOT), Feeds(store, broker, HandoverKeys({}), ROOT)):
        with pytest.raises(NoSuchFeed):
            await feeds.opened(token)


async def test_without_secrets_nothing_is_made(database: AsyncDatabase[Any], account: str) -> None:
    feeds = Feeds(FeedStore(database), cast("Publisher", Broker()), HandoverKeys({}), ROOT)
    with pytest.raises(NoHandoverSecrets):
        await feeds.create(feed(account))
    assert await feeds.store.of_account(account) == []


@pytest.mark.parametrize("purpose", ["link", "feeds", ""])
async def test_a_token_of_another_kind_opens_no_feed(
    database: AsyncDatabase[Any], account: str, purpose: str
) -> None:
    keys = secrets("a")
    feeds = Feeds(FeedStore(database), cast("Publisher", Broker()), keys, ROOT)
    made = feed(account)
    await feeds.create(made)
    for message in (made.feed_id.encode(), b"", b"x" * 16):
        with pytest.raises((NoSuchFeed, FeedRevoked)):
            await feeds.opened(keys.sign(purpose, message))
        with pytest.raises((NoSuchFeed, FeedRevoked)):
            await feeds.opened(keys.sign("feed", message))
