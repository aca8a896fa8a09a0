"""Uploads over real HTTP, into the real database and the real log."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial

import httpx
import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.ids import new_id
from events.tasks import cancelled
from tests.gateway.running import FakeAuth, Gateway, gateway_running

VIDEO = os.urandom(2_500_000)


async def stored(gateway: Gateway, job_id: str) -> bytes:
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        chunks = client.get_default_database()["videos.chunks"].find({"files_id": job_id}).sort("n")
        return b"".join([chunk["data"] async for chunk in chunks])


async def begun(gateway: Gateway) -> set[str]:
    """Return the files of which there are chunks. Those of other tests may go at any time."""
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        return set(await client.get_default_database()["videos.chunks"].distinct("files_id"))


async def test_a_form_upload_is_stored_whole_and_is_a_job_at_once(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        answer = await client.post("/upload", files={"other": b"x", "file": ("häns.mp4", VIDEO, "video/mp4")})
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["job_id"]
        assert answer.headers["location"] == f"/jobs/{job_id}"
        assert answer.json()["sha256"] == hashlib.sha256(VIDEO).hexdigest()
        job = (await client.get(answer.headers["location"])).json()
    assert (job["state"], job["filename"], job["video"]["bytes"]) == ("uploaded", "häns.mp4", len(VIDEO))
    assert [entry["type"] for entry in job["timeline"]] == ["job.uploaded"]
    assert await stored(gateway, job_id) == VIDEO


async def test_bare_bytes_are_taken_under_the_name_in_the_path(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        answer = await client.put("/upload/folder%2Fm%C3%BC%20x.mkv", content=VIDEO)
        assert answer.status_code == 202, answer.text
        assert answer.json()["filename"] == "mü x.mkv"
    assert await stored(gateway, answer.json()["job_id"]) == VIDEO


async def test_what_is_refused_says_why_and_leaves_nothing(gateway: Gateway, account: str) -> None:
    before = await begun(gateway)
    large = bytes(3 * 1024 * 1024 + 1)

    async def unannounced() -> AsyncIterator[bytes]:
        yield large

    async with gateway.as_(account) as client:
        answers = {
            "announced": await client.put("/upload/a.mp4", content=large),
            "unannounced": await client.put("/upload/a.mp4", content=unannounced()),
            "in a form": await client.post("/upload", files={"file": ("a.mp4", large)}),
            "empty": await client.put("/upload/a.mp4", content=b""),
            "empty in a form": await client.post("/upload", files={"file": ("a.mp4", b"")}),
            "no file": await client.post("/upload", files={"video": ("a.mp4", b"x")}),
            "two files": await client.post("/upload", files=[("file", ("a", b"x")), ("file", ("b", b"y"))]),
            "no form": await client.post("/upload", content=b"x"),
            "torn form": await client.post(
                "/upload",
                content=b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
                headers={"Content-Type": "multipart/form-data; boundary=b"},
            ),
        }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "announced": 413,
        "unannounced": 413,
        "in a form": 413,
        "empty": 422,
        "empty in a form": 422,
        "no file": 422,
        "two files": 422,
        "no form": 415,
        "torn form": 400,
    }
    for answer in answers.values():
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    await wait_for(lambda: _none_more(gateway, before))
    async with gateway.as_(account) as client:
        assert (await client.get("/jobs")).json() == {"items": [], "next_cursor": None}


async def _none_more(gateway: Gateway, before: set[str]) -> bool:
    return not await begun(gateway) - before


async def test_a_body_that_stalls_is_given_up(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str
) -> None:
    async with gateway_running(broker, mongodb_url, auth, UPLOAD_IDLE_SECONDS="1") as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(
            f"PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {auth.token(account)}\r\n"
            "Content-Length: 1000000\r\n\r\nfirst bytes".encode()
        )
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_a_client_that_goes_away_leaves_nothing(gateway: Gateway, account: str) -> None:
    before = await begun(gateway)
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    token = gateway.auth.token(account)
    writer.write(
        f"PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: 3000000\r\n\r\n".encode()
    )
    writer.write(VIDEO[:2_200_000])
    await wait_for(lambda: _more(gateway, before))
    writer.close()
    await wait_for(lambda: _none_more(gateway, before))


async def _more(gateway: Gateway, before: set[str]) -> bool:
    return bool(await begun(gateway) - before)


async def test_a_repeated_upload_with_the_same_key_is_one_job(gateway: Gateway, account: str) -> None:
    key = {"Idempotency-Key": f'"{new_id()}"'}
    async with gateway.as_(account) as client:
        first = await client.put("/upload/a.mp4", content=VIDEO, headers=key)
        again = await client.put("/upload/a.mp4", content=VIDEO, headers=key)
        other = await client.put("/upload/a.mp4", content=VIDEO[1:], headers=key)
        assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
        assert first.json() == again.json()
        assert other.json()["type"] == "/problems/idempotency-key-reused"
        assert len((await client.get("/jobs")).json()["items"]) == 1
        assert (
            await client.put("/upload/a", content=b"x", headers={"Idempotency-Key": '""'})
        ).status_code == 422
    async with gateway.as_(new_id()) as stranger:
        theirs = await stranger.put("/upload/a.mp4", content=VIDEO[1:], headers=key)
        assert theirs.status_code == 202
        assert theirs.json()["job_id"] != first.json()["job_id"]


async def test_a_key_under_way_is_refused_until_its_upload_ends(gateway: Gateway, account: str) -> None:
    key, before, go_on = {"Idempotency-Key": new_id()}, await begun(gateway), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield VIDEO[:1_500_000]
        await go_on.wait()
        yield VIDEO[1_500_000:]

    async with gateway.as_(account) as client:
        first = asyncio.create_task(client.put("/upload/a.mp4", content=slowly(), headers=key))
        await wait_for(lambda: _more(gateway, before))
        second = await client.put("/upload/a.mp4", content=VIDEO, headers=key)
        go_on.set()
        assert (await first).status_code == 202
        assert second.status_code == 409
        assert int(second.headers["retry-after"]) > 0


async def test_a_refusal_reaches_a_client_that_is_still_sending(gateway: Gateway) -> None:
    refused = asyncio.Event()

    async def still_sending() -> AsyncIterator[bytes]:
        yield VIDEO
        with suppress(TimeoutError):
            await asyncio.wait_for(refused.wait(), 0.3)
        yield VIDEO

    async with httpx.AsyncClient(base_url=gateway.url) as client:
        assert (await client.put("/upload/a.mp4", content=still_sending())).status_code == 401


async def test_only_the_roles_in_the_settings_may_upload(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str
) -> None:
    async with gateway_running(broker, mongodb_url, auth, UPLOAD_ROLES="admin") as gateway:
        async with gateway.as_(account) as client:
            assert (await client.put("/upload/a.mp4", content=b"x")).status_code == 403
        async with gateway.as_(account, roles=("user", "admin")) as client:
            assert (await client.put("/upload/a.mp4", content=b"x")).status_code == 202


async def test_an_upload_is_seen_at_once_from_every_replica(gateway: Gateway, account: str) -> None:
    async with (
        gateway_running(gateway.broker, gateway.mongodb_url, gateway.auth) as other,
        gateway.as_(account) as client,
        other.as_(account) as elsewhere,
    ):
        for _ in range(20):
            job_id = (await client.put("/upload/a.mp4", content=b"x")).json()["job_id"]
            assert (await client.get("/jobs?limit=1")).json()["items"][0]["job_id"] == job_id
            await wait_for(partial(_is_shown, elsewhere, job_id))
            assert (await elsewhere.get("/jobs?limit=1")).json()["items"][0]["job_id"] == job_id


async def _is_shown(client: httpx.AsyncClient, job_id: str) -> bool:
    """Ask again where the log was not read far enough in time: a job that there is is never denied."""
    answer = await client.get(f"/jobs/{job_id}")
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200


@pytest.mark.long
async def test_a_crash_in_the_middle_leaves_the_key_usable_for_one_job(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str, database: AsyncDatabase
) -> None:
    key = {"Idempotency-Key": new_id()}
    crashed = Gateway(broker, mongodb_url, auth)
    await crashed.start()

    async def half() -> AsyncIterator[bytes]:
        yield VIDEO
        await asyncio.Event().wait()

    async with crashed.as_(account) as client:
        upload = asyncio.create_task(client.put("/upload/a.mp4", content=half(), headers=key))
        await wait_for(lambda: database["videos.chunks"].find_one())
        await crashed.kill()
        await cancelled([upload])
    # What the lease's time does, without waiting for it.
    document = await database["idempotency_keys"].find_one()
    assert document is not None
    await database["idempotency_keys"].update_one({}, {"$set": {"until": 0.0}})
    async with gateway_running(broker, mongodb_url, auth) as gateway, gateway.as_(account) as client:
        answer = await client.put("/upload/a.mp4", content=VIDEO, headers=key)
        assert answer.status_code == 202, answer.text
        assert answer.json()["job_id"] == document["job_id"]
        assert len((await client.get("/jobs")).json()["items"]) == 1


async def test_a_silent_upload_keeps_its_place_and_its_key_for_as_long_as_it_may_be_silent(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str
) -> None:
    patient = {"UPLOAD_IDLE_SECONDS": "600", "QUOTA_USER": "jobs_open=5"}
    async with gateway_running(broker, mongodb_url, auth, **patient) as gateway:
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(
            f"PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {auth.token(account)}\r\n"
            "Idempotency-Key: silent\r\nContent-Length: 3000000\r\n\r\n".encode()
        )
        async with AsyncMongoClient(mongodb_url) as client:
            database = client.get_default_database()

            async def until() -> list[float]:
                found = [await database[name].find_one() for name in ("idempotency_keys", "admissions")]
                return [
                    each["until"] if "until" in each else each["holds"][0]["until"] for each in found if each
                ]

            await wait_for(partial(_has_both, until), message="the upload has begun")
            assert min(await until()) > time.time() + 600
        writer.close()


async def _has_both(until: Callable[[], Awaitable[list[float]]]) -> bool:
    return len(await until()) == 2
