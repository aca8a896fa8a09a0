"""What people see of their own account and sessions, and how they end them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from auth.accounts.accounts import Accounts, new_account
from auth.accounts.own_account import FRESH
from auth.sessions.api_keys import ApiKeys
from auth.sessions.sessions import Sessions
from auth.stores.directory import Account, Identity
from auth.stores.mongo.directory import MongoDirectory
from events.types import AccountErased, AccountRevoked
from tests.auth.conftest import Clock, FakeBroker, Site
from tests.auth.test_app import assert_problem

EMAIL, PASSWORD = "ann@example.com", "a canary: pässword"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


class Ann:
    """Somebody with an account, who is signed in by Firefox."""

    def __init__(self, http: httpx.AsyncClient, account: Account) -> None:
        self.http, self.account = http, account

    async def signs_in(self, program: str = FIREFOX) -> dict[str, str]:
        shown = {"email": EMAIL, "password": PASSWORD}
        answer = await self.http.post("/login", json=shown, headers={"User-Agent": program})
        return bearer(answer.json()["access_token"])

    async def erases(self, signed_in: dict[str, str], **body: Any) -> httpx.Response:
        return await self.http.request("DELETE", "/account", json=body, headers=signed_in)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def ann(site: Site, accounts: Accounts) -> AsyncIterator[Ann]:
    account = await accounts.register(EMAIL, PASSWORD)
    async with site.client() as http:
        yield Ann(http, account)


async def test_who_is_signed_in_is_told_and_no_more_than_that(ann: Ann) -> None:
    shown = (await ann.http.get("/account", headers=await ann.signs_in())).json()
    created = shown.pop("created")
    assert created.startswith("2026-01-02T03:04:05")
    assert shown == {
        "account_id": ann.account.account_id,
        "email": EMAIL,
        "roles": ["user"],
        "has_password": True,
        "providers": [],
    }


async def test_sessions_are_listed_newest_first_with_what_signed_in(ann: Ann, clock: Clock) -> None:
    await ann.signs_in("curl/8.5.0")
    clock.now += timedelta(minutes=1)
    signed_in = await ann.signs_in()
    listed = (await ann.http.get("/sessions", headers=signed_in)).json()["items"]
    assert [(each["program"], each["current"]) for each in listed] == [
        ("Firefox on Linux", True),
        ("curl", False),
    ]
    assert listed[0]["created"] == listed[0]["last_used"] > listed[1]["created"]


async def test_a_renewed_session_was_used_then(ann: Ann, sessions: Sessions, clock: Clock) -> None:
    grant = await sessions.begin(ann.account)
    clock.now += timedelta(minutes=9)
    renewed = await sessions.refresh(grant.refresh)
    [listed] = (await ann.http.get("/sessions", headers=bearer(renewed.access.text))).json()["items"]
    assert listed["last_used"].startswith("2026-01-02T03:13:05")


async def test_one_session_is_ended_and_the_others_go_on(ann: Ann, fake_broker: FakeBroker) -> None:
    other, here = await ann.signs_in("curl/8.5.0"), await ann.signs_in()
    listed = (await ann.http.get("/sessions", headers=here)).json()["items"]
    [ended] = [each["session_id"] for each in listed if not each["current"]]
    assert (await ann.http.delete(f"/sessions/{ended}", headers=here)).status_code == 204
    assert (await ann.http.get("/account", headers=other)).status_code == 401
    assert (await ann.http.get("/account", headers=here)).status_code == 200
    assert fake_broker.events[-1].payload() == AccountRevoked(reason="signed_out", sessions=(ended,))
    assert_problem(await ann.http.delete(f"/sessions/{ended}", headers=here), 404)


async def test_an_api_key_is_no_session_and_may_not_look_at_them(ann: Ann, api_keys: ApiKeys) -> None:
    key, text = await api_keys.create(ann.account.account_id, "leaked", ("read",), 1)
    signed_in, exchanged = await ann.signs_in(), bearer((await api_keys.exchange(text)).text)
    assert_problem(await ann.http.delete(f"/sessions/{key.session_id}", headers=signed_in), 404)
    for method, path in (("GET", "/account"), ("GET", "/sessions"), ("DELETE", "/account")):
        assert_problem(await ann.http.request(method, path, headers=exchanged), 401)


async def test_an_erased_account_is_gone_for_its_holder_and_the_log_has_it(
    ann: Ann, fake_broker: FakeBroker, directory: MongoDirectory, api_keys: ApiKeys
) -> None:
    _, key = await api_keys.create(ann.account.account_id, "script", ("read",), 1)
    signed_in, elsewhere = await ann.signs_in(), await ann.signs_in("curl/8.5.0")
    assert (await ann.erases(signed_in, password=PASSWORD)).status_code == 204
    assert [event.payload() for event in fake_broker.events[-2:]] == [
        AccountErased(reason="holder"),
        AccountRevoked(reason="erased"),
    ]
    assert await directory.by_id(ann.account.account_id) is None
    for headers in (signed_in, elsewhere):
        assert_problem(await ann.http.get("/account", headers=headers), 401)
    assert_problem(await ann.http.post("/keys/exchange", headers=bearer(key)), 401)
    assert_problem(await ann.http.post("/login", json={"email": EMAIL, "password": PASSWORD}), 401)


async def test_who_only_has_the_session_erases_nothing_and_cannot_guess_on(
    ann: Ann, directory: MongoDirectory
) -> None:
    signed_in = await ann.signs_in()
    for body in ({}, {"password": ""}, {"password": "canary wrong password"}):
        problem = assert_problem(await ann.erases(signed_in, **body), 422)
        assert problem["detail"] == "password: this is not your password"
    answers = [(await ann.erases(signed_in, password="canary wrong")).status_code for _ in range(20)]
    assert answers[-1] == 429
    assert await directory.by_id(ann.account.account_id)


async def test_an_account_stays_as_it_is_while_the_log_cannot_tell_of_its_end(
    ann: Ann, fake_broker: FakeBroker
) -> None:
    signed_in = await ann.signs_in()
    fake_broker.mode = "away"
    assert_problem(await ann.erases(signed_in, password=PASSWORD), 503)
    assert (await ann.http.get("/account", headers=signed_in)).status_code == 200
    fake_broker.mode = "up"
    assert (await ann.erases(signed_in, password=PASSWORD)).status_code == 204


async def test_without_a_password_a_fresh_sign_in_is_asked_for(
    site: Site, directory: MongoDirectory, sessions: Sessions, clock: Clock
) -> None:
    account = new_account("bob@example.com", ("user",), clock())
    await directory.add(account, Identity("https://issuer.example", "bob"))
    await directory.link(account.account_id, Identity("https://issuer.example", "bob"))

    grant = await sessions.begin(account)
    clock.now += FRESH + timedelta(seconds=1)
    renewed = await sessions.refresh(grant.refresh)
    async with site.client() as http:
        signed_in = bearer(renewed.access.text)
        assert (await http.get("/account", headers=signed_in)).json()["has_password"] is False
        assert_problem(await http.delete("/account", headers=signed_in), 403)
        codes = (await http.post("/login/device")).json()
        shown = {"user_code": codes["user_code"]}
        assert (await http.post("/login/device/approve", json=shown, headers=signed_in)).status_code == 204
        device = (await http.post("/login/device/token", json={"device_code": codes["device_code"]})).json()
        by_device = bearer(device["access_token"])
        assert_problem(await http.delete("/account", headers=by_device), 403)
        again = bearer((await sessions.begin(account)).access.text)
        assert (await http.delete("/account", headers=again)).status_code == 204
    assert await directory.by_id(account.account_id) is None


async def test_a_page_is_told_the_ways_in(site: Site) -> None:
    async with site.client(registration="invitation", verification=True) as http:
        told = (await http.get("/entry")).json()
    assert told.pop("password_rule").startswith("At least 15 characters")
    assert told == {"registration": "invitation", "verification": True, "providers": {}}
