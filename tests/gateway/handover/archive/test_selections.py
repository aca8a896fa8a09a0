"""Choices of jobs under short addresses: whose they are, how long they last, and how many there are."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from events.ids import new_id
from gateway.handover.archive.selections import LIFE, MOST, Selections

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def test_a_choice_is_its_accounts_and_the_same_has_the_same_id(database: AsyncDatabase[Any]) -> None:
    selections, account, other = Selections(database), new_id(), new_id()
    await selections.prepare()
    mine = await selections.keep(account, ["a", "b"], NOW)
    assert await selections.keep(account, ["a", "b"], NOW) == mine
    assert len({mine, await selections.keep(account, ["b", "a"], NOW)}) == 2
    assert await selections.keep(other, ["a", "b"], NOW) != mine
    assert await selections.find(account, mine, NOW) == ["a", "b"]
    assert await selections.find(other, mine, NOW) is None
    await selections.forget_account(account)
    assert await selections.find(account, mine, NOW) is None
    assert await database["archives"].count_documents({}) == 1


async def test_it_lasts_a_week_from_when_it_was_last_asked_for(database: AsyncDatabase[Any]) -> None:
    selections, account = Selections(database), new_id()
    archive_id = await selections.keep(account, ["a"], NOW)
    assert await selections.find(account, archive_id, NOW + LIFE) == ["a"]
    assert await selections.find(account, archive_id, NOW + LIFE + SECOND) is None
    await selections.keep(account, ["a"], NOW + LIFE)
    assert await selections.find(account, archive_id, NOW + LIFE + SECOND) == ["a"]


async def test_of_too_many_the_oldest_goes_and_only_of_that_account(database: AsyncDatabase[Any]) -> None:
    selections, account, other = Selections(database), new_id(), new_id()
    theirs = await selections.keep(other, ["a"], NOW - SECOND)
    ids = [await selections.keep(account, [str(n)], NOW + n * SECOND) for n in range(MOST + 1)]
    assert await selections.find(account, ids[0], NOW) is None
    assert await selections.find(account, ids[1], NOW) == ["1"]
    assert await selections.find(other, theirs, NOW) == ["a"]
