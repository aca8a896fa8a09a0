import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from waiting import wait_for

from auth.accounts.accounts import Accounts
from auth.accounts.first_admin import ensure_first_admin
from auth.errors import AlreadyRegistered, BadCredentials, InvalidRequest
from auth.passwords.hasher import Hasher
from auth.sessions.sessions import Sessions
from auth.stores.mongo.directory import MongoDirectory
from events.types import AccountRegistered, AccountSignedIn, AccountSignInRefused

EMAIL, PASSWORD = "ann@example.com", "a canary password"


async def test_the_log_tells_the_story_of_an_account_and_holds_no_address(
    accounts: Accounts, fake_broker: Any
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    token = (await accounts.sign_in("ANN@example.com", PASSWORD)).access
    with pytest.raises(BadCredentials):
        await accounts.sign_in(EMAIL, "a wrong canary password")
    await wait_for(lambda: len(fake_broker.events) == 3)
    assert [event.payload() for event in fake_broker.events] == [
        AccountRegistered(roles=("user",)),
        AccountSignedIn(token_id=token.claims.jti),
        AccountSignInRefused(reason="wrong_password"),
    ]
    assert {event.subject for event in fake_broker.events} == {account.account_id}
    written = repr(fake_broker.events)
    assert EMAIL not in written
    assert token.text not in written


async def test_an_unknown_address_leaves_no_event_and_gives_the_same_answer(
    accounts: Accounts, fake_broker: Any
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    with pytest.raises(BadCredentials) as unknown:
        await accounts.sign_in("nobody@example.com", PASSWORD)
    with pytest.raises(BadCredentials) as wrong:
        await accounts.sign_in(EMAIL, "a wrong canary password")
    assert str(unknown.value) == str(wrong.value)
    await wait_for(lambda: len(fake_broker.events) == 2)
    assert {event.type for event in fake_broker.events} == {"account.registered", "account.sign_in_refused"}


@pytest.mark.parametrize("mode", ["away", "hangs"])
async def test_a_broker_that_is_gone_locks_nobody_out(
    accounts: Accounts, sessions: Sessions, fake_broker: Any, mode: str
) -> None:
    fake_broker.mode = mode
    accounts._announcer._patience = 0.1
    async with asyncio.timeout(60):
        account = await accounts.register(EMAIL, PASSWORD)
        token = (await accounts.sign_in(EMAIL, PASSWORD)).access
        assert (await sessions.validate(token.text)).sub == account.account_id


async def test_a_refusal_does_not_wait_for_the_broker(accounts: Accounts, fake_broker: Any) -> None:
    """Else the time of the answer would tell which addresses have accounts."""
    await accounts.register(EMAIL, PASSWORD)
    fake_broker.mode = "hangs"
    accounts._announcer._patience = 3600
    async with asyncio.timeout(60):
        with pytest.raises(BadCredentials):
            await accounts.sign_in(EMAIL, "a wrong canary password")


async def test_an_account_registered_without_a_broker_is_announced_later_as_the_same_fact(
    accounts: Accounts, directory: MongoDirectory, fake_broker: Any
) -> None:
    fake_broker.mode = "away"
    account = await accounts.register(EMAIL, PASSWORD)
    fake_broker.mode = "up"
    await accounts.announce_rest()
    await wait_for(lambda: fake_broker.types() == ["account.registered"])
    await accounts.announce_rest() if await directory.unannounced(1) else None
    await accounts.sign_in(EMAIL, PASSWORD)
    ids = [event.id for event in fake_broker.events if event.type == "account.registered"]
    assert len(set(ids)) == 1
    assert fake_broker.events[0].subject == account.account_id
    assert not await directory.unannounced(10)


async def test_all_accounts_registered_without_a_broker_are_announced_not_only_a_page(
    accounts: Accounts, directory: MongoDirectory, fake_broker: Any
) -> None:
    fake_broker.mode = "away"
    for number in range(5):
        await accounts.register(f"{number}@example.com", PASSWORD)
    await accounts.announce_rest(limit=2)  # comes to an end, the broker being away
    fake_broker.mode = "up"
    await accounts.announce_rest(limit=2)
    assert fake_broker.types() == ["account.registered"] * 5
    assert not await directory.unannounced(10)


async def test_a_hash_of_old_parameters_is_made_anew_at_the_next_sign_in(
    accounts: Accounts, directory: MongoDirectory
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    old = Hasher(memory_kib=8 * 1024)
    await directory.rehash(account.account_id, account.password_hash, await old.hash(PASSWORD))
    with pytest.raises(BadCredentials):
        await accounts.sign_in(EMAIL, "a wrong canary password")
    assert "m=8192" in (await accounts.get(account.account_id)).password_hash
    await accounts.sign_in(EMAIL, PASSWORD)
    assert "m=19456" in (await accounts.get(account.account_id)).password_hash
    await accounts.sign_in(EMAIL, PASSWORD)
    old.close()


@pytest.mark.parametrize("password", ["too short", "qwerty123456789", "Ann@Example.com"])
async def test_who_registers_chooses_a_password_by_the_rules(accounts: Accounts, password: str) -> None:
    with pytest.raises(InvalidRequest, match="password: "):
        await accounts.register(EMAIL, password)


async def test_without_settings_nobody_is_made_and_the_log_says_how_to(
    accounts: Accounts, directory: MongoDirectory
) -> None:
    with capture_logs() as logs:
        await ensure_first_admin(accounts, directory, "", "")
        assert await directory.is_empty()
        await accounts.register(EMAIL, PASSWORD)
        await ensure_first_admin(accounts, directory, "", "")
    [line] = logs
    assert line["mend"].startswith("tonearm account create")


async def test_of_services_starting_at_once_one_makes_the_settings_admin(
    accounts: Accounts, directory: MongoDirectory
) -> None:
    starts = (ensure_first_admin(accounts, directory, EMAIL, PASSWORD) for _ in range(5))
    with capture_logs() as logs:
        await asyncio.gather(*starts)
    assert [line["event"] for line in logs].count("admin_created") == 1


async def test_the_settings_admin_is_made_once_and_keeps_password_and_roles(
    accounts: Accounts, directory: MongoDirectory
) -> None:
    with capture_logs() as logs:
        await ensure_first_admin(accounts, directory, "Boss@example.com", "short")
        await ensure_first_admin(accounts, directory, "Boss@example.com", "another password")
    assert (await accounts.sign_in("boss@example.com", "short")).access.claims.roles == ("user", "admin")
    assert "short" not in repr(logs)
    assert [line["event"] for line in logs if line["log_level"] == "warning"][-1] == "admin_password_differs"
    await accounts.register(EMAIL, PASSWORD)
    await ensure_first_admin(accounts, directory, EMAIL, "what the operator set")
    assert (await accounts.sign_in(EMAIL, PASSWORD)).access.claims.roles == ("user",)
    with pytest.raises(AlreadyRegistered):
        await accounts.register("boss@example.com", PASSWORD)
