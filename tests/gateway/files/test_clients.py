"""Real clients of tus, and ours, on bad roads and against gateways that die."""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from javascript import CLIENTS, node, packages
from pymongo import AsyncMongoClient
from waiting import wait_for

from tests.gateway.files.road import Road
from tests.gateway.running import FakeAuth, Gateway, gateway_running

pytestmark = pytest.mark.long

VIDEO = os.urandom(6_000_000)
ROOT = Path(__file__).parents[3]
HERE = Path(__file__).with_name("clients")
SCRIPTS = {"tuspy": "upload.py", "tus-js-client": "upload.mjs", "tonearm": "upload_by_tonearm.py"}


@asynccontextmanager
async def uploading(
    client: str, road: Road, token: str, folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    if client != "tonearm":
        packages("tus-js-client")  # both come together
    video = folder / "video.mp4"
    if not video.exists():
        video.write_bytes(VIDEO)
    program = {"tuspy": CLIENTS / "bin/python", "tonearm": sys.executable}.get(client) or node()
    url = f"http://127.0.0.1:{road.port}/files"
    process = await asyncio.create_subprocess_exec(
        program,
        HERE / SCRIPTS[client],
        video,
        url,
        token,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TOOLS": str(CLIENTS), "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> str:
    """Return the id of the upload that the client has brought to its end."""
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return said.decode().strip().rpartition("/")[2]


async def stored(mongodb_url: str) -> int:
    """Return the offset of the one upload that there is."""
    async with AsyncMongoClient(mongodb_url) as client:
        found = await client.get_default_database()["uploads"].find_one()
    return found["offset"] if found else 0


async def check(gateway: Gateway, account: str, job_id: str) -> None:
    async with gateway.as_(account) as client:
        job = (await client.get(f"/jobs/{job_id}")).json()
        [listed] = (await client.get("/jobs")).json()["items"]
    assert listed["job_id"] == job_id
    assert (job["filename"], job["options"]["format"]) == ("video.mp4", "opus")
    assert job["video"]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


@pytest.mark.parametrize("client_name", ["tus-js-client", "tonearm"])
async def test_a_client_goes_on_at_another_replica_while_its_old_connection_is_still_open(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str, tmp_path: Path, client_name: str
) -> None:
    async with (
        gateway_running(broker, mongodb_url, auth) as one,
        gateway_running(broker, mongodb_url, auth) as other,
        Road(one.port) as road,
    ):
        road.room = road_takes = 2_500_000
        async with uploading(client_name, road, auth.token(account), tmp_path) as client:
            await road.stalled.wait()

            async def all_stored() -> int:
                offset = await stored(mongodb_url)
                return offset if offset > road_takes - 5_000 else 0  # the rest was headers

            offset = await wait_for(all_stored, message="what has come is stored")
            road.to, road.room = other.port, None
            road.break_off(far=False)
            job_id = await ended(client)
        assert road.offsets == [0, offset]
        assert 423 not in road.statuses
        await check(other, account, job_id)


@pytest.mark.parametrize("client", SCRIPTS)
async def test_a_client_ends_its_upload_though_the_gateway_is_killed_at_several_bytes(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str, tmp_path: Path, client: str
) -> None:
    gateway = Gateway(broker, mongodb_url, auth)
    await gateway.start()
    try:
        async with Road(gateway.port) as road:
            road.room = 700_001
            async with uploading(client, road, auth.token(account), tmp_path) as process:
                for room in (1_999_999, None):
                    await road.stalled.wait()
                    await gateway.kill()
                    offset = await stored(mongodb_url)
                    road.break_off(far=True)
                    road.offsets.clear()
                    road.stalled.clear()
                    road.room = room
                    await gateway.start()
                    await wait_for(lambda: road.offsets, 60, "the client goes on")
                    assert road.offsets[0] == offset
                job_id = await ended(process)
        await check(gateway, account, job_id)
    finally:
        await gateway.stop()


async def test_tonearm_goes_on_after_it_was_killed(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str, tmp_path: Path
) -> None:
    async with gateway_running(broker, mongodb_url, auth) as gateway, Road(gateway.port) as road:
        road.room = 2_500_000
        async with uploading("tonearm", road, auth.token(account), tmp_path) as client:
            await road.stalled.wait()
            client.kill()
        road.offsets.clear()
        road.room = None
        async with uploading("tonearm", road, auth.token(account), tmp_path) as client:
            job_id = await ended(client)
        assert 2_400_000 < road.offsets[0] <= 2_500_000
        await check(gateway, account, job_id)
