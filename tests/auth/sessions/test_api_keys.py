"""API keys: less than their maker may, shown once, found by scanners, gone when revoked."""

import re
from datetime import timedelta

import pytest

from auth import opaque
from auth.accounts.accounts import Accounts
from auth.errors import InvalidRequest, InvalidToken, NoSuchApiKey
from auth.sessions.api_keys import ApiKeys
from auth.sessions.sessions import Sessions
from auth.stores.directory import Account
from auth.stores.mongo.directory import MongoDirectory
from events.types import AccountChanged, AccountRevoked
from tests.auth.conftest import Clock, FakeBroker


@pytest.fixture
async def account(accounts: Accounts) -> Account:
    return await accounts.register("ann@example.com", "a canary password")


async def test_a_key_brings_tokens_of_its_scopes_and_remembers_its_use(
    api_keys: ApiKeys, sessions: Sessions, account: Account, clock: Clock
) -> None:
    key, text = await api_keys.create(account.account_id, "laptop", ["upload"], 30)
    token = await api_keys.exchange(text)
    claims = await sessions.validate(token.text)
    assert (claims.sub, claims.scope, claims.sid) == (account.account_id, "upload", key.session_id)
    [listed] = await api_keys.of(account.account_id)
    assert (listed.name, listed.used) == ("laptop", clock.now)
    clock.now += timedelta(days=30) - timedelta(seconds=60)
    last = (await api_keys.exchange(text)).claims
    assert last.exp - last.iat == 60, "no token outlives its key"
    clock.now += timedelta(seconds=60)
    with pytest.raises(InvalidToken):
        await api_keys.exchange(text)
    assert await api_keys.of(account.account_id) == []


async def test_a_key_has_the_same_times_when_it_is_made_and_when_it_is_listed(
    api_keys: ApiKeys, account: Account, clock: Clock
) -> None:
    clock.now = clock.now.replace(microsecond=829_973)
    made, _ = await api_keys.create(account.account_id, "laptop", ["read"], 30)
    [listed] = await api_keys.of(account.account_id)
    assert (listed.created, listed.expires) == (made.created, made.expires)


async def test_a_key_is_told_of_when_it_is_made_and_revoked_as_a_session_is(
    api_keys: ApiKeys, sessions: Sessions, account: Account, fake_broker: FakeBroker
) -> None:
    key, text = await api_keys.create(account.account_id, "laptop", ["read"], 30)
    assert fake_broker.events[-1].payload() == AccountChanged(fields=("api_keys",))
    token = await api_keys.exchange(text)
    with pytest.raises(NoSuchApiKey):
        await api_keys.revoke("somebody else", key.session_id)
    await sessions.end_others(account.account_id, reason="signed_out_everywhere")
    assert await api_keys.exchange(text)
    await api_keys.revoke(account.account_id, key.session_id)
    with pytest.raises(InvalidToken):
        await api_keys.exchange(text)
    with pytest.raises(InvalidToken):
        await sessions.validate(token.text)
    assert fake_broker.events[-1].payload() == AccountRevoked(
        reason="key_revoked", sessions=(key.session_id,)
    )


@pytest.mark.parametrize(
    ("name", "scopes", "days", "named"),
    [
        ("", ["read"], 1, "name"),
        ("a\nb", ["read"], 1, "name"),
        ("x" * 101, ["read"], 1, "name"),
        ("a", [], 1, "scopes"),
        ("a", ["account"], 1, "scopes"),
        ("a", ["admin"], 1, "scopes"),
        ("a", ["read"], 0, "days"),
        ("a", ["read"], 3651, "days"),
    ],
)
async def test_a_key_that_cannot_be_is_refused(
    api_keys: ApiKeys, account: Account, name: str, scopes: list[str], days: int, named: str
) -> None:
    with pytest.raises(InvalidRequest, match=named):
        await api_keys.create(account.account_id, name, scopes, days)


async def test_who_loses_a_role_loses_it_for_the_keys_and_a_closed_account_has_none(
    api_keys: ApiKeys, accounts: Accounts, directory: MongoDirectory
) -> None:
    admin = await accounts.register("boss@example.com", "a canary password", ("user", "admin"))
    _, text = await api_keys.create(admin.account_id, "ops", ["admin", "read"], 1)
    assert (await api_keys.exchange(text)).claims.scope == "admin read"
    await directory.set_roles(admin.account_id, ("user",))
    assert (await api_keys.exchange(text)).claims.scope == "read"
    await directory.set_disabled(admin.account_id, True)
    with pytest.raises(InvalidToken):
        await api_keys.exchange(text)


async def test_a_refresh_token_is_no_key_and_a_key_no_refresh_token(
    api_keys: ApiKeys, sessions: Sessions, account: Account
) -> None:
    _, text = await api_keys.create(account.account_id, "a", ["read"], 1)
    grant = await sessions.begin(account)
    for shown in (grant.refresh, grant.access.text, text[:-1], "tonearm_" + "0" * 49):
        with pytest.raises(InvalidToken):
            await api_keys.exchange(shown)
    with pytest.raises(InvalidToken):
        await sessions.refresh(text)


def test_a_scanner_finds_keys_by_prefix_and_checksum() -> None:
    key = opaque.make(opaque.API_KEY)
    assert re.fullmatch(r"tonearm_[0-9A-Za-z]{49}", key)
    assert opaque.is_well_formed(key, opaque.API_KEY)
    assert not opaque.is_well_formed(key[:-1] + ("0" if key[-1] != "0" else "1"), opaque.API_KEY)
    assert opaque.make(opaque.API_KEY) != key
