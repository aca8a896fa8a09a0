"""Who fails often waits longer each time; nobody is locked out."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from auth import opaque
from auth.accounts.accounts import MOST_AT_ONCE, Accounts
from auth.accounts.letter_limits import PER_CLIENT, WINDOW, LetterLimits
from auth.announcements import Announcer
from auth.errors import BadCredentials, InvalidToken, TooManyFailures
from auth.passwords.hasher import Hasher
from auth.passwords.passwords import Passwords
from auth.sessions.api_keys import ApiKeys
from auth.sessions.sessions import Sessions
from auth.stores.mongo.directory import MongoDirectory
from auth.stores.mongo.failures import MongoFailures
from auth.throttle import ACCOUNT, ADDRESS, Throttle
from service.networks import SITE
from tests.auth.conftest import Clock, Site

EMAIL, PASSWORD, THERE, HOME = "ann@example.com", "a canary password", "203.0.113.9", "198.51.100.7"


async def waits(throttle: Throttle, clock: Clock, address: str, count: int) -> list[float]:
    """Fail so often, each time as soon as allowed; how long that took."""
    found = []
    for _ in range(count):
        try:
            tried = await throttle.admit(EMAIL, address)
        except TooManyFailures as error:
            found.append(error.seconds)
            clock.now += timedelta(seconds=error.seconds)
            tried = await throttle.admit(EMAIL, address)
        await throttle.failed(tried)
    return found


async def test_the_wait_grows_up_to_half_a_minute_and_a_try_is_always_possible_after_it(
    throttle: Throttle, clock: Clock
) -> None:
    assert await waits(throttle, clock, THERE, ACCOUNT.free + 8) == [1, 2, 4, 8, 16, 30, 30, 30]


async def test_who_comes_too_early_makes_nothing_worse(throttle: Throttle, clock: Clock) -> None:
    await waits(throttle, clock, THERE, ACCOUNT.free)
    for _ in range(20):
        with pytest.raises(TooManyFailures) as caught:
            await throttle.admit(EMAIL, THERE)
    assert caught.value.seconds == 1
    clock.now += timedelta(hours=1, seconds=1)
    assert await waits(throttle, clock, THERE, ACCOUNT.free) == []


async def test_a_stranger_keeps_nobody_out_who_signed_in_from_there_before(
    accounts: Accounts, throttle: Throttle, clock: Clock
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
    await waits(throttle, clock, THERE, 12)
    with pytest.raises(TooManyFailures):
        await accounts.sign_in(EMAIL, PASSWORD, address="192.0.2.1")
    assert await accounts.sign_in(EMAIL, PASSWORD, address=HOME)


async def test_failures_of_others_behind_an_address_keep_nobody_out_who_is_known_there(
    accounts: Accounts, throttle: Throttle
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
    for number in range(ADDRESS.free):
        await throttle.failed(await throttle.admit(f"{number}@example.com", HOME))
    with pytest.raises(TooManyFailures):
        await throttle.admit("new@example.com", HOME)
    assert await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
    for _ in range(ACCOUNT.free):
        await throttle.failed(await throttle.admit(EMAIL, HOME))
    with pytest.raises(TooManyFailures):
        await throttle.admit(EMAIL, HOME)


async def test_replicas_count_together_and_an_address_for_all_accounts(
    database: AsyncDatabase[dict[str, Any]], clock: Clock
) -> None:
    here, there = [Throttle(MongoFailures(database), clock, b"secret") for _ in range(2)]
    for number in range(20):
        replica = (here, there)[number % 2]
        await replica.failed(await replica.admit(f"{number}@example.com", "2001:db8::1"))
    with pytest.raises(TooManyFailures):
        await here.admit("new@example.com", "2001:db8::ffff:1")  # of the same /64
    await here.admit("new@example.com", "2001:db8:0:1::1")


async def test_many_tries_at_once_are_no_way_around_and_unknown_accounts_are_alike(
    accounts: Accounts,
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    for email in (EMAIL, "nobody@example.com"):
        tries = [accounts.sign_in(email, f"wrong password {n}", address=THERE) for n in range(9)]
        for one in tries[:5]:
            with pytest.raises(BadCredentials):
                await one
        found = await asyncio.gather(*tries[5:], return_exceptions=True)
        assert {type(each) for each in found} == {TooManyFailures}


async def test_after_failures_one_try_at_a_time_and_before_any_number(
    throttle: Throttle, clock: Clock
) -> None:
    assert len([await throttle.admit(EMAIL, THERE) for _ in range(50)]) == 50
    await waits(throttle, clock, THERE, ACCOUNT.free)
    clock.now += timedelta(seconds=1)
    tried = await throttle.admit(EMAIL, THERE)
    with pytest.raises(TooManyFailures):
        await throttle.admit(EMAIL, THERE)
    await throttle.succeeded(tried)
    assert await throttle.admit(EMAIL, THERE)


async def test_an_address_counts_once_however_its_letters_are_composed(accounts: Accounts) -> None:
    spellings = ["r\u00e9n\u00e9@example.com", "re\u0301n\u00e9@example.com", "re\u0301ne\u0301@EXAMPLE.com"]
    for number in range(ACCOUNT.free):
        with pytest.raises(BadCredentials):
            await accounts.sign_in(spellings[number % 3], "wrong", address=THERE)
    for email in spellings:
        with pytest.raises(TooManyFailures):
            await accounts.sign_in(email, "wrong", address=HOME)


async def test_no_address_is_kept(throttle: Throttle, database: AsyncDatabase[dict[str, Any]]) -> None:
    tried = await throttle.admit(EMAIL, THERE)
    await throttle.failed(tried)
    await throttle.succeeded(tried)
    stored = repr([each async for each in database["sign_in_failures"].find()])
    assert EMAIL not in stored
    assert THERE not in stored


async def test_what_is_kept_cannot_be_looked_up_without_the_secret(
    database: AsyncDatabase[dict[str, Any]], throttle: Throttle, clock: Clock
) -> None:
    await waits(throttle, clock, THERE, ACCOUNT.free)
    with pytest.raises(TooManyFailures):
        await throttle.admit(EMAIL, HOME)
    await Throttle(MongoFailures(database), clock, b"a guess").admit(EMAIL, HOME)


async def test_registering_waits_too_and_keeps_nobody_from_signing_in(
    accounts: Accounts, clock: Clock
) -> None:
    for number in range(ADDRESS.free):
        await accounts.register(f"{number}@example.com", PASSWORD, address=THERE)
    with pytest.raises(TooManyFailures):
        await accounts.register(EMAIL, PASSWORD, address=THERE)
    assert await accounts.register(EMAIL, PASSWORD, address=HOME)
    assert await accounts.sign_in(EMAIL, PASSWORD, address=THERE)
    clock.now += timedelta(seconds=2)
    assert await accounts.register("patient@example.com", PASSWORD, address=THERE)


async def test_made_up_api_keys_wait_and_one_that_is_known_there_does_not(
    accounts: Accounts, api_keys: ApiKeys
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    _, known = await api_keys.create(account.account_id, "known", ["read"], 1)
    _, new = await api_keys.create(account.account_id, "new", ["read"], 1)
    await api_keys.exchange(known, THERE)
    for _ in range(ADDRESS.free):
        with pytest.raises(InvalidToken):
            await api_keys.exchange(opaque.make(opaque.API_KEY), THERE)
    with pytest.raises(TooManyFailures):
        await api_keys.exchange(new, THERE)
    assert await api_keys.exchange(known, THERE)
    assert await api_keys.exchange(new, HOME)


async def test_a_success_makes_no_wait_longer_for_others_behind_its_address(
    accounts: Accounts, throttle: Throttle, clock: Clock
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    for number in range(ADDRESS.free):
        await throttle.failed(await throttle.admit(f"{number}@example.com", HOME))
    clock.now += timedelta(seconds=1)
    assert await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
    assert await throttle.admit("new@example.com", HOME)


async def test_a_success_ends_no_wait_of_its_address_either(
    accounts: Accounts, throttle: Throttle, clock: Clock
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
    for number in range(ADDRESS.free):
        await throttle.failed(await throttle.admit(f"{number}@example.com", HOME))
    assert await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
    with pytest.raises(TooManyFailures) as caught:
        await throttle.admit("new@example.com", HOME)
    assert caught.value.seconds == 1


async def test_of_many_at_once_one_is_admitted_after_failures(throttle: Throttle, clock: Clock) -> None:
    await waits(throttle, clock, THERE, ACCOUNT.free)
    clock.now += timedelta(seconds=1)
    found = await asyncio.gather(*(throttle.admit(EMAIL, THERE) for _ in range(10)), return_exceptions=True)
    assert sum(not isinstance(each, TooManyFailures) for each in found) == 1


async def test_who_has_a_whole_site_of_ipv6_gets_a_larger_share_and_not_an_endless_one(
    throttle: Throttle, clock: Clock
) -> None:
    for number in range(ADDRESS.free * SITE):
        address = f"2001:db8:0:{number:x}::1"
        await throttle.failed(await throttle.admit(f"{number}@example.com", address))
    with pytest.raises(TooManyFailures):
        await throttle.admit("new@example.com", "2001:db8:0:ffff::1")
    assert await throttle.admit("new@example.com", "2001:db8:1::1")


async def test_who_asks_for_a_letter_now_and_then_is_never_held_up(
    database: AsyncDatabase[dict[str, Any]], clock: Clock
) -> None:
    limits = LetterLimits(MongoFailures(database), clock, b"secret")
    for _ in range(PER_CLIENT * 2):
        await limits.admit(HOME)
        clock.now += WINDOW * 0.9
    for _ in range(PER_CLIENT):
        await limits.admit(THERE)
    clock.now += WINDOW / 4
    with pytest.raises(TooManyFailures) as caught:
        await limits.admit(THERE)
    assert caught.value.seconds == (WINDOW * 3 / 4).total_seconds()


@pytest.fixture
def quick() -> Iterator[Hasher]:
    """A hasher whose hashes cost little."""
    hasher = Hasher(memory_kib=64, passes=1)
    yield hasher
    hasher.close()


async def heard(site: Site, clock: Clock, target: str, seed: int) -> list[Any]:
    """What a stranger hears who tries an address, also from Ann's home, while others sign in and fail."""
    chance, began, answers = random.Random(seed), clock.now, []  # noqa: S311
    async with site.client() as client:

        async def sign_in(email: str, password: str, address: str) -> Any:
            headers = {"tonearm-service": "between-services", "tonearm-client": address}
            shown = {"email": email, "password": password}
            answer = await client.post("/login", json=shown, headers=headers)
            return answer.status_code, dict(answer.headers), answer.content

        for step in range(60):
            match chance.randrange(8):
                case 0:
                    await sign_in(EMAIL, PASSWORD, HOME)
                case 1:
                    clock.now += timedelta(seconds=chance.choice([1, 3, 9, 30, 61]))
                case 2 | 3 | 4:
                    await sign_in(f"{step}@example.com", "wrong", HOME)
                case _:
                    answers.append(await sign_in(target, "wrong", chance.choice([HOME, THERE])))
    clock.now = began
    return answers


@pytest.mark.parametrize("seed", range(6))
async def test_neither_status_nor_headers_nor_waits_tell_an_account_from_none(
    database: AsyncDatabase[dict[str, Any]],
    directory: MongoDirectory,
    announcer: Announcer,
    sessions: Sessions,
    quick: Hasher,
    clock: Clock,
    site: Site,
    seed: int,
) -> None:
    """Two houses with the same past: in one a stranger tries Ann's address, in the other one that is free."""
    found = {}
    for target in (EMAIL, "bob@example.com"):
        house = Throttle(MongoFailures(database), clock, target.encode())
        accounts = Accounts(
            directory=directory,
            passwords=Passwords(quick),
            announcer=announcer,
            sessions=sessions,
            throttle=house,
            clock=clock,
            refusal_seconds=0.0,
        )
        if target == EMAIL:
            await accounts.register(EMAIL, PASSWORD)
        await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
        found[target] = await heard(Site(**site.parts | {"accounts": accounts}), clock, target, seed)
    assert found[EMAIL] == found["bob@example.com"]
    assert {status for status, *_ in found[EMAIL]} == {401, 429}


async def test_a_wait_takes_as_long_for_an_account_as_for_none(
    accounts: Accounts, throttle: Throttle, clock: Clock
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    await accounts.sign_in(EMAIL, PASSWORD, address=HOME)
    for number in range(ADDRESS.free):
        await throttle.failed(await throttle.admit(f"{number}@example.com", HOME))
    accounts._refusal_seconds = 0.3
    for email in (EMAIL, "bob@example.com"):
        began = time.monotonic()
        with pytest.raises(TooManyFailures):
            await accounts.sign_in(email, "wrong", address=HOME)
        assert time.monotonic() - began >= 0.6


async def test_a_stranger_who_has_to_wait_keeps_few_places_for_long(
    accounts: Accounts, throttle: Throttle, clock: Clock
) -> None:
    await waits(throttle, clock, THERE, ACCOUNT.free)
    accounts._refusal_seconds = 3600
    tries = [asyncio.create_task(accounts.sign_in(EMAIL, "wrong", address=THERE)) for _ in range(20)]
    await wait_for(lambda: sum(each.done() for each in tries) >= len(tries) - MOST_AT_ONCE)
    done, held = await asyncio.wait(tries, timeout=0.5)
    for task in held:
        task.cancel()
    assert len(held) == MOST_AT_ONCE
    assert {type(task.exception()) for task in done} == {TooManyFailures}
    await asyncio.gather(*held, return_exceptions=True)
    assert not accounts._under_way
