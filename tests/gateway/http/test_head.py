"""HEAD is GET without the body, wherever there is a GET (RFC 9110, 9.1 and 9.3.2)."""

import asyncio

import httpx
import pytest
from waiting import wait_for

from events.ids import new_id
from tests.gateway.running import Gateway
from tests.gateway.test_routes import ROUTES, path

OPEN = ["/health/live", "/health/ready", "/schema", "/schema/openapi.json"]


@pytest.mark.parametrize("route", [*OPEN, "/jobs", "/jobs/{job_id}"])
async def test_head_is_get_without_its_body(gateway: Gateway, account: str, route: str) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        got = await client.get(path(route, job_id))
        head = await client.head(path(route, job_id))
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert int(head.headers["content-length"]) > 0
        assert (await client.get(path(route, job_id))).status_code == 200  # the connection is still good


@pytest.mark.parametrize("route", [route for method, route in ROUTES if method == "GET"])
async def test_head_wants_a_token_too(gateway: Gateway, route: str) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        answer = await client.head(path(route, new_id()))
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", ["/events", "/jobs/{job_id}/events"])
async def test_head_of_a_stream_ends(gateway: Gateway, account: str, route: str) -> None:
    async with gateway.as_(account) as client, asyncio.timeout(10):
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        head = await client.head(path(route, job_id))
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/event-stream")

        async def nobody_listens() -> bool:
            return "tonearm_event_listeners 0.0" in await gateway.metrics()

        await wait_for(nobody_listens)


async def test_head_where_there_is_no_get_is_not_allowed(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        assert (await client.head("/upload")).status_code == 405
        assert (await client.head("/nothing")).status_code == 404
