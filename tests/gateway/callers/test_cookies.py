"""A page's session: what may use its cookies, and who can read them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Response

from gateway.callers.cookies import Cookies, check_origin
from gateway.errors import FromElsewhere
from tests.gateway.running import FakeAuth, Gateway

HERE = {"sec-fetch-site": "same-origin"}


@pytest.mark.parametrize(
    ("headers", "fine"),
    [
        (HERE, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://here", "host": "here"}, False),
        ({"sec-fetch-site": ""}, False),
        ({"origin": "https://here:8080", "host": "here:8080"}, True),
        ({"origin": "https://here:8081", "host": "here:8080"}, False),
        ({"origin": "https://here.evil.example", "host": "here"}, False),
        ({"origin": "null", "host": "here"}, False),
        ({"host": "here"}, False),
    ],
)
def test_only_a_page_of_ours_may_change_anything_by_a_cookie(headers: dict[str, str], fine: bool) -> None:
    if fine:
        check_origin(headers)
    else:
        with pytest.raises(FromElsewhere):
            check_origin(headers)


def test_scripts_cannot_read_them_and_no_other_host_gets_them() -> None:
    tokens = b'{"access_token":"a","expires_in":900,"refresh_token":"r","refresh_expires_in":99}'
    made = Cookies().kept(Response(tokens, status_code=200))
    kept = [cookie.to_header(header="") for cookie in made.cookies]
    for header in kept:
        assert header.lstrip().startswith("__Host-tonearm")
        assert {"HttpOnly", "Secure", "Path=/"} <= set(header.split("; "))
        assert "Domain" not in header
    assert ["samesite" in header.lower() for header in kept] == [True, True]
    assert "access_token" not in repr(made.content)
    plain = Cookies(secure=False).kept(Response(tokens, status_code=200))
    assert "Secure" not in repr([cookie.to_header(header="") for cookie in plain.cookies])


@pytest.fixture
async def page(gateway: Gateway, auth: FakeAuth, account: str) -> AsyncIterator[httpx.AsyncClient]:
    cookies = {"__Host-tonearm": auth.token(account), "__Host-tonearm-refresh": "tonearmr_x"}
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
        yield client


async def test_a_cookie_reads_and_with_a_page_of_ours_it_writes(page: httpx.AsyncClient) -> None:
    assert (await page.get("/jobs")).status_code == 200
    assert (await page.put("/upload/a.mp4", content=b"x", headers=HERE)).status_code == 202


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/upload/a.mp4"), ("POST", "/logout"), ("POST", "/refresh"), ("PUT", "/preset")],
)
async def test_another_site_cannot_use_a_cookie(
    page: httpx.AsyncClient, auth: FakeAuth, method: str, path: str
) -> None:
    asked = len(auth.requests)
    answer = await page.request(method, path, content=b"x", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/from-elsewhere"
    assert not [head for head, _ in auth.requests[asked:] if head.startswith("POST")]


async def test_another_site_cannot_sign_a_visitor_in(gateway: Gateway, auth: FakeAuth) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        answer = await client.post("/login?cookies=true", json={}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_a_cookie_refreshes_and_a_header_comes_before_it(
    page: httpx.AsyncClient, auth: FakeAuth
) -> None:
    await page.post("/refresh", headers=HERE)
    assert auth.posted[-1][1] == b'{"refresh_token":"tonearmr_x"}'
    headers: dict[str, Any] = {"Authorization": "Bearer nonsense"}
    assert (await page.get("/jobs", headers=headers)).status_code == 401
