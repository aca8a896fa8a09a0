"""Pages of other sites call the API where the operator has named them, and never with cookies."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from uuid_utils import uuid4

from gateway.http.cors import origins
from infra.local.servers.mongodb import MongoDB
from tests.gateway.running import FakeAuth, Gateway, Log, gateway_running

SITE, OTHER = "https://app.example.org", "https://elsewhere.example"


@pytest.fixture(scope="module")
async def open_gateway(gateway: Gateway, mongodb: MongoDB, auth: FakeAuth) -> AsyncIterator[Gateway]:
    """A gateway of the same log that a site may call."""
    url = mongodb.url_of(f"gateway-{uuid4()}")
    broker: Log = gateway.broker
    async with gateway_running(broker, url, auth, CORS_ORIGINS=f"{SITE}, http://localhost:3000") as running:
        yield running


def asked(origin: str, method: str = "PUT") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, idempotency-key, content-type",
    }


def grants(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.headers.items() if name == "access-control-allow-origin"}


async def test_a_site_that_is_named_may_call_with_a_token_and_read_the_answer(
    open_gateway: Gateway, account: str
) -> None:
    async with open_gateway.as_(account) as client:
        may = await client.options("/upload/a.mp4", headers=asked(SITE))
        assert (may.status_code, may.headers["access-control-allow-origin"]) == (204, SITE)
        assert {"PUT", "HEAD", "DELETE"} <= set(may.headers["access-control-allow-methods"].split(", "))
        assert "idempotency-key" in may.headers["access-control-allow-headers"].lower()
        sent = await client.put("/upload/a.mp4", content=b"v", headers={"Origin": SITE})
        assert (sent.status_code, sent.headers["access-control-allow-origin"]) == (202, SITE)
        assert "Location" in sent.headers["access-control-expose-headers"]
        lost = await client.get("/jobs/nothing", headers={"Origin": SITE})
        assert (lost.status_code, lost.headers["access-control-allow-origin"]) == (404, SITE)
        for answer in (may, sent, lost):
            assert "access-control-allow-credentials" not in answer.headers


async def test_no_other_site_is_let_in(gateway: Gateway, open_gateway: Gateway, account: str) -> None:
    for running, origin in (
        (open_gateway, OTHER),
        (open_gateway, "null"),
        (open_gateway, f"{SITE}.evil.example"),
        (gateway, SITE),
        (gateway, OTHER),
    ):
        async with running.as_(account) as client:
            for answer in (
                await client.options("/jobs", headers=asked(origin)),
                await client.get("/jobs", headers={"Origin": origin}),
                await client.get("/jobs/nothing", headers={"Origin": origin}),
            ):
                assert grants(answer) == {}


async def test_a_question_that_is_refused_is_a_problem(open_gateway: Gateway, account: str) -> None:
    async with open_gateway.as_(account) as client:
        for headers in (
            asked(OTHER),
            asked(SITE, "CONNECT"),
            asked(SITE) | {"Access-Control-Request-Headers": "x-y"},
        ):
            answer = await client.options("/jobs", headers=headers)
            assert (answer.status_code, grants(answer)) == (403, {}), headers
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "/problems/from-elsewhere"


@pytest.mark.parametrize(
    "text", ["example.org", "https://a/", "https://a/b", "*, https://a", "https://*.a", "null", "ftp://a"]
)
def test_what_is_no_origin_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match=r"origin|alone"):
        origins(text)
    assert origins("*") == ("*",)
    assert origins("") == ()
    assert origins("https://a.example,http://[::1]:3000") == ("https://a.example", "http://[::1]:3000")
