"""Browsers do no more with an answer than it is for."""

from typing import Any

import httpx
import pytest

from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing
from tests.gateway.running import Gateway
from tests.gateway.test_routes import path

PUBLIC = ("/schema", "/manifest.webmanifest")
PAGES = ["/password/forgot", "/password/reset", "/register/confirm", "/problems", "/problems/no-audio"]


def checked(answer: httpx.Response) -> None:
    for name in ("content-security-policy", "referrer-policy", "x-content-type-options"):
        assert len(answer.headers.get_list(name)) == 1, (answer.request.url, name, answer.headers)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_every_answer_loads_nothing_and_json_is_kept_by_nobody_but_its_reader(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        routes: list[Any] = litestar_app(parts_of_nothing()).routes
        wanted = [path(each.path_format, job_id) for each in routes if "GET" in each.methods]
        for where in [*wanted, "/nothing"]:
            if where.endswith("/events"):
                continue
            answer = await client.get(where)
            checked(answer)
            if "json" in answer.headers["content-type"] and not where.startswith(PUBLIC):
                kept = "private, no-cache" if "etag" in answer.headers else "no-store"
                assert answer.headers["cache-control"] == kept, where


@pytest.mark.parametrize("where", PAGES)
async def test_every_page_has_a_policy_without_scripts(gateway: Gateway, where: str) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, headers={"Accept": "text/html"}) as client:
        page = await client.get(where)
    assert page.headers["content-type"].startswith("text/html")
    checked(page)
    assert "script-src" not in page.headers["content-security-policy"]
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
