"""What was secret in all of this is in no log line and in no event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from events.reader import First, StreamReader, bounds
from tests.tokens.conftest import Site


async def test_no_secret_and_no_address_is_in_a_log_or_an_event(site: Site) -> None:
    person = await site.owner()
    async with site.client() as client:
        await client.post("/login", auth=("canary-unknown@example.com", "canary wrong password"))
        await client.post("/login", auth=(person["email"], "canary wrong password"))
        await client.get("/jobs?canary=canary-query", headers={"Authorization": "Bearer canary-bearer"})
    site.canaries |= {"canary-unknown@example.com", "canary wrong password", "canary-bearer", "canary-query"}
    events = b"".join([body async for body in bodies(site)])
    assert b"account.signed_in" in events
    assert b"account.sign_in_refused" in events
    logs = site.auth.out.read_text() + repr(site.gateway.lines)
    assert "request" in logs
    told = [canary for canary in site.canaries if canary in logs or canary.encode() in events]
    assert told == []


async def bodies(site: Site) -> AsyncIterator[bytes]:
    url = site.gateway.broker.stream_url
    ends = await bounds(url)
    assert ends
    async with asyncio.timeout(30), aclosing(StreamReader(url, First()).batches()) as batches:
        async for batch in batches:
            for record in batch:
                yield record.body
            if batch[-1].offset >= ends.last:
                return
