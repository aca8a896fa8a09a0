"""Refresh tokens are good once, a thief is noticed, and an end is told to the log."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from auth import opaque
from auth.accounts.accounts import Accounts
from auth.background import keep_announced
from auth.errors import BadCredentials, InvalidToken
from auth.sessions.sessions import GRACE, Grant, Sessions
from auth.stores.directory import Account
from auth.stores.mongo.directory import MongoDirectory
from events.types import AccountRevoked
from tests.auth.conftest import Clock, FakeBroker


@pytest.fixture
async def account(accounts: Accounts) -> Account:
    return await accounts.register("ann@example.com", "a canary password")


@pytest.fixture
async def grant(sessions: Sessions, account: Account) -> Grant:
    return await sessions.begin(account)


def revoked(broker: FakeBroker) -> list[AccountRevoked]:
    payloads = [event.payload() for event in broker.events]
    return [each for each in payloads if isinstance(each, AccountRevoked)]


async def refused(sessions: Sessions, token: str) -> bool:
    try:
        await sessions.refresh(token)
    except InvalidToken:
        return True
    return False


async def test_a_refresh_token_brings_a_new_pair_of_the_same_session(
    sessions: Sessions, grant: Grant, account: Account
) -> None:
    second = await sessions.refresh(grant.refresh)
    third = await sessions.refresh(second.refresh)
    assert len({grant.refresh, second.refresh, third.refresh}) == 3
    assert {each.access.claims.sid for each in (grant, second, third)} == {grant.access.claims.sid}
    assert (await sessions.validate(third.access.text)).sub == account.account_id
    assert third.access.claims.scope == "read upload manage account"
    assert grant.refresh not in repr(grant)


async def test_tabs_that_race_get_the_same_successor(sessions: Sessions, grant: Grant) -> None:
    found = await asyncio.gather(*(sessions.refresh(grant.refresh) for _ in range(8)))
    assert len({each.refresh for each in found}) == 1
    assert await sessions.refresh(found[0].refresh)


async def test_a_token_used_again_after_the_grace_ends_the_session_for_thief_and_owner(
    sessions: Sessions, grant: Grant, clock: Clock, fake_broker: FakeBroker
) -> None:
    second = await sessions.refresh(grant.refresh)
    clock.now += GRACE + timedelta(seconds=1)
    assert await refused(sessions, grant.refresh)
    assert await refused(sessions, second.refresh)
    with pytest.raises(InvalidToken):
        await sessions.validate(second.access.text)
    sid = grant.access.claims.sid
    assert revoked(fake_broker) == [AccountRevoked(reason="refresh_reused", sessions=(sid,))]


async def test_a_token_two_steps_old_has_no_grace(sessions: Sessions, grant: Grant) -> None:
    await sessions.refresh((await sessions.refresh(grant.refresh)).refresh)
    assert await refused(sessions, grant.refresh)


async def test_who_knows_no_token_of_a_session_cannot_end_it(sessions: Sessions, grant: Grant) -> None:
    guesses = [
        "",
        "tonearmr_",
        grant.access.claims.sid,
        grant.refresh[:-1],
        grant.refresh[:-1] + "é",
        opaque.make(opaque.REFRESH, opaque.make_family()),
        grant.refresh.replace("tonearmr_", "tonearm_"),
        grant.refresh * 1000,
    ]
    assert all([await refused(sessions, each) for each in guesses])
    assert await sessions.refresh(grant.refresh)


async def test_signing_out_ends_one_session_and_everywhere_all(
    sessions: Sessions, account: Account, fake_broker: FakeBroker
) -> None:
    here, there, elsewhere = [await sessions.begin(account) for _ in range(3)]
    await sessions.end_by_refresh(here.refresh)
    assert await refused(sessions, here.refresh)
    assert not await refused(sessions, there.refresh)
    await sessions.end_others(
        account.account_id, keep=elsewhere.access.claims.sid, reason="signed_out_everywhere"
    )
    assert await sessions.validate(elsewhere.access.text)
    with pytest.raises(InvalidToken):
        await sessions.validate(there.access.text)
    await sessions.end_account(account.account_id, "disabled")
    assert await refused(sessions, elsewhere.refresh)
    assert [each.sessions for each in revoked(fake_broker)] == [
        (here.access.claims.sid,),
        (there.access.claims.sid,),
        (),
    ]


async def test_a_session_ends_by_itself_however_often_it_was_refreshed(
    sessions: Sessions, grant: Grant, clock: Clock
) -> None:
    clock.now += timedelta(days=29)
    second = await sessions.refresh(grant.refresh)
    assert second.refresh_seconds == 24 * 3600
    clock.now += timedelta(days=1)
    assert await refused(sessions, second.refresh)


async def test_an_end_is_told_once_the_broker_is_back(
    sessions: Sessions, grant: Grant, account: Account, fake_broker: FakeBroker
) -> None:
    fake_broker.mode = "away"
    await sessions.end(account.account_id, grant.access.claims.sid)
    assert await refused(sessions, grant.refresh)
    fake_broker.mode = "up"
    await sessions.announce_rest()
    await wait_for(lambda: len(revoked(fake_broker)) == 1)
    await sessions.announce_rest()
    assert len(revoked(fake_broker)) == 1


async def test_a_dropped_end_is_told_although_the_broker_was_never_missed(
    accounts: Accounts, sessions: Sessions, grant: Grant, account: Account, fake_broker: FakeBroker
) -> None:
    fake_broker.mode = "away"
    await sessions.end(account.account_id, grant.access.claims.sid)
    fake_broker.mode = "up"
    keeping = asyncio.create_task(
        keep_announced(accounts, sessions, ready=lambda: True, reopened=asyncio.Event())
    )
    await wait_for(lambda: len(revoked(fake_broker)) == 1)
    await end(keeping)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel until it has ended: in the middle of a query the driver may make another error of it."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.1)


async def test_no_error_ends_the_announcing_and_none_loses_a_reopening(
    sessions: Sessions, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.background._ANNOUNCE_EVERY", 0.01)
    reopened, tries = asyncio.Event(), 0

    async def announce_rest() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise RuntimeError("unforeseen")
        if tries == 3:
            reopened.set()  # the broker went and came back meanwhile

    monkeypatch.setattr(accounts, "announce_rest", announce_rest)
    reopened.set()
    keeping = asyncio.create_task(keep_announced(accounts, sessions, ready=lambda: True, reopened=reopened))
    await wait_for(lambda: tries == 4)
    await wait_for(lambda: not reopened.is_set())
    await end(keeping)


async def test_a_sign_in_while_the_account_changes_gets_what_holds_afterwards(
    accounts: Accounts, sessions: Sessions, directory: MongoDirectory
) -> None:
    verified = await accounts.register("boss@example.com", "a canary password", ("user", "admin"))
    await directory.set_roles(verified.account_id, ("user",))
    assert (await sessions.begin(verified)).access.claims.roles == ("user",)
    await directory.set_disabled(verified.account_id, True)
    with pytest.raises(BadCredentials):
        await sessions.begin(verified)


async def test_the_database_holds_nothing_that_opens_anything(
    sessions: Sessions, grant: Grant, database: AsyncDatabase[dict[str, Any]]
) -> None:
    second = await sessions.refresh(grant.refresh)
    stored = repr([each async for each in database["sessions"].find()])
    for token in (grant.refresh, second.refresh):
        secret = token.removeprefix("tonearmr_")
        assert secret not in stored
        assert secret[:43] not in stored
        assert secret[43:] not in stored


async def test_of_too_many_sessions_the_oldest_ends_and_bare_tokens_do_not_count(
    sessions: Sessions, account: Account, fake_broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.sessions.sessions.MOST", 3)
    grants = [await sessions.begin(account) for _ in range(3)]
    for _ in range(4):
        await sessions.begin(account, lasting=False)
    assert revoked(fake_broker) == []
    await sessions.begin(account)
    assert [await refused(sessions, each.refresh) for each in grants] == [True, False, False]
    [told] = revoked(fake_broker)
    assert told == AccountRevoked(reason="too_many_sessions", sessions=(grants[0].access.claims.sid,))
