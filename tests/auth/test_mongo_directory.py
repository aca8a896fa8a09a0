import asyncio
from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from auth.directory import Account, normalised
from auth.errors import AlreadyRegistered, DirectoryUnavailable, InvalidRequest
from auth.mongo_directory import MongoDirectory
from events.ids import new_id


def an_account(email: str = "a@example.com") -> Account:
    return Account(
        account_id=new_id(),
        email=email,
        password_hash="h1",
        roles=("user",),
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )


async def test_an_account_is_found_as_it_was_kept(directory: MongoDirectory) -> None:
    assert await directory.is_empty()
    kept = an_account()
    await directory.add(kept)
    assert not await directory.is_empty()
    assert await directory.by_email(kept.email) == kept
    assert await directory.by_id(kept.account_id) == kept
    assert await directory.by_email("b@example.com") is None
    assert await directory.by_id("nobody") is None


async def test_of_many_registrations_of_one_address_at_once_one_wins(directory: MongoDirectory) -> None:
    results = await asyncio.gather(*(directory.add(an_account()) for _ in range(10)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyRegistered"] * 9 + ["NoneType"]


async def test_a_new_hash_does_not_overwrite_a_password_changed_meanwhile(directory: MongoDirectory) -> None:
    kept = an_account()
    await directory.add(kept)
    await directory.rehash(kept.account_id, "h1", "h2")
    await directory.rehash(kept.account_id, "h1", "h3")
    found = await directory.by_id(kept.account_id)
    assert found is not None
    assert found.password_hash == "h2"


async def test_the_unannounced_are_listed_until_marked(directory: MongoDirectory) -> None:
    first, second = an_account("1@example.com"), an_account("2@example.com")
    await directory.add(first)
    await directory.add(second)
    await directory.mark_announced(first.account_id)
    assert [account.email for account in await directory.unannounced(10)] == ["2@example.com"]


async def test_a_database_that_is_away_is_one_error_of_ours() -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient("mongodb://127.0.0.1:1", serverSelectionTimeoutMS=100) as client:
        directory = MongoDirectory(client["x"])
        with pytest.raises(DirectoryUnavailable):
            await directory.by_email("a@example.com")
        with pytest.raises(DirectoryUnavailable):
            await directory.add(an_account())


async def test_a_duplicate_is_no_outage(directory: MongoDirectory) -> None:
    await directory.add(an_account())
    with pytest.raises(AlreadyRegistered):
        await directory.add(an_account())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  A.B@Example.COM ", "a.b@example.com"), ("admin@localhost", "admin@localhost"), ("é@x.fr", "é@x.fr")],
)
def test_addresses_are_compared_without_case(typed: str, kept: str) -> None:
    assert normalised(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "@x",
        "a@",
        "a@b@c",
        "a b@x",
        "a@x\r\nBcc: b@x",
        "a@x\0",
        "<a@x>",
        "a,b@x",
        "a" * 65 + "@x",
        "a@" + "x" * 260,
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        normalised(typed)


def test_an_endless_address_is_refused_at_once() -> None:
    began = process_time()
    with pytest.raises(InvalidRequest):
        normalised("a" + "\u0315\u0300" * 30_000 + "@x")
    assert process_time() - began < 0.1
