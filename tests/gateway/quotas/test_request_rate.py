"""Requests a minute, of several gateways together, against a MongoDB-wire server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure

from gateway.errors import QuotaExceeded
from gateway.quotas.request_rate import RequestRate

pytestmark = pytest.mark.servers

LONG = 120.0
"""A busy machine's database takes its time; requests that nobody has counted would be too many here."""


def rate_of(database: AsyncDatabase[Any], clock: Callable[[], float]) -> RequestRate:
    """One gateway's, that counts every request, however long it takes."""
    return RequestRate(database, clock, patience=LONG)


async def taken(*rates: RequestRate, tries: int, limit: int) -> int:
    """Send requests to each gateway in turn, and return how many got through."""

    async def one(rate: RequestRate) -> bool:
        try:
            await rate.take("account", limit)
        except QuotaExceeded:
            return False
        return True

    return sum(await asyncio.gather(*(one(rates[n % len(rates)]) for n in range(tries))))


@pytest.mark.parametrize("limit", [0, 1, 7, 200])
async def test_three_gateways_let_through_as_many_as_one_and_not_one_more(
    database: AsyncDatabase[Any], limit: int
) -> None:
    now = 600.0
    gateways = [rate_of(database, lambda: now) for _ in range(3)]
    assert await taken(*gateways, tries=3 * limit + 30, limit=limit) == limit
    now = 659.9
    assert await taken(*gateways, tries=3, limit=limit) == 0
    now = 660.0
    assert await taken(*gateways, tries=3 * limit + 30, limit=limit) == limit, "the next minute"


async def test_requests_cost_few_writes(database: AsyncDatabase[Any]) -> None:
    rate = rate_of(database, lambda: 600.0)
    writes = 0
    counts = rate._counts

    class Counting:
        def __getattr__(self, name: str) -> Any:
            nonlocal writes
            writes += name in ("find_one_and_update", "update_one")
            return getattr(counts, name)

    rate._counts = Counting()  # type: ignore[assignment]
    assert await taken(rate, tries=1000, limit=1000) == 1000
    assert writes < 60
    assert await taken(rate, tries=100, limit=1000) == 0
    assert writes < 60, "who is over the limit costs none"


async def test_clocks_that_differ_neither_double_the_limit_nor_shut_anybody_out(
    database: AsyncDatabase[Any],
) -> None:
    ahead, behind = rate_of(database, lambda: 661.0), rate_of(database, lambda: 659.0)
    await ahead.take("account", 20)
    assert await taken(ahead, behind, tries=60, limit=20) == 19


async def test_a_clock_that_was_far_ahead_once_shuts_nobody_out_when_it_is_right_again(
    database: AsyncDatabase[Any],
) -> None:
    now = 600.0 + 24 * 3600
    rates = [rate_of(database, lambda: now) for _ in range(2)]
    assert await taken(*rates, tries=60, limit=20) == 20
    now = 600.0
    assert await taken(*rates, tries=60, limit=20) == 20


async def test_what_is_left_is_told_and_until_when(database: AsyncDatabase[Any]) -> None:
    rate = rate_of(database, lambda: 642.3)
    told = [await rate.take("account", 3) for _ in range(3)]
    assert [(each.left, each.reset) for each in told] == [(2, 18), (1, 18), (0, 18)]
    with pytest.raises(QuotaExceeded) as refused:
        await rate.take("account", 3)
    assert refused.value.seconds == 18


async def refuses() -> None:
    raise ConnectionFailure("away")


async def keeps_waiting() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("away", [refuses, keeps_waiting])
async def test_requests_get_through_while_the_database_is_away(
    database: AsyncDatabase[Any], away: Callable[[], Awaitable[None]]
) -> None:
    rate = RequestRate(database, lambda: 600.0, patience=0.01)

    class Away:
        async def find_one_and_update(self, *_: Any, **__: Any) -> None:
            await away()

    rate._counts = Away()  # type: ignore[assignment]
    assert await taken(rate, tries=5, limit=3) == 5
