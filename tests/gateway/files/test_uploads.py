"""Uploads that survive: tus over real HTTP, into the real database and the real log."""

import asyncio
import hashlib
import os
import time
from base64 import b64encode
from contextlib import suppress
from functools import partial

import httpx
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient
from waiting import wait_for

from tests.gateway.running import Gateway, gateway_running

VIDEO = os.urandom(2_500_000)
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**values: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{n} {b64encode(v.encode()).decode()}" for n, v in values.items())}


def id_of(url: str) -> str:
    return url.rpartition("/")[2]


async def created(client: httpx.AsyncClient, length: int, **values: str) -> str:
    answer = await client.post("/files", headers={**TUS, "Upload-Length": str(length), **metadata(**values)})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def piece(client: httpx.AsyncClient, url: str, offset: int, data: bytes, **more: str) -> httpx.Response:
    return await client.patch(url, content=data, headers={**PIECE, "Upload-Offset": str(offset), **more})


async def offset_of(client: httpx.AsyncClient, url: str) -> int:
    answer = await client.head(url, headers=TUS)
    assert answer.status_code == 200, answer.headers
    return int(answer.headers["upload-offset"])


async def reached(gateway: Gateway, url: str, offset: int) -> bool:
    """Look at the record: HEAD would end the writer."""
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        found = await client.get_default_database()["uploads"].find_one({"_id": id_of(url)})
    return found is not None and found["offset"] == offset


async def stored(gateway: Gateway, job_id: str) -> bytes:
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        bucket = AsyncGridFSBucket(client.get_default_database(), bucket_name="videos")
        return await (await bucket.open_download_stream(job_id)).read()


async def test_a_file_in_pieces_of_any_size_becomes_the_job_of_its_id(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        url = await created(client, len(VIDEO), filename="häns.mp4", filetype="video/mp4", format="opus")
        at = 0
        for size in (1, 100_000, 261_119, 261_120, 1_200_000, 5):
            answer = await piece(client, url, at, VIDEO[at : at + size])
            assert answer.status_code == 204, answer.text
            at += size
            assert answer.headers["upload-offset"] == str(at) == str(await offset_of(client, url))
        assert (await piece(client, url, at, VIDEO[at:])).status_code == 204
        assert await offset_of(client, url) == len(VIDEO)
        job_id = id_of(url)
        job = (await client.get(f"/jobs/{job_id}")).json()
    assert (job["state"], job["filename"], job["options"]["format"]) == ("uploaded", "häns.mp4", "opus")
    assert job["video"]["sha256"] == hashlib.sha256(VIDEO).hexdigest()
    assert await stored(gateway, job_id) == VIDEO


async def test_what_came_before_a_cut_in_the_middle_of_a_chunk_is_kept_to_the_byte(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        url = await created(client, len(VIDEO))
        for at, upto in ((0, 1_234_567), (1_234_567, 1_234_568)):
            writer = await open_piece(gateway, account, url, at, len(VIDEO) - at)
            writer.write(VIDEO[at:upto])
            await writer.drain()
            writer.close()
            await wait_for(partial(reached, gateway, url, upto), message=f"{upto} bytes are stored")
            assert await offset_of(client, url) == upto
        assert (await piece(client, url, upto, VIDEO[upto:])).status_code == 204
        job = (await client.get(f"/jobs/{id_of(url)}")).json()
    assert job["video"]["sha256"] == hashlib.sha256(VIDEO).hexdigest()
    assert await stored(gateway, id_of(url)) == VIDEO


async def test_who_comes_back_on_another_replica_goes_on_at_once_and_the_old_connection_is_shut_out(
    gateway: Gateway, account: str
) -> None:
    async with (
        gateway_running(gateway.broker, gateway.mongodb_url, gateway.auth) as other,
        gateway.as_(account) as client,
        other.as_(account) as elsewhere,
    ):
        url = await created(client, len(VIDEO))
        old = await open_piece(gateway, account, url, 0, len(VIDEO))
        old.write(VIDEO[:1_600_000])
        await old.drain()
        await wait_for(partial(reached, gateway, url, 1_600_000), message="what has come is stored")
        there = f"{other.url}/files/{id_of(url)}"
        assert (await piece(elsewhere, there, 0, VIDEO)).status_code in (409, 423)
        began = time.monotonic()
        offset = await offset_of(elsewhere, there)
        assert offset == 1_600_000
        with suppress(ConnectionError):
            old.write(bytes(900_000))
            await old.drain()
        answer = await piece(elsewhere, there, offset, VIDEO[offset:])
        assert time.monotonic() - began < 3
        assert answer.status_code == 204, answer.text
        job = (await elsewhere.get(f"/jobs/{id_of(url)}")).json()
        old.close()
    assert job["video"]["sha256"] == hashlib.sha256(VIDEO).hexdigest()
    assert await stored(gateway, id_of(url)) == VIDEO


async def open_piece(
    gateway: Gateway, account: str, url: str, offset: int, length: int
) -> asyncio.StreamWriter:
    """Begin a PATCH of which the test sends the body."""
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        f"PATCH /files/{id_of(url)} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n"
        f"Authorization: Bearer {gateway.auth.token(account)}\r\nUpload-Offset: {offset}\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return writer
