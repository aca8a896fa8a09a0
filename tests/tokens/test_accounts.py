"""Administrators look after accounts by the gateway, with auth behind it."""

from datetime import datetime
from typing import Any

import httpx
import pytest
from waiting import wait_for

from events.ids import new_id
from events.types import AccountChanged
from tests.tokens.conftest import PASSWORD, Site, bodies


@pytest.fixture
async def token(site: Site) -> str:
    async with site.client() as client:
        answer = await client.post("/login", auth=("canary-admin@example.com", PASSWORD))
    return str(answer.json()["access_token"])


async def key(site: Site, token: str) -> str:
    async with site.client(token) as client:
        answer = await client.post("/keys", json={"name": "staff", "scopes": ["admin"]})
    site.canaries.add(answer.json()["key"])
    return str(answer.json()["key"])


async def test_an_administrator_finds_accounts_with_what_they_use(site: Site, token: str) -> None:
    person = await site.owner()
    async with site.client(token) as admin:

        async def counted() -> dict[str, Any] | None:
            [found] = (await admin.get("/admin/accounts", params={"q": person["email"].upper()})).json()[
                "items"
            ]
            return found if found["jobs_today"] else None

        found = await wait_for(counted)
        assert (found["account_id"], found["email"]) == (person["account_id"], person["email"])
        assert (found["state"], found["roles"], found["jobs_open"], found["limits"]) == (
            "active",
            ["user"],
            1,
            {},
        )
        assert found["bytes_stored"] == len(b"video")
        created, signed_in = (datetime.fromisoformat(found[each]) for each in ("created", "last_sign_in"))
        assert created <= signed_in
        assert (await admin.get(f"/admin/accounts/{person['account_id']}")).json() == found

        await site.other()
        seen, cursor = list[str](), ""
        while cursor is not None:
            page = (await admin.get("/admin/accounts", params={"limit": 1, "cursor": cursor})).json()
            seen += [each["account_id"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert seen == sorted(seen, reverse=True)
        assert {person["account_id"], (await site.other())["account_id"]} < set(seen)
        for nobody in ("\x00", "nobody@", "%"):
            assert (await admin.get("/admin/accounts", params={"q": nobody})).json()["items"] == []


async def test_an_account_is_given_limits_of_its_own_and_they_hold(site: Site, token: str) -> None:
    person = await site.person()
    path = f"/admin/accounts/{person['account_id']}"
    async with site.client(token) as admin, site.client(person["access_token"]) as theirs:
        given = await admin.put(f"{path}/quota", json={"limits": {"jobs_open": 0.0, "bytes_stored": None}})
        assert (given.status_code, given.content) == (204, b"")
        assert (await admin.get(path)).json()["limits"] == {"jobs_open": 0, "bytes_stored": None}

        async def held() -> bool:
            return (await theirs.get("/usage")).json()["limits"]["jobs_open"] == 0

        await wait_for(held)
        assert (await theirs.put("/upload/a.mp4", content=b"video")).status_code == 429
        for wrong in ({"jobs": 1}, {"jobs_open": -1}, {"jobs_open": "5"}, [], None):
            answer = await admin.put(f"{path}/quota", json={"limits": wrong})
            assert answer.status_code == 422, answer.text
        assert (await admin.put(f"{path}/quota", json={"limits": {}})).status_code == 204
        assert (await admin.get(path)).json()["limits"] == {}
    told = [body async for body in bodies(site.gateway.broker.stream_url)]
    changed = [body for body in told if AccountChanged.TYPE.encode() in body and b'"quota"' in body]
    assert len([body for body in changed if person["account_id"].encode() in body]) == 2


async def test_what_is_signed_in_is_ended_and_an_erased_account_is_gone_with_its_jobs(
    site: Site, token: str
) -> None:
    person = await site.person()
    path = f"/admin/accounts/{person['account_id']}"
    async with site.client(token) as admin, site.client(person["access_token"]) as theirs:
        job_id = (await theirs.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        assert (await admin.post(f"{path}/revoke")).status_code == 204

        async def out() -> bool:
            return (await theirs.get("/jobs")).status_code == 401

        await wait_for(out)
        again = await sign_in(site, person["email"])
        assert again.status_code == 200
        site.canaries |= {again.json()["access_token"], again.json()["refresh_token"]}

        assert (await admin.delete(path)).status_code == 204
        assert (await admin.get(path)).status_code == (await admin.delete(path)).status_code == 404
        assert (await sign_in(site, person["email"])).status_code == 401

    async with site.client(site.forge(scope="operate", roles=["admin"])) as operator:

        async def deleted() -> bool:
            return (await operator.get(f"/admin/jobs/{job_id}")).status_code == 410

        await wait_for(deleted, 60)


async def test_a_key_that_leaks_ends_no_administrators_account_and_nobody_erases_their_own(
    site: Site, token: str
) -> None:
    async with site.client(token) as admin, site.client(await key(site, token)) as by_key:
        [own] = (await admin.get("/admin/accounts", params={"q": "canary-admin"})).json()["items"]
        path = f"/admin/accounts/{own['account_id']}"
        refused = [
            await admin.delete(path), await by_key.delete(path), await by_key.post(f"{path}/revoke")
        ]  # fmt: skip
        assert [problem(each) for each in refused] == [(403, "/problems/not-allowed")] * 3
        assert (await by_key.get(path)).status_code == 200
        locked_out = await admin.put(f"{path}/quota", json={"limits": {"requests_a_minute": 0}})
        assert problem(locked_out) == (422, "/problems/bad-field")
        for unknown in (new_id(), "%00", "ä"):
            answer = await admin.post(f"/admin/accounts/{unknown}/revoke")
            assert problem(answer) == (404, "/problems/no-such-account")


async def test_nobody_else_sees_accounts(site: Site) -> None:
    person = await site.person()
    async with site.client(person["access_token"]) as client:
        assert (await client.get("/admin/accounts")).status_code == 403
        assert (await client.delete(f"/admin/accounts/{person['account_id']}")).status_code == 403


async def sign_in(site: Site, email: str) -> httpx.Response:
    async with site.client() as client:
        return await client.post("/login", json={"email": email, "password": PASSWORD})


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]
