"""Devices: let in once, by a living session of their person, and by nobody who guesses."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from httpx import AsyncClient

from auth.accounts.accounts import Accounts
from auth.errors import DeviceWaits, NoSuchDevice, TooManyFailures
from auth.keys.access_tokens import Claims
from auth.sessions.devices import INTERVAL, LIFETIME, DeviceSignIns
from auth.sessions.sessions import Sessions
from auth.stores.mongo.directory import MongoDirectory
from tests.auth.conftest import Clock, Site

HERE = "192.0.2.7"


@pytest.fixture
async def person(accounts: Accounts) -> Claims:
    await accounts.register("ann@example.com", "a canary password")
    grant = await accounts.sign_in("ann@example.com", "a canary password")
    return grant.access.claims


async def refusal(devices: DeviceSignIns, device_code: str) -> str:
    with pytest.raises(DeviceWaits) as caught:
        await devices.enter(device_code)
    return str(caught.value.error)


async def test_an_approved_device_is_let_in_once_as_the_person_and_named_by_its_program(
    devices: DeviceSignIns, sessions: Sessions, person: Claims, clock: Clock
) -> None:
    codes = await devices.begin("tonearm", HERE)
    assert await refusal(devices, codes.device_code) == "authorization_pending"
    found = await devices.waiting(codes.user_code.lower().replace("-", " "), person, HERE)
    assert (found.program, found.address) == ("tonearm", HERE)
    assert codes.user_code.encode() not in found.user_code
    await devices.approve(codes.user_code, person, HERE)
    grant = await devices.enter(codes.device_code)
    assert (grant.access.claims.sub, bool(grant.refresh)) == (person.sub, True)
    assert grant.access.claims.sid != person.sid
    assert next(each.program for each in await sessions.of(person.sub)) == "tonearm"
    assert await refusal(devices, codes.device_code) == "expired_token"
    with pytest.raises(NoSuchDevice):
        await devices.approve(codes.user_code, person, HERE)


async def test_of_many_who_answer_and_many_who_ask_at_once_one_counts(
    devices: DeviceSignIns, person: Claims
) -> None:
    codes = await devices.begin("", "")
    answers = [devices.approve, devices.approve, devices.deny]
    told = [answer(codes.user_code, person, "") for answer in answers]
    assert (await asyncio.gather(*told, return_exceptions=True)).count(None) == 1
    asked = await asyncio.gather(
        *(devices.enter(codes.device_code) for _ in range(8)), return_exceptions=True
    )
    refused = Counter(str(getattr(each, "error", "let in")) for each in asked)
    assert refused.pop("expired_token") == 7
    assert set(refused) <= {"let in", "access_denied"}


async def test_a_denied_or_late_or_made_up_device_stays_out(
    devices: DeviceSignIns, person: Claims, clock: Clock
) -> None:
    denied, late = await devices.begin("", ""), await devices.begin("", "")
    await devices.deny(denied.user_code, person, "")
    assert await refusal(devices, denied.device_code) == "access_denied"
    clock.now += LIFETIME
    assert await refusal(devices, late.device_code) == "expired_token"
    with pytest.raises(NoSuchDevice):
        await devices.approve(late.user_code, person, "")
    for made_up in ("", "x", late.device_code[:-1] + "ä", "tonearmd_" + "A" * 49):
        assert await refusal(devices, made_up) == "expired_token"


async def test_who_asks_too_often_is_told_to_slow_down(devices: DeviceSignIns, clock: Clock) -> None:
    codes = await devices.begin("", "")
    assert await refusal(devices, codes.device_code) == "authorization_pending"
    assert await refusal(devices, codes.device_code) == "slow_down"
    clock.now += INTERVAL
    assert await refusal(devices, codes.device_code) == "authorization_pending"


@pytest.mark.parametrize("end", ["signed out", "closed", "erased", "another password"])
async def test_what_a_person_approved_counts_no_more_once_they_are_out(
    devices: DeviceSignIns, sessions: Sessions, directory: MongoDirectory, person: Claims, end: str
) -> None:
    codes = await devices.begin("", "")
    await devices.approve(codes.user_code, person, "")
    match end:
        case "signed out":
            await sessions.end_others(person.sub, reason="signed_out_everywhere")
        case "closed":
            await directory.set_disabled(person.sub, True)
        case "erased":
            await directory.erase(person.sub)
        case "another password":  # by the session that approved, which goes on
            account = await directory.by_id(person.sub)
            assert account
            assert await directory.rehash(person.sub, account.password_hash, "another")
    assert await refusal(devices, codes.device_code) == "access_denied"
    assert [each for each in await sessions.of(person.sub) if each.session_id != person.sid] == []


async def test_codes_cannot_be_guessed_nor_devices_begun_without_end(
    devices: DeviceSignIns, person: Claims, clock: Clock
) -> None:
    codes = await devices.begin("", "")
    for _ in range(5):
        with pytest.raises(NoSuchDevice):
            await devices.waiting("BBBB-BBBB", person, HERE)
    with pytest.raises(TooManyFailures):
        await devices.approve(codes.user_code, person, HERE)
    clock.now += timedelta(seconds=30)
    await devices.approve(codes.user_code, person, HERE)
    for _ in range(20):
        await devices.begin("", HERE)
    with pytest.raises(TooManyFailures):
        await devices.begin("", HERE)
    await devices.begin("", "198.51.100.1")


async def test_an_api_key_and_a_stranger_approve_nothing(site: Site, person: Claims) -> None:
    async with site.client() as client:
        codes = (await client.post("/login/device")).json()
        signed_in = await client.post(
            "/login", json={"email": "ann@example.com", "password": "a canary password"}
        )
        session = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
        wanted = {"name": "laptop", "scopes": ["read", "upload", "manage"]}
        key = (await client.post("/keys", json=wanted, headers=session)).json()["key"]
        exchanged = await client.post("/keys/exchange", headers={"Authorization": f"Bearer {key}"})
        by_key = {"Authorization": f"Bearer {exchanged.json()['access_token']}"}
        shown = {"user_code": codes["user_code"]}
        for step in ("waiting", "approve", "deny"):
            assert await status(client, step, shown, by_key) == await status(client, step, shown, {}) == 401
        for wrong in ({}, {"user_code": 5}, [], {"user_code": "B" * 7000}):
            assert await status(client, "approve", wrong, session) in (404, 422)
        assert await status(client, "approve", shown, session) == 204
        asked = {"device_code": codes["device_code"]}
        entered = await client.post("/login/device/token", json=asked)
        assert entered.json()["refresh_token"]
        again = await client.post("/login/device/token", json=asked)
        assert (again.status_code, again.json()["error"]) == (400, "expired_token")


async def status(client: AsyncClient, step: str, shown: object, headers: dict[str, str]) -> int:
    return (await client.post(f"/login/device/{step}", json=shown, headers=headers)).status_code
