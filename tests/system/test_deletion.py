"""Jobs that are deleted while something happens to them: real processes, and no byte is left."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient
from uuid_utils import uuid4
from waiting import wait_for

from infra.drills.rig.clips import Clips
from infra.drills.rig.operator import tonearm
from infra.drills.rig.stack import Stack

pytestmark = pytest.mark.system

SECONDS = 600
"""Of sound: long enough to be deleted in the middle, on a fast machine too."""


@pytest.fixture
async def person(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with an account of their own, signed in."""
    account = {"email": f"{uuid4()}@example.org", "password": f"canary {uuid4()}"}
    async with httpx.AsyncClient(base_url=stack.url, timeout=60) as client:
        (await client.post("/register", json=account)).raise_for_status()
        token = (await client.post("/login", json=account)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.params = {}
        client.email = account["email"]  # type: ignore[attr-defined]
        yield client


async def upload(client: httpx.AsyncClient, content: Any, name: str = "talk.mkv") -> str:
    accepted = await client.put(f"/upload/{name}", content=content)
    assert accepted.status_code == 202, accepted.text
    return str(accepted.json()["job_id"])


async def in_state(client: httpx.AsyncClient, job_id: str, *states: str) -> None:
    async def reached() -> bool:
        return (await client.get(f"/jobs/{job_id}")).json().get("state") in states

    await wait_for(reached, 60)


async def receipt(client: httpx.AsyncClient, job_id: str, timeout: float = 30) -> Any:
    """Return the receipt once it says that the bytes are gone."""

    async def erased() -> Any:
        answer = await client.get(f"/jobs/{job_id}")
        assert answer.status_code == 410, answer.text
        return answer.json() if answer.json()["erased_at"] else None

    return await wait_for(erased, timeout)


async def nothing_is_stored(stack: Stack, *job_ids: str) -> None:
    async with AsyncMongoClient[dict[str, Any]](stack.environment["MONGODB_URL"]) as mongo:
        database = mongo.get_default_database()
        for bucket in ("videos", "audio"):
            found = await database[f"{bucket}.files"].find({"metadata.job_id": {"$in": job_ids}}).to_list()
            assert found == []
            whole = {each["_id"] async for each in database[f"{bucket}.files"].find({}, {"_id": 1})}
            chunks = set(await database[f"{bucket}.chunks"].distinct("files_id"))
            under_way = {each["_id"] async for each in database[f"{bucket}.pending"].find({}, {"_id": 1})}
            assert chunks <= whole | under_way


async def test_a_job_deleted_during_its_conversion_leaves_no_ffmpeg_and_no_byte(
    stack: Stack, person: httpx.AsyncClient, clips: Clips
) -> None:
    job_id = await upload(person, clips.tone(SECONDS).path.read_bytes())
    await in_state(person, job_id, "converting")
    await wait_for(lambda: any("ffmpeg" in process for process in stack.processes()), 30)
    assert (await person.delete(f"/jobs/{job_id}")).status_code == 204
    await receipt(person, job_id, 60)
    await nothing_is_stored(stack, job_id)
    again = await upload(person, clips.tone(1).path.read_bytes())
    await in_state(person, again, "notified")  # the converter has done nothing else since
    await nothing_is_stored(stack, job_id)
    assert await mails_to(stack, person) == 1


async def mails_to(stack: Stack, person: httpx.AsyncClient) -> int:
    def count() -> int:
        texts = [path.read_bytes() for path in stack.mailbox.rglob("*") if path.is_file()]
        return sum(person.email.encode() in text for text in texts)  # type: ignore[attr-defined]

    return await asyncio.to_thread(count)


async def test_a_download_breaks_off_when_its_job_is_deleted(
    stack: Stack, person: httpx.AsyncClient, clips: Clips
) -> None:
    accepted = await person.put("/upload/talk.mkv?format=wav", content=clips.tone(SECONDS).path.read_bytes())
    job_id = accepted.json()["job_id"]
    await in_state(person, job_id, "converted", "notified")
    got: list[int] = []

    async def download() -> None:
        async with person.stream("GET", f"/jobs/{job_id}/audio") as audio:
            got.append(-int(audio.headers["content-length"]))
            async for piece in audio.aiter_bytes():
                if len(got) == 1:
                    assert (await person.delete(f"/jobs/{job_id}")).status_code == 204
                    assert (await receipt(person, job_id))["audio_sha256"]
                got.append(len(piece))

    with pytest.raises(httpx.RemoteProtocolError):
        await download()
    assert len(got) > 1
    assert sum(got) < 0, "all of it came"
    await nothing_is_stored(stack, job_id)


async def test_an_upload_that_ends_after_its_account_was_erased_is_deleted(
    stack: Stack, person: httpx.AsyncClient, clips: Clips
) -> None:
    """And one that was there before, with it."""
    before = await upload(person, clips.tone(1).path.read_bytes())
    await in_state(person, before, "notified")
    data = clips.tone(1, 550).path.read_bytes()
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield data[:1000]
        began.set()
        await may_end.wait()
        yield data[1000:]

    uploading = asyncio.create_task(upload(person, slowly(), "later.mkv"))
    await began.wait()
    await tonearm(stack, "account", "erase", person.email, "--yes")  # type: ignore[attr-defined]
    async with httpx.AsyncClient(base_url=stack.url, timeout=60) as admin:
        token = (await admin.post("/login", auth=stack.admin)).json()["access_token"]
        admin.headers["Authorization"] = f"Bearer {token}"

        async def deleted(job_id: str) -> Any:
            answer = await admin.delete(f"/jobs/{job_id}")
            if answer.status_code == 204:
                raise AssertionError(f"{job_id} was not deleted before")
            return answer.json() if answer.json().get("erased_at") else None

        async def told(job_id: str) -> Any:
            await wait_for(lambda: is_deleted(stack, job_id), 30)
            return await wait_for(lambda: deleted(job_id), 30)

        assert (await told(before))["reason"] == "account_erased"
        may_end.set()
        later = await uploading
        assert (await told(later))["reason"] == "account_erased"
    await nothing_is_stored(stack, before, later)


async def is_deleted(stack: Stack, job_id: str) -> bool:
    """Look into the stored views, which nobody has to be asked for."""
    async with AsyncMongoClient[dict[str, Any]](stack.environment["MONGODB_URL"]) as mongo:
        found = await mongo.get_default_database()["jobs_v1"].find_one({"_id": job_id})
    return found is not None and found["state"] == "deleted"


@pytest.mark.long
async def test_what_was_deleted_is_erased_by_whoever_comes_after_a_gateway_that_was_killed(
    own_stack: Stack, clips: Clips
) -> None:
    async with httpx.AsyncClient(base_url=own_stack.url, timeout=60) as admin:
        token = (await admin.post("/login", auth=own_stack.admin)).json()["access_token"]
        admin.headers["Authorization"] = f"Bearer {token}"
        jobs = [await upload(admin, clips.noise().path.read_bytes()) for _ in range(10)]
        for job_id in jobs:
            await in_state(admin, job_id, "notified")
        pid = own_stack.pid("gateway")
        assert pid is not None
        deleting = [asyncio.create_task(admin.delete(f"/jobs/{job_id}")) for job_id in jobs]
        await asyncio.wait(deleting, return_when=asyncio.FIRST_COMPLETED)
        os.kill(pid, signal.SIGKILL)
        answers = await asyncio.gather(*deleting, return_exceptions=True)
        await own_stack.all_ready()
        gone = [
            job_id
            for job_id, answer in zip(jobs, answers, strict=True)
            if isinstance(answer, httpx.Response) and answer.status_code == 204
        ]
        assert gone
        for job_id in gone:
            await receipt(admin, job_id, 90)
    await nothing_is_stored(own_stack, *gone)
    for proof in ("verify", "effects"):
        await tonearm(own_stack, "replay", proof)
