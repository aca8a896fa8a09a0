"""Whether an address has an account cannot be told from how long a refusal takes."""

import asyncio
import random
import time
from collections import defaultdict
from typing import Any

import bcrypt
import httpx
import pytest
from broker import Broker
from pymongo.asynchronous.database import AsyncDatabase

from auth.accounts.accounts import MOST_AT_ONCE, Accounts
from auth.errors import TooManyFailures
from auth.passwords.hasher import Hasher
from auth.stores.mongo.directory import MongoDirectory
from auth.throttle import ADDRESS, Throttle
from events.log import topology
from tests.auth.stores.test_directories import an_account

PASSWORD = "the right canary password"
ADDRESSES = {"known": 250, "unknown": 250, "imported": 100}
TRIES = 4
"""No more of one address than cost nothing yet."""
AT_ONCE = 4


def auc(some: list[float], others: list[float]) -> float:
    """The chance that one of some is greater than one of others: Mann and Whitney's U over the pairs."""
    ranked = sorted([(value, True) for value in some] + [(value, False) for value in others])
    ranks = sum(rank for rank, (_, ours) in enumerate(ranked, 1) if ours)
    return (ranks - len(some) * (len(some) + 1) / 2) / (len(some) * len(others))


def test_the_measure_tells_what_differs_from_what_does_not() -> None:
    assert auc([3, 4, 5], [0, 1, 2]) == 1.0
    assert auc([0, 3], [1, 2]) == 0.5


@pytest.mark.nightly
@pytest.mark.timeout(1800)
async def test_known_unknown_and_imported_addresses_take_the_same_time(
    start: Any, broker: Broker, database: AsyncDatabase[Any]
) -> None:
    """2,400 refused sign-ins over HTTP, in a random order; 0.5 would be no difference at all.

    Imported ones have bcrypt's hashes, which cost some times as much as ours; theirs is only printed, as on
    cores that are busy with much else they take longer than any refusal has to.
    """
    await topology.declare(broker.url)
    passwords = Hasher()
    hashes = {
        "known": await passwords.hash(PASSWORD),
        "imported": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12)).decode(),
    }
    passwords.close()
    directory = MongoDirectory(database)
    await directory.prepare()
    tries = [(kind, f"{kind}-{n}@example.com") for kind, count in ADDRESSES.items() for n in range(count)]
    for kind, email in tries:
        if kind in hashes:
            await directory.add(an_account(email, password_hash=hashes[kind]))
    tries = tries * TRIES
    random.shuffle(tries)
    times: dict[str, list[float]] = defaultdict(list)
    service = await asyncio.to_thread(start(RABBITMQ_URL=broker.url).wait)
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:

        async def refused() -> None:
            while tries:
                kind, email = tries.pop()
                began = time.perf_counter()
                answer = await http.post("/login", json={"email": email, "password": "a wrong canary one"})
                times[kind].append(time.perf_counter() - began)
                assert answer.status_code == 401, answer.text

        await asyncio.gather(*(refused() for _ in range(AT_ONCE)))
    found = {kind: auc(times[kind], times["unknown"]) for kind in hashes}
    for kind, taken in times.items():
        print(f"{kind}: {len(taken)} in {1000 * sorted(taken)[len(taken) // 2]:.1f} ms, half of them")
    print("AUC against unknown: " + ", ".join(f"{kind} {value:.3f}" for kind, value in found.items()))
    assert abs(found["known"] - 0.5) <= 0.05


@pytest.mark.nightly
@pytest.mark.timeout(600)
async def test_in_a_wait_known_and_unknown_addresses_take_the_same_time(
    accounts: Accounts, throttle: Throttle, directory: MongoDirectory, hasher: Hasher
) -> None:
    """A stranger at the home of sixty people: their passwords are looked at, and nobody else's."""
    here, hash_ = "198.51.100.7", await hasher.hash(PASSWORD)
    tries = [(kind, f"{kind}-{n}@example.com") for kind in ("known", "unknown") for n in range(60)]
    for kind, email in tries:
        if kind == "known":
            await directory.add(an_account(email, password_hash=hash_))
            await accounts.sign_in(email, PASSWORD, address=here)
    for number in range(ADDRESS.free):  # the clock stands still, so the wait does not end
        await throttle.failed(await throttle.admit(f"{number}@example.com", here))
    accounts._refusal_seconds = 0.25
    tries = tries * 2
    random.shuffle(tries)
    times: dict[str, list[float]] = defaultdict(list)

    async def refused() -> None:
        while tries:
            kind, email = tries.pop()
            began = time.perf_counter()
            with pytest.raises(TooManyFailures):
                await accounts.sign_in(email, "a wrong canary one", address=here)
            times[kind].append(time.perf_counter() - began)

    await asyncio.gather(*(refused() for _ in range(MOST_AT_ONCE)))
    found = auc(times["known"], times["unknown"])
    print(f"AUC of known against unknown in a wait: {found:.3f}")
    assert abs(found - 0.5) <= 0.1
