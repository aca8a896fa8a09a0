"""A ZIP of six gigabytes, cut and continued; and one of a thousand jobs. One stored audio stands for all."""

import asyncio
import os
import signal
import zipfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.envelope import job_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.options import Options
from events.types import JobUploaded
from tests.gateway.handover.archive.test_routes import run
from tests.gateway.handover.test_audio import reached, uploaded
from tests.gateway.handover.test_deaf_downloads import memory_of
from tests.gateway.running import STARTED, FakeAuth, Gateway, converted, gateway_running

MIB = 1024 * 1024
MOST = 150 * MIB
"""Bytes of memory that a gateway may take."""
JOBS = 100
"""Jobs of 64 MiB each that make six gigabytes."""


@pytest.fixture
async def gateway(broker: Any, mongodb: Any, auth: FakeAuth) -> AsyncIterator[Gateway]:
    """A gateway of its own, whose memory nothing else has grown."""
    async with gateway_running(broker, mongodb.url_of(f"gateway-{new_id()}"), auth) as running:
        yield running


async def told(gateway: Gateway, account: str, data: bytes, count: int) -> list[str]:
    """So many jobs with the same audio, which is stored once. Returns when the last one is known."""
    first = await uploaded(gateway, account)
    await gateway.convert(first, account, data)
    await reached(gateway, account, first, "converted")
    async with AsyncMongoClient[dict[str, Any]](gateway.mongodb_url) as mongo:
        [file] = await mongo.get_default_database()["audio.files"].find().to_list()
    end, job_ids = converted(file["_id"], data), [first]
    async with Publisher(gateway.broker.url, name="test") as publisher:

        async def tell(job_id: str) -> None:
            begin = JobUploaded(
                filename="Same name.mp4", content_type="video/mp4", bytes=1, sha256="0" * 64, video_id=first
            )
            for payload in (replace(begin, options=Options()), STARTED, end):
                await publisher.publish(job_event(payload, job_id=job_id, account=account, source="test"))

        job_ids += [new_id() for _ in range(count - 1)]
        await asyncio.gather(*map(tell, job_ids[1:]))
    for job_id in job_ids[-3:]:
        await reached(gateway, account, job_id, "converted")
    return job_ids


class Six(NamedTuple):
    """A ZIP of six gigabytes, as programs that are not ours ask for it."""

    gateway: Gateway
    url: str
    header: str
    size: int
    data: bytes

    async def curl(self, *more: Any) -> str:
        return await run("curl", "-fsS", "-H", self.header, *more, self.url)

    async def hashed(self, *more: Any) -> str:
        """The SHA-256 of what comes in one piece."""
        words = ("curl", "-fsS", "-H", self.header, *more, self.url)
        return await run("sh", "-c", '"$@" | sha256sum', "sh", *words)


@pytest.fixture
async def six(gateway: Gateway, account: str) -> Six:
    data = os.urandom(64 * MIB)
    job_ids = await told(gateway, account, data, JOBS)
    async with gateway.as_(account) as client:
        archive = (await client.post("/archives", json={"job_ids": job_ids})).json()
    assert archive["bytes"] > 6 * 1024**3
    header = f"Authorization: Bearer {gateway.auth.token(account, lifetime=3000)}"
    return Six(gateway, gateway.url + archive["url"], header, archive["bytes"], data)


@pytest.mark.long
async def test_beyond_four_gigabytes_it_goes_on_with_the_same_bytes_after_the_gateway_was_killed(
    six: Six, tmp_path: Path
) -> None:
    path, there = tmp_path / "all.zip", six.size - 300 * MIB
    with path.open("wb") as sparse:
        sparse.truncate(there)  # as if it had come
    uncut = await six.hashed("-r", f"{there}-")
    slowly = ("curl", "-sS", "--limit-rate", "50M", "-H", six.header, "-C", "-", "-o", path, six.url)
    curl = await asyncio.create_subprocess_exec(*map(str, slowly))
    await wait_for(lambda: path.stat().st_size > there + 50 * MIB, 120)
    await six.gateway.kill()
    assert await curl.wait() != 0
    await six.gateway.start()
    await six.curl("-C", "-", "-o", path)
    assert path.stat().st_size == six.size
    assert await run("sh", "-c", f'tail -c +{there + 1} "$0" | sha256sum', path) == uncut
    with zipfile.ZipFile(path) as archive:
        last = archive.infolist()[JOBS - 1]
        assert last.header_offset > 2**32
        assert archive.read(last) == six.data
    assert memory_of(six.gateway) < MOST


@pytest.mark.nightly
@pytest.mark.timeout(1800)
async def test_six_gigabytes_cut_at_forty_percent_go_on_and_the_gateway_stays_small(
    six: Six, tmp_path: Path
) -> None:
    path, most = tmp_path / "all.zip", 0
    ask = ("curl", "-fsS", "-H", six.header, "-C", "-", "-o", path, six.url)

    def is_there(curl: asyncio.subprocess.Process, size: int) -> bool:
        nonlocal most
        most = max(most, memory_of(six.gateway))
        return curl.returncode is not None or (path.exists() and path.stat().st_size >= size)

    for size, code in ((six.size * 2 // 5, -signal.SIGKILL), (six.size + 1, 0)):
        curl = await asyncio.create_subprocess_exec(*map(str, ask))
        await wait_for(partial(is_there, curl, size), 600)
        if code:
            curl.kill()
        assert await curl.wait() == code
    assert path.stat().st_size == six.size
    assert await run("sh", "-c", 'sha256sum < "$0"', path) == await six.hashed()
    assert most < MOST
    await run("unzip", "-tqq", path)
    await run("7z", "t", path)


@pytest.mark.long
async def test_a_zip_of_a_thousand_jobs_costs_little_more_than_its_bytes(
    gateway: Gateway, account: str
) -> None:
    job_ids = await told(gateway, account, os.urandom(100_000), 1000)
    async with gateway.as_(account) as client:
        archive = (await client.post("/archives", json={"job_ids": job_ids})).json()
        assert (archive["files"], archive["refused"]) == (1001, [])
        whole = await client.get(archive["url"], timeout=600)
        assert len(whole.content) == archive["bytes"]
        ends = await client.get(archive["url"], headers={"Range": "bytes=-1000"})
        assert whole.content.endswith(ends.content)
    assert memory_of(gateway) < MOST
