"""Webhooks through a whole stack: what happens to a job arrives, also past a notifier that was killed."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from servers.rogue import Rogue
from standardwebhooks.webhooks import Webhook
from waiting import wait_for

from infra.drills.rig.clips import Clips
from infra.drills.rig.stack import Stack

pytestmark = [pytest.mark.servers, pytest.mark.system]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@asynccontextmanager
async def signed_in(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.url, timeout=60) as client:
        email, password = stack.admin
        answer = await client.post("/login", json={"email": email, "password": password})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


async def webhook(client: httpx.AsyncClient, rogue: Rogue, *events: str) -> dict[str, Any]:
    answer = await client.post("/webhooks", json={"url": rogue.url("/hook"), "events": list(events)})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_what_happens_to_a_job_arrives_signed(stack: Stack, clips: Clips):
    async with Rogue().listening() as rogue, signed_in(stack) as client:
        rogue.replies["/hook"] = OK
        hook = await webhook(client, rogue, "job.uploaded", "job.converted", "job.deleted")
        name = 'a"<b>.mp4'
        answer = await client.put(f"/upload/{quote(name)}", content=clips.tone(2).path.read_bytes())
        job_id = answer.json()["job_id"]
        await wait_for(lambda: len(rogue.bodies) >= 2, 60, "upload and end are told")
        await client.delete(f"/jobs/{job_id}")
        await wait_for(lambda: len(rogue.bodies) >= 3, 60, "the deletion is told")
        told = [json.loads(body) for body in rogue.bodies]
        assert sorted(each["type"] for each in told) == ["job.converted", "job.deleted", "job.uploaded"]
        assert {each["data"]["job_id"] for each in told} == {job_id}
        assert {each["data"].get("filename") for each in told} <= {name, None}
        Webhook(hook["secret"]).verify(rogue.bodies[-1], rogue.headers)
        await client.delete(f"/webhooks/{hook['webhook_id']}")


@pytest.mark.long
async def test_a_delivery_outlives_the_notifier_that_was_killed_in_it(own_stack: Stack):
    """The receiver gets it twice, and knows so by the `webhook-id`."""
    async with Rogue().listening() as rogue, signed_in(own_stack) as client:

        async def hang(writer: asyncio.StreamWriter) -> None:
            rogue.replies["/hook"] = OK
            await own_stack.signal("notifier", signal.SIGKILL)
            await rogue.passes(60)

        rogue.replies["/hook"] = hang
        hook = await webhook(client, rogue, "job.failed")
        path = f"/webhooks/{hook['webhook_id']}"
        delivery_id = (await client.post(f"{path}/test")).json()["delivery_id"]

        async def delivered() -> bool:
            [item] = (await client.get(f"{path}/deliveries")).json()["items"] or [{"state": ""}]
            return bool(item["state"] == "delivered")

        await wait_for(delivered, 90, "the delivery has arrived")
        seen = [
            request for request in rogue.requests if f"webhook-id: {delivery_id}".encode() in request.lower()
        ]
        assert len(seen) == len(rogue.requests) == 2
