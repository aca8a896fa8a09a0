"""Uploads that survive: tus over real HTTP, into the real database and the real log."""

import asyncio
import hashlib
import os
import re
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

import httpx
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.ids import new_id
from tests.gateway.running import FakeAuth, Gateway, gateway_running

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
        offset = await offset_of(elsewhere, there)
        assert offset == 1_600_000
        with suppress(ConnectionError):
            old.write(bytes(900_000))
            await old.drain()
        answer = await piece(elsewhere, there, offset, VIDEO[offset:])
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


async def test_a_live_rival_is_refused_and_head_ends_the_one_who_writes(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        url = await created(client, len(VIDEO))
        writer = await open_piece(gateway, account, url, 0, len(VIDEO))
        await wait_for(partial(is_written, gateway, url), message="the piece has begun")
        rival = await piece(client, url, 0, VIDEO)
        assert (rival.status_code, rival.json()["type"]) == (423, "/problems/upload-busy")
        assert int(rival.headers["retry-after"]) > 0
        assert await offset_of(client, url) == 0
        assert (await piece(client, url, 0, VIDEO)).status_code == 204
        writer.close()


async def test_what_is_terminated_is_410_and_of_others_nothing_is_there(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client, gateway.as_(new_id()) as stranger:
        url = await created(client, 1000)
        assert (await piece(client, url, 0, b"x" * 300)).status_code == 204
        for answer in (
            await stranger.head(url, headers=TUS),
            await stranger.delete(url, headers=TUS),
            await piece(stranger, url, 300, b"x" * 700),
        ):
            assert answer.status_code == 404
        assert (await client.delete(url, headers=TUS)).status_code == 204
        answers = [
            await client.head(url, headers=TUS),
            await client.delete(url, headers=TUS),
            await piece(client, url, 300, b"x"),
        ]
        assert [each.status_code for each in answers] == [410] * 3
    async with AsyncMongoClient(gateway.mongodb_url) as mongo:
        database = mongo.get_default_database()
        assert await database["videos.chunks"].count_documents({"files_id": id_of(url)}) == 0
        assert "a.mp4" not in str(await database["uploads"].find_one({"_id": id_of(url)}))


async def test_a_deleted_job_is_410_as_an_upload_too_and_an_uploading_key_deletes_no_job(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client, gateway.as_(account, scope="upload") as key:
        url = await created(client, 5)
        assert (await piece(client, url, 0, b"video")).status_code == 204
        refused = await key.delete(url, headers=TUS)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
        assert (await client.delete(url, headers=TUS)).status_code == 204
        assert (await client.head(url, headers=TUS)).status_code == 410
        assert (await client.get(f"/jobs/{id_of(url)}")).status_code == 410


async def test_what_cannot_be_had_is_refused_before_a_byte_comes(gateway: Gateway, account: str) -> None:
    wrong = {"format": "opus", "quality": "12", "chapters": "perhaps", "filename": "a.mp4"}
    length = {**TUS, "Upload-Length": "5"}
    async with gateway.as_(account) as client:
        answer = await client.post("/files", headers={**length, **metadata(**wrong)})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-options")
        assert "chapters" in {each["name"] for each in answer.json()["errors"]}
        large = await client.post("/files", headers={**TUS, "Upload-Length": str(3 * 2**20 + 1)})
        assert (large.status_code, large.json()["type"]) == (413, "/problems/too-large")
        assert large.headers["tus-resumable"] == "1.0.0"
        await client.put("/presets/talk", json={"format": "flac"})
        url = await created(client, 5, preset="talk", filename="a.mp4")
        assert (await piece(client, url, 0, b"video")).status_code == 204
        job = (await client.get(f"/jobs/{id_of(url)}")).json()
    assert job["options"]["format"] == "flac"


async def test_more_bytes_than_the_file_has_leave_neither_an_upload_nor_a_job(
    gateway: Gateway, account: str
) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        yield b"video"

    for length, body in (("0", b"video"), ("0", unannounced()), ("4", b"video"), ("4", unannounced())):
        async with gateway.as_(account) as client, AsyncMongoClient(gateway.mongodb_url) as mongo:
            answer = await client.post("/files", content=body, headers={**PIECE, "Upload-Length": length})
            assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
            assert (await client.get("/jobs")).json()["items"] == []
            living = {"account": account, "gone": None}
            assert await mongo.get_default_database()["uploads"].count_documents(living) == 0
            empty = await client.post("/files", headers={**TUS, "Upload-Length": "0"})
            assert (await client.get(f"/jobs/{id_of(empty.headers['location'])}")).status_code == 200
            await client.delete(empty.headers["location"], headers=TUS)


async def test_a_type_that_is_none_does_not_come_into_the_log(gateway: Gateway, account: str) -> None:
    types = {"video/mp4\r\n\0\u202e": "application/octet-stream", "video/mp4": "video/mp4"}
    async with gateway.as_(account) as client:
        for told, kept in types.items():
            url = await created(client, 5, filetype=told)
            assert (await piece(client, url, 0, b"video")).status_code == 204
            job = (await client.get(f"/jobs/{id_of(url)}")).json()
            assert job["video"]["content_type"] == kept


async def test_networks_that_know_only_get_and_post_get_through(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        url = await created(client, 5)
        headers = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        assert (await client.post(url, content=b"video", headers=headers)).status_code == 204
        assert (await client.get(f"/jobs/{id_of(url)}")).status_code == 200
        elsewhere = {"X-HTTP-Method-Override": "DELETE"}
        assert (await client.post(f"/jobs/{id_of(url)}", headers=elsewhere)).status_code == 405


async def test_behind_a_proxy_and_in_a_browser_the_address_is_relative(
    gateway: Gateway, account: str
) -> None:
    length = {**TUS, "Upload-Length": "5"}
    async with gateway.as_(account) as client:
        for sign in ({"X-Forwarded-Proto": "https"}, {"Origin": "https://tonearm.example"}):
            answer = await client.post("/files", headers={**length, **sign})
            where = answer.headers["location"]
            assert re.fullmatch(r"files/[0-9a-f-]{36}", where)
            assert (await client.head(f"/{where}", headers=TUS)).status_code == 200


async def test_a_stop_keeps_what_has_come(
    broker: object, mongodb_url: str, auth: FakeAuth, account: str
) -> None:
    async with (
        gateway_running(broker, mongodb_url, auth) as gateway,
        gateway_running(broker, mongodb_url, auth) as other,
        gateway.as_(account) as client,
        other.as_(account) as elsewhere,
    ):
        url = await created(client, len(VIDEO))
        writer = await open_piece(gateway, account, url, 0, len(VIDEO))
        writer.write(VIDEO[:1_000_003])
        await wait_for(partial(reached, gateway, url, 1_000_003), message="what has come is stored")
        assert (await gateway.stop(timeout=20))[0] == 0
        assert await offset_of(elsewhere, f"{other.url}/files/{id_of(url)}") == 1_000_003
        writer.close()


async def test_an_upload_that_is_whole_becomes_a_job_when_it_is_asked_for(
    gateway: Gateway, account: str
) -> None:
    """As if the process had died between the last byte and the event."""
    async with gateway.as_(account) as client, AsyncMongoClient(gateway.mongodb_url) as mongo:
        url, twin = await created(client, 600_000, filename="a.mp4"), await created(client, 600_000)
        records = mongo.get_default_database()["uploads"]
        for each in (url, twin):
            assert (await piece(client, each, 0, VIDEO[:599_999])).status_code == 204
        last = {"$set": {"length": 599_999}}
        await records.update_one({"_id": id_of(url)}, last)
        await records.update_one({"_id": id_of(twin)}, last)
        assert await offset_of(client, url) == 599_999
        assert (await piece(client, twin, 599_999, b"")).status_code == 204
        for each in (url, twin):
            job = (await client.get(f"/jobs/{id_of(each)}")).json()
            assert job["video"]["sha256"] == hashlib.sha256(VIDEO[:599_999]).hexdigest()
            assert [entry["type"] for entry in job["timeline"]] == ["job.uploaded"]
        assert await records.count_documents({"account": account}) == 0


async def outcomes(gateway: Gateway) -> Counter[str]:
    found = re.findall(
        r'^tonearm_uploads_total{outcome="(\w+)"} (\S+)$', await gateway.metrics(), re.MULTILINE
    )
    return Counter({outcome: int(float(count)) for outcome, count in found})


async def test_an_upload_counts_once_when_it_is_a_job_however_many_pieces_went_wrong(
    gateway: Gateway, account: str
) -> None:
    before = await outcomes(gateway)
    async with gateway.as_(account) as client, AsyncMongoClient(gateway.mongodb_url) as mongo:
        url, asked = await created(client, 1000), await created(client, 1000)
        cut_off = await open_piece(gateway, account, url, 0, 1000)
        cut_off.write(bytes(400))
        await wait_for(partial(is_written, gateway, url), message="the piece has begun")
        assert (await piece(client, url, 0, bytes(1000))).status_code in (409, 423)
        cut_off.close()
        await wait_for(partial(reached, gateway, url, 400), message="400 bytes are stored")
        assert await offset_of(client, url) == 400
        assert (await piece(client, url, 0, bytes(1000))).status_code == 409
        wrong = {"Upload-Checksum": f"sha1 {b64encode(bytes(20)).decode()}"}
        assert (await piece(client, url, 400, bytes(600), **wrong)).status_code == 460
        assert (await piece(client, url, 400, bytes(600))).status_code == 204
        assert (await piece(client, url, 1000, b"")).status_code == 204
        assert await outcomes(gateway) - before == {"accepted": 1}

        assert (await piece(client, asked, 0, bytes(999))).status_code == 204
        records = mongo.get_default_database()["uploads"]
        await records.update_one({"_id": id_of(asked)}, {"$set": {"length": 999}})
        assert await offset_of(client, asked) == 999
        assert await outcomes(gateway) - before == {"accepted": 2}


async def is_written(gateway: Gateway, url: str) -> bool:
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        found = await client.get_default_database()["uploads"].find_one({"_id": id_of(url)})
    return found is not None and found["writer"] > 0
