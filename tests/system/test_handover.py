"""A job outlives the worker that had it, and however long it takes."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from waiting import wait_for

from events.types import JobConverted, JobStarted
from infra.drills.rig.clips import Clips
from infra.drills.rig.snapshot import read_log
from infra.drills.rig.stack import Stack
from infra.local.state import identity
from workers.converter.__main__ import ConverterSettings

pytestmark = pytest.mark.system

SECONDS_KILLED = 600
"""Of sound: long enough for a worker to be killed in the middle, on a fast machine too."""
SECONDS_STOPPED = 5400
"""Of sound: well over the 5 s that a worker gets to finish. A fast machine converts half an hour in that."""


@pytest.fixture
async def user(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """The first admin, signed in."""
    async with httpx.AsyncClient(base_url=stack.url, timeout=30) as client:
        token = (await client.post("/login", auth=stack.admin)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


async def first_worker(stack: Stack, user: httpx.AsyncClient, job_id: str) -> int:
    """Return the process that is in the middle of the job: it has told of some progress."""
    pid = 0
    async with user.stream("GET", f"/jobs/{job_id}/events") as answer:
        kind = ""
        async for line in answer.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                kind = value
            elif field == "data" and kind == JobStarted.TYPE:
                pid = worker_pid(json.loads(value)["data"]["worker"])
            elif field == "data" and kind == "progress":
                break
    return pid


def worker_pid(worker: str) -> int:
    return int(worker.rpartition("/")[2])


@pytest.mark.parametrize(
    ("number", "seconds"),
    [
        pytest.param(signal.SIGTERM, SECONDS_STOPPED, marks=pytest.mark.long),
        (signal.SIGKILL, SECONDS_KILLED),
    ],
)
async def test_a_job_whose_worker_goes_is_done_by_another(
    stack: Stack, user: httpx.AsyncClient, clips: Clips, number: signal.Signals, seconds: int
):
    clip = clips.tone(seconds)
    accepted = (await user.put(f"/upload/{number.name}.mkv", content=clip.path.read_bytes())).json()
    job_id = accepted["job_id"]
    first = await first_worker(stack, user, job_id)
    os.kill(first, number)
    await wait_for(lambda: identity(first) is None, 8, "the worker ends in time")

    async def notified() -> dict:
        job = (await user.get(f"/jobs/{job_id}")).json()
        return job["state"] == "notified" and job

    job = await wait_for(notified, 120)
    types = [entry["type"] for entry in job["timeline"]]
    assert types == ["job.uploaded", "job.started", "job.probed", "job.converted", "job.notified"]
    assert job["audio"]["duration_seconds"] == pytest.approx(seconds, abs=0.1)
    audio = (await user.get(f"/jobs/{job_id}/audio")).content
    assert hashlib.sha256(audio).hexdigest() == job["audio"]["sha256"]

    log = [r.event for r in await read_log(stack.environment["STREAM_URL"]) if r.event.subject == job_id]
    workers = [worker_pid(e.payload().worker) for e in log if e.type == JobStarted.TYPE]
    assert workers[0] == first
    assert len(set(workers)) == 2
    assert sum(e.type == JobConverted.TYPE for e in log) == 1
    await stack.all_ready()


async def test_the_broker_waits_longer_than_the_longest_conversion(stack: Stack):
    asked = "{ok, Ms} = application:get_env(rabbit, consumer_timeout), Ms."
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.local.servers.control", "eval", asked),
        env={**os.environ, "LOCAL_DIR": str(stack.directory)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    longest = ConverterSettings(rabbitmq_url="", mongodb_url="").conversion_timeout_seconds
    assert int(said) > longest * 1000
