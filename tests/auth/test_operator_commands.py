import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from auth.accounts.accounts import Accounts
from auth.accounts.operator_changes import OperatorChanges, find
from auth.errors import BadCredentials, InvalidToken, NoSuchAccount
from auth.sessions.sessions import Sessions
from auth.stores.mongo.directory import MongoDirectory
from events.errors import NotConfirmed
from events.log import topology
from events.projections.usage import Usage
from events.types import AccountChanged, AccountErased, AccountRevoked, AccountSignInRefused
from events.views.store import JobViews
from service.quotas import OwnLimits

EMAIL, PASSWORD = "ann@example.com", "a canary password"


def told(fake_broker: Any) -> list[Any]:
    """What was published since the last look."""
    payloads = [event.payload() for event in fake_broker.events]
    assert EMAIL not in repr(fake_broker.events)
    fake_broker.events.clear()
    return payloads


async def test_an_account_is_found_by_id_or_address_however_it_is_typed(
    accounts: Accounts, directory: MongoDirectory
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    assert (await find(directory, " Ann@Example.com ")).account_id == account.account_id
    assert (await find(directory, account.account_id)).email == EMAIL
    for nobody in ("bob@example.com", "0199a1b2-0000-7000-8000-0000000000aa"):
        with pytest.raises(NoSuchAccount):
            await find(directory, nobody)


async def test_a_role_given_is_told_and_one_taken_ends_what_is_signed_in(
    accounts: Accounts, changes: OperatorChanges, directory: MongoDirectory, fake_broker: Any
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    told(fake_broker)
    await changes.set_roles(account, ("user", "admin"))
    assert told(fake_broker) == [AccountChanged(fields=("roles",))]
    account = await find(directory, EMAIL)
    assert account.roles == ("user", "admin")
    await changes.set_roles(account, ("user",))
    assert told(fake_broker) == [AccountRevoked(reason="roles_changed"), AccountChanged(fields=("roles",))]


async def test_a_role_taken_away_ends_what_is_signed_in_though_the_log_cannot_be_told(
    accounts: Accounts, sessions: Sessions, changes: OperatorChanges, fake_broker: Any
) -> None:
    account = await accounts.register(EMAIL, PASSWORD, ("user", "admin"))
    grant = await accounts.sign_in(EMAIL, PASSWORD)
    fake_broker.mode = "away"
    with pytest.raises(NotConfirmed):
        await changes.set_roles(account, ("user",))
    with pytest.raises(InvalidToken):
        await sessions.refresh(grant.refresh)


@pytest.mark.parametrize("change", [OperatorChanges.revoke, OperatorChanges.disable, OperatorChanges.erase])
async def test_who_is_signed_in_is_so_no_more(
    accounts: Accounts,
    sessions: Sessions,
    changes: OperatorChanges,
    change: Callable[[OperatorChanges, Any], Awaitable[None]],
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    grant = await accounts.sign_in(EMAIL, PASSWORD)
    await change(changes, account)
    with pytest.raises(InvalidToken):
        await sessions.refresh(grant.refresh)
    with pytest.raises(InvalidToken):
        await sessions.validate(grant.access.text)


async def test_a_disabled_account_is_refused_like_a_wrong_password_until_it_is_enabled(
    accounts: Accounts, changes: OperatorChanges, fake_broker: Any
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    with pytest.raises(BadCredentials) as wrong:
        await accounts.sign_in(EMAIL, "a wrong canary password")
    await wait_for(lambda: "account.sign_in_refused" in fake_broker.types())
    told(fake_broker)
    await changes.disable(account)
    assert told(fake_broker) == [AccountRevoked(reason="disabled"), AccountChanged(fields=("disabled",))]
    with pytest.raises(BadCredentials) as refused:
        await accounts.sign_in(EMAIL, PASSWORD)
    assert str(refused.value) == str(wrong.value)
    await wait_for(lambda: fake_broker.events)
    assert told(fake_broker) == [AccountSignInRefused(reason="disabled")]
    await changes.enable(account)
    await accounts.sign_in(EMAIL, PASSWORD)


async def test_an_erased_person_is_gone_and_the_log_has_the_id(
    accounts: Accounts, changes: OperatorChanges, directory: MongoDirectory, fake_broker: Any
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    told(fake_broker)
    await changes.erase(account)
    assert told(fake_broker) == [AccountRevoked(reason="erased"), AccountErased(reason="operator")]
    assert await directory.by_id(account.account_id) is None
    assert (await accounts.register(EMAIL, PASSWORD)).account_id != account.account_id


@pytest.mark.parametrize("change", [OperatorChanges.disable, OperatorChanges.erase])
async def test_what_the_broker_could_not_hear_holds_all_the_same_and_is_told_at_the_next_try(
    accounts: Accounts,
    changes: OperatorChanges,
    directory: MongoDirectory,
    fake_broker: Any,
    change: Callable[[OperatorChanges, Any], Awaitable[None]],
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    fake_broker.mode = "away"
    with pytest.raises(NotConfirmed):
        await change(changes, account)
    with pytest.raises(BadCredentials):
        await accounts.sign_in(EMAIL, PASSWORD)
    fake_broker.mode = "up"
    told(fake_broker)
    await change(changes, await find(directory, EMAIL))
    assert AccountRevoked in {type(payload) for payload in told(fake_broker)}


async def test_the_command_does_all_of_it_on_real_servers(
    accounts: Accounts, tonearm: Any, broker: Broker, tmp_path: Path
) -> None:
    await topology.declare(broker.url)
    account = await accounts.register(EMAIL, PASSWORD)
    code, listed, _ = await tonearm("list")
    assert code == 0
    assert EMAIL in listed
    assert account.account_id in listed
    assert EMAIL in (await tonearm("show", account.account_id[:-1]))[1]
    other = await accounts.register("eve@example.com", PASSWORD)
    code, _, said = await tonearm("show", "0")
    assert code == 2
    assert f"2 accounts begin with 0; give more of it: {account.account_id}, {other.account_id}" in said
    assert (await tonearm("erase", other.account_id, "--yes"))[0] == 0
    assert (await tonearm("role", EMAIL, "user", "admin"))[0] == 0
    assert (await tonearm("revoke", EMAIL))[0] == 0
    assert (await tonearm("reset", EMAIL))[0] == 0
    assert (await tonearm("mails", EMAIL, "failures"))[0] == 0
    assert (await tonearm("mails", EMAIL, "some"))[0] == 2
    assert (await tonearm("invite", EMAIL))[0] == 1
    assert (await tonearm("invite", "bob@example.com", "--role", "user", "admin"))[0] == 0
    assert await broker.depth(topology.LETTERS) == 2
    bob = json.loads((await tonearm("show", "bob@example.com", "--json"))[1])
    assert (bob["state"], bob["roles"]) == ("unverified", ["user", "admin"])
    assert (await tonearm("erase", "bob@example.com", "--yes"))[0] == 0
    assert (await tonearm("disable", account.account_id, "--yes"))[0] == 0
    shown = json.loads((await tonearm("show", EMAIL, "--json"))[1])
    assert (shown["state"], shown["roles"]) == ("disabled", ["user", "admin"])
    assert shown["mails"] == "failures"
    assert "argon2" not in repr(shown)
    assert "dry run" in (await tonearm("erase", EMAIL))[1]
    assert (await tonearm("export", EMAIL, "-o", "ann.jsonl"))[0] == 0
    first, *events = [json.loads(line) for line in (tmp_path / "ann.jsonl").read_text().splitlines()]
    assert first["email"] == EMAIL
    types = ["account.changed", "account.revoked", "account.letter_requested"]
    types += ["account.changed", "account.revoked", "account.changed"]
    assert [line["event"]["type"] for line in events] == types
    assert oct((tmp_path / "ann.jsonl").stat().st_mode)[-3:] == "600"
    code, said, _ = await tonearm("erase", EMAIL, "--yes")
    assert code == 0
    assert EMAIL not in said
    for nothing in (["list"], ["show", EMAIL], ["show", "zzz"], ["revoke", EMAIL]):
        code, shown, said = await tonearm(*nothing)
        assert (code, shown) == (4, ""), nothing
        assert "no account" in said or "no such account" in said
    assert (await tonearm("show", "ann@"))[0] == 2


async def test_the_last_administrator_is_disabled_only_after_a_question(
    accounts: Accounts, tonearm: Any, broker: Broker
) -> None:
    await topology.declare(broker.url)
    ann = (await accounts.register(EMAIL, PASSWORD, ("user", "admin"))).account_id
    eve = (await accounts.register("eve@example.com", PASSWORD, ("admin",))).account_id

    assert (await tonearm("disable", eve))[0] == 0
    code, out, said = await tonearm("disable", EMAIL)
    assert (code, out) == (70, "")
    assert "last administrator" in said
    assert f"tonearm account enable {ann}" in said
    assert json.loads((await tonearm("show", EMAIL, "--json"))[1])["state"] == "active"
    code, out, _ = await tonearm("disable", EMAIL, "--yes")
    assert code == 0
    assert "its API keys stay void" in out
    code, out, _ = await tonearm("enable", EMAIL)
    assert code == 0
    assert "API keys of before stay void" in out
    assert (await tonearm("disable", eve))[0] == 0  # it is disabled already: nobody loses anything


async def test_an_account_is_given_limits_of_its_own_and_shown_what_it_uses(
    accounts: Accounts, tonearm: Any, broker: Broker, database: AsyncDatabase[Any]
) -> None:
    await topology.declare(broker.url)
    account = (await accounts.register(EMAIL, PASSWORD)).account_id
    used = Usage(bytes_stored=12_345, jobs_open=2, seen=0)
    await (await JobViews(database).live()).usage.save({account: used})

    changed = await tonearm("quota", EMAIL, "jobs_open=50", "bytes_stored=2GB", "jobs_today=none")
    again = await tonearm("quota", account, "jobs_open=role", "bytes_stored=3GB", "--json")
    wrong = [
        await tonearm("quota", EMAIL, text)
        for text in ("jobs=5", "jobs_open", "jobs_open=5GB", "jobs_open=-1")
    ]

    assert (changed[0], again[0]) == (0, 0), changed
    lines = changed[1].splitlines()
    assert lines[0] == f"account {account}"
    assert lines[1].split() == ["bytes_stored", "limit:", "2,000,000,000", "used:", "12,345"]
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["audio_seconds", "limit:", "role's"], ["jobs_today", "limit:", "none"], ["jobs_open", "limit:", "50"]
    ]  # fmt: skip
    assert "QUOTA_USER" in lines[-1]
    shown = json.loads(again[1])
    assert shown["own"] == {"bytes_stored": 3_000_000_000, "jobs_today": None}
    assert (shown["account_id"], shown["bytes_stored"], shown["jobs_open"]) == (account, 12_345, 2)
    assert [code for code, _, _ in wrong] == [2, 2, 2, 2]
    assert (await tonearm("quota", "nobody@example.com"))[0] == 4
    assert (await OwnLimits(database).get(account)) == shown["own"]


@pytest.mark.parametrize("typed", ["what the operator typed", ""])
async def test_the_first_admin_is_made_by_a_command_that_shows_only_what_it_made_itself(
    accounts: Accounts, tonearm: Any, broker: Broker, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    await topology.declare(broker.url)

    async def create() -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        found: tuple[int, str, str] = await tonearm("create", EMAIL, "--role", "user", "admin")
        return found

    code, said, _ = await create()
    assert code == 0
    password = typed or said.partition("password: ")[2].strip()
    assert (typed == "") is (password in said)
    assert (await accounts.sign_in(EMAIL, password)).access.claims.roles == ("user", "admin")
    code, _, why = await create()
    assert code == 1
    assert "exists" in why
    account_id = said.split()[1]
    assert f"account {account_id}" in said
    assert "account.registered" in (await tonearm("export", account_id))[1]


async def test_who_types_a_password_is_told_the_rule_first(
    tonearm: Any, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    await topology.declare(broker.url)
    monkeypatch.setenv("PASSWORD_LENGTH", "21")
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: "too short")
    code, _, said = await tonearm("create", EMAIL)
    assert code != 0
    assert said.startswith("-- At least 21 characters")


async def test_servers_that_are_away_are_told_in_a_sentence(
    accounts: Accounts, tonearm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accounts.register(EMAIL, PASSWORD)
    monkeypatch.setenv("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:1/")
    assert (await tonearm("disable", EMAIL))[0] == 69
    monkeypatch.setenv("AUTH_DIRECTORY_URL", "postgresql://u:canary@127.0.0.1:1/x")
    assert (await tonearm("list"))[0] == 69


async def test_a_directory_that_auth_has_never_used_is_an_empty_one(
    tonearm: Any, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("AUTH_DIRECTORY_URL", postgresql_url)
    assert (await tonearm("list"))[:2] == (4, "")
