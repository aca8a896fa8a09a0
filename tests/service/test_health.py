"""The probes of a service that takes its work from queues."""

import asyncio
from contextlib import suppress

import httpx
from waiting import wait_for

from infra.local.ports import free_port
from service.health import trouble_check
from service.http.server import serve
from service.metrics.registry import new_registry
from service.worker_process import operator_app


async def test_it_says_why_it_is_not_ready_and_that_it_lives_all_the_same():
    stop, port, trouble = asyncio.Event(), free_port(), ["nothing is taken from the queue video", None]
    app = operator_app({"work": trouble_check(lambda: trouble[0])}, new_registry("test"))
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop, grace=0.5))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

        async def lives() -> bool:
            with suppress(httpx.TransportError):
                return (await client.get("/health/live")).status_code == 200
            return False

        await wait_for(lives)
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["detail"]) == (503, f"work: {trouble.pop(0)}")
        assert answer.json()["missing"] == ["work"]
        assert (await client.get("/health/ready")).status_code == 200
        assert 'tonearm_build_info{service="test"' in (await client.get("/metrics")).text
        assert (await client.get("/elsewhere")).status_code == 404
    stop.set()
    await serving
