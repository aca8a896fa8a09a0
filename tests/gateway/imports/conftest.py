"""A gateway that fetches from this machine, and a source of files on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
from waiting import wait_for

from events.envelope import Event, decode
from events.log.reader import StreamReader
from events.log.stream import First
from tests.gateway.imports.origin import Origin, origin_running
from tests.gateway.running import Gateway, gateway_running

SETTINGS = {
    "IMPORTS": "on",
    "IMPORT_ALLOW": "127.0.0.1/32",
    "MAX_UPLOAD_BYTES": str(3 * 1024 * 1024),
    "UPLOAD_IDLE_SECONDS": "20",
}


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with origin_running() as origin:
        yield origin


@pytest.fixture(scope="module")
async def fetching(gateway: Gateway) -> AsyncIterator[Gateway]:
    """Another gateway at the broker and database of the one that all tests share, which fetches nothing."""
    async with gateway_running(gateway.broker, gateway.mongodb_url, gateway.auth, **SETTINGS) as running:
        yield running


class Owner(NamedTuple):
    """Somebody who imports."""

    client: httpx.AsyncClient
    gateway: Gateway
    account: str

    async def ask(self, url: str, **options: Any) -> str:
        """Ask for an import; its id."""
        answer = await self.client.post("/imports", json={"url": url, "options": options})
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/imports/{answer.json()['import_id']}"
        return str(answer.json()["import_id"])

    async def shown(self, import_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"/imports/{import_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def reaches(self, import_id: str, state: str, seconds: float = 30) -> dict[str, Any]:
        """Wait until the import is in this state; how it stands then."""

        async def is_there() -> bool:
            return bool((await self.shown(import_id))["state"] == state)

        await wait_for(is_there, seconds, f"the import is {state}")
        return await self.shown(import_id)

    async def has(self, import_id: str, least: int) -> None:
        """Wait until so many bytes have come."""

        async def is_there() -> bool:
            return bool((await self.shown(import_id))["bytes_done"] >= least)

        await wait_for(is_there, 30, f"{least} bytes have come")


@asynccontextmanager
async def owner_at(gateway: Gateway, account: str, **token: Any) -> AsyncIterator[Owner]:
    async with gateway.as_(account, **token) as client:
        yield Owner(client, gateway, account)


@pytest.fixture
async def owner(fetching: Gateway, account: str) -> AsyncIterator[Owner]:
    async with owner_at(fetching, account) as owner:
        yield owner


async def told(gateway: Gateway, subject: str, until: str) -> list[Event]:
    """Return the log's events of one import and its job, up to the first of a type."""
    found: dict[str, Event] = {}
    reader = StreamReader(gateway.broker.stream_url, First())
    async for batch in reader.batches():
        for record in batch:
            event = decode(record.body)
            if event.subject == subject:
                found.setdefault(event.id, event)
                if event.type == until:
                    return list(found.values())
    raise AssertionError(f"the log ends before {until}")
