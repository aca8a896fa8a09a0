"""The form of a browser without scripts is answered by pages; a program that sends one gets JSON as ever."""

import httpx
import pytest

from tests.gateway.running import Gateway

pytestmark = pytest.mark.servers
BROWSERS = "text/html,application/xhtml+xml,*/*;q=0.8"
NAME = '<b>"a".mp4'


async def test_a_form_is_answered_by_a_page_that_says_what_became_of_it(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        client.headers["Accept"] = BROWSERS
        taken = await client.post("/upload", files={"file": (NAME, b"video")})
        refused = await client.post("/upload", files={"file": ("a.mp4", b"")})
        del client.headers["Authorization"]
        out = await client.post("/upload", files={"file": ("a.mp4", b"video")})
        client.cookies["tonearm"] = client.cookies["__Host-tonearm"] = gateway.auth.token(account)
        client.headers["Sec-Fetch-Site"] = "cross-site"
        elsewhere = await client.post("/upload", files={"file": ("a.mp4", b"video")})
    async with gateway.as_(account) as client:
        [job] = (await client.get("/jobs")).json()["items"]
    pages = [taken, refused, out, elsewhere]
    assert [each.status_code for each in pages] == [202, 422, 401, 403]
    assert {each.headers["content-type"] for each in pages} == {"text/html; charset=utf-8"}
    assert f'href="./jobs/{job["job_id"]}/audio"' in taken.text
    assert "&lt;b&gt;" in taken.text
    assert "<b>" not in taken.text
    assert 'href="./"' in refused.text
    assert out.headers["www-authenticate"].startswith("Bearer")
    for each in pages:
        assert "form-action 'self'" in each.headers["content-security-policy"]
        assert each.headers["cache-control"] == "no-store"


async def test_a_program_that_sends_a_form_gets_json_also_where_it_takes_anything(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
            client.headers["Accept"] = accept
            taken: httpx.Response = await client.post("/upload", files={"file": ("a.mp4", b"video")})
            assert taken.json()["state"] == "uploaded"
            refused = await client.post("/upload", files={"file": ("a.mp4", b"")})
            assert refused.headers["content-type"] == "application/problem+json"
