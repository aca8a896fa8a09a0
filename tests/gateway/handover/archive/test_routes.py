"""ZIPs of many jobs over real HTTP, read by clients and programs that are not ours."""

import asyncio
import io
import os
import subprocess
import zipfile
import zlib
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.ids import new_id
from events.options import Format
from gateway.handover.archive.routes import MOST
from tests.gateway.handover.test_audio import gone, is_erased, reached, uploaded
from tests.gateway.running import FAILED, STARTED, Gateway

CHUNK = 10_000
NAMES = ("Süße „Lieder“.mp4", "CON.mp4", "süsse „lieder“.mp4", "#1.mp4")
IN_ZIP = ["Süße „Lieder“.mp3", "_CON.mp3", "süsse „lieder“ (2).mp3", "#1.zip", "playlist.m3u8"]
AUDIO = [os.urandom(size) for size in (5 * CHUNK + 17, 3, 2 * CHUNK, 4000)]


class Made(NamedTuple):
    """An account with jobs that are converted, one of them to a ZIP of chapters."""

    account: str
    job_ids: list[str]

    @property
    def path(self) -> str:
        return "/archive.zip?" + "&".join(f"job={job_id}" for job_id in self.job_ids)


@pytest.fixture(scope="module")
async def made(gateway: Gateway) -> Made:
    account = new_id()
    made = Made(account, [await uploaded(gateway, account, name) for name in NAMES])
    for n, (job_id, data) in enumerate(zip(made.job_ids, AUDIO, strict=True)):
        parts = 2 if n == 3 else 0
        await gateway.convert(job_id, account, data, chunk=CHUNK, parts=parts, format_=Format.MP3)
    for job_id in made.job_ids:
        await reached(gateway, account, job_id, "converted")
    return made


@pytest.fixture(scope="module")
async def whole(gateway: Gateway, made: Made) -> bytes:
    async with gateway.as_(made.account) as client:
        return (await client.get(made.path)).content


def entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def chosen(client: httpx.AsyncClient, *job_ids: str) -> dict[str, Any]:
    answer = await client.post("/archives", json={"job_ids": job_ids})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def run(*command: Any, **options: Any) -> str:
    done = await asyncio.to_thread(
        subprocess.run, [*map(str, command)], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_a_zip_has_the_audio_of_each_job_under_a_name_of_its_own_and_a_playlist(
    gateway: Gateway, made: Made
) -> None:
    async with gateway.as_(made.account) as client:
        answer = await client.get(made.path)
        head = await client.head(made.path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["accept-ranges"] == "bytes"
    assert 'filename="tonearm.zip"' in answer.headers["content-disposition"]
    found = entries(answer.content)
    assert list(found) == IN_ZIP
    assert list(found.values())[:-1] == AUDIO
    assert found["playlist.m3u8"].decode().splitlines() == [
        "#EXTM3U",
        *("#EXTINF:2,Süße „Lieder“", "Süße „Lieder“.mp3"),
        *("#EXTINF:2,CON", "_CON.mp3"),
        *("#EXTINF:2,süsse „lieder“", "süsse „lieder“ (2).mp3"),
    ]
    same = ("content-length", "etag", "last-modified", "content-type", "content-disposition")
    assert head.content == b""
    assert [head.headers[each] for each in same] == [answer.headers[each] for each in same]
    assert int(head.headers["content-length"]) == len(answer.content)


async def test_any_range_is_that_part_of_the_whole(gateway: Gateway, made: Made, whole: bytes) -> None:
    chance = Random(7)  # noqa: S311 - no secret
    size = len(whole)
    some = [(0, 0), (size - 1, size - 1), (size - 30, size - 1), (0, size - 1)]
    some += [tuple(sorted(chance.choices(range(size), k=2))) for _ in range(20)]  # type: ignore[misc]
    async with gateway.as_(made.account) as client:
        for first, last in some:
            answer = await client.get(made.path, headers={"Range": f"bytes={first}-{last}"})
            assert answer.status_code == 206
            assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
            assert answer.content == whole[first : last + 1]
        beyond = await client.get(made.path, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{size}"


async def test_a_client_goes_on_only_with_the_same_zip(gateway: Gateway, made: Made, whole: bytes) -> None:
    rest = {"Range": "bytes=100-"}
    async with gateway.as_(made.account) as client:
        etag = (await client.head(made.path)).headers["etag"]
        assert etag.startswith('"')
        same = await client.get(made.path, headers={**rest, "If-Range": etag})
        assert (same.status_code, same.content) == (206, whole[100:])
        other = f"/archive.zip?job={made.job_ids[1]}&job={made.job_ids[0]}"
        anew = await client.get(other, headers={**rest, "If-Range": etag})
        assert (anew.status_code, anew.headers["etag"] == etag) == (200, False)
        known = await client.get(made.path, headers={"If-None-Match": etag})
        assert (known.status_code, known.content) == (304, b"")


async def test_programs_that_are_not_ours_download_it_in_parts_and_find_it_sound(
    gateway: Gateway, made: Made, whole: bytes, tmp_path: Path
) -> None:
    bearer = f"Authorization: Bearer {gateway.auth.token(made.account)}"
    (tmp_path / "curl.zip").write_bytes(whole[: len(whole) * 2 // 5])
    url = f"{gateway.url}{made.path}"
    await run("curl", "-fsS", "-C", "-", "-H", bearer, "-o", tmp_path / "curl.zip", url)
    several = ("-x4", "-s4", "-k1M", "--min-split-size=1M", "--allow-overwrite=true", "-q")
    await run("aria2c", *several, f"--header={bearer}", "-d", tmp_path, "-o", "aria.zip", url)
    for name in ("curl.zip", "aria.zip"):
        assert (tmp_path / name).read_bytes() == whole
    await run("7z", "t", tmp_path / "curl.zip")
    await run("unzip", "-q", tmp_path / "curl.zip", "-d", tmp_path / "out", env={"LC_ALL": "C.UTF-8"})
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == sorted(IN_ZIP)


async def test_many_jobs_have_a_short_address(gateway: Gateway, made: Made, whole: bytes) -> None:
    deleted, failed = [await uploaded(gateway, made.account) for _ in range(2)]
    await gateway.tell(failed, made.account, STARTED, FAILED)
    await reached(gateway, made.account, failed, "failed")
    async with gateway.as_(made.account) as client, gateway.as_(new_id()) as stranger:
        await client.delete(f"/jobs/{deleted}")
        await gone(gateway, made.account, deleted)
        unknown = new_id()
        job_ids = (unknown, *made.job_ids, deleted, failed, "no id", made.job_ids[0])
        archive = await chosen(client, *job_ids)
        assert {each["job_id"]: each["type"].split("/")[-1] for each in archive["refused"]} == {
            unknown: "no-such-job",
            deleted: "job-gone",
            failed: "no-audio",
            "no id": "no-such-job",
        }
        assert (archive["bytes"], archive["files"]) == (len(whole), len(IN_ZIP))
        assert (await client.get(archive["url"])).content == whole
        assert (await chosen(client, *job_ids))["archive_id"] == archive["archive_id"]
        theirs = await stranger.get(archive["url"])
        none = await stranger.get(f"/archives/{new_id()}")
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert theirs.json()["detail"] == none.json()["detail"]
        nothing = await stranger.post("/archives", json={"job_ids": made.job_ids})
        assert (nothing.status_code, nothing.json()["detail"]) == (404, "there is no job with this id")


async def test_it_holds_what_was_asked_for_or_says_which_job_is_missing(
    gateway: Gateway, account: str
) -> None:
    job_ids = [await uploaded(gateway, account) for _ in range(2)]
    path = "/archive.zip?" + "&".join(f"job={each}" for each in job_ids)
    async with gateway.as_(account) as client, gateway.as_(new_id()) as stranger:
        early = await client.get(path)
        assert (early.status_code, early.json()["job_id"]) == (409, job_ids[0])
        for job_id in job_ids:
            await gateway.convert(job_id, account, b"audio")
            await reached(gateway, account, job_id, "converted")
        archive = await chosen(client, *job_ids)
        assert (await stranger.get(path)).status_code == 404
        await client.delete(f"/jobs/{job_ids[1]}")
        await gone(gateway, account, job_ids[1])
        for url in (path, archive["url"]):
            answer = await client.get(url)
            assert answer.status_code == 410
            assert answer.json()["detail"] == f"job {job_ids[1]}: this job was deleted"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 50_000, 422),
        (b'{"job_ids":' * 5_000, 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"job_ids": []}', 422),
        (b'{"job_ids": null}', 422),
        (b'{"job_ids": [1]}', 422),
        (b'{"job_ids": ["' + b"a" * 37 + b'"]}', 422),
        (b'{"job_ids": ["a"], "more": 1}', 422),
        (b'{"job_ids": [' + b",".join([b'"a"'] * (MOST + 1)) + b"]}", 422),
        (b'{"job_ids": ["\\ud800"]}', 400),
        (b'{"job_ids": ["\\u0000"]}', 404),
        (b" " * 65_537, 413),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    gateway: Gateway, account: str, body: bytes, status: int
) -> None:
    async with gateway.as_(account) as client:
        answer = await client.post("/archives", content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_parameters_that_do_not_fit_are_refused(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        for query in ("", "?job=a&jobs=b", "?" + "&".join(["job=a"] * (MOST + 1))):
            assert (await client.get(f"/archive.zip{query}")).status_code == 422, query
        for query in ("?job=", "?job=%00", "?job=../../x", "?job=%F0%9F%92%A9", f"?job={new_id()}"):
            assert (await client.get(f"/archive.zip{query}")).status_code == 404, query
        assert (await client.get("/archives/%00")).status_code == 404


async def test_a_checksum_that_nobody_has_told_is_computed_once_and_kept(
    gateway: Gateway, account: str
) -> None:
    job_id, data = await uploaded(gateway, account), os.urandom(3 * CHUNK)
    await gateway.convert(job_id, account, data, chunk=CHUNK, crc32=None)
    await reached(gateway, account, job_id, "converted")
    async with gateway.as_(account) as client, AsyncMongoClient[dict[str, Any]](gateway.mongodb_url) as mongo:
        files = mongo.get_default_database()["audio.files"]

        async def kept() -> Any:
            [file] = await files.find({"metadata.job_id": job_id}).to_list()
            return file["metadata"].get("crc32")

        path = f"/archive.zip?job={job_id}"
        assert (await client.head(path)).status_code == 200
        assert await kept() is None
        ends = await asyncio.gather(*[client.get(path, headers={"Range": "bytes=-99"}) for _ in range(4)])
        assert await kept() == zlib.crc32(data)
        assert len({each.content for each in ends}) == 1
        assert next(iter(entries((await client.get(path)).content).values())) == data


async def test_a_download_breaks_off_when_a_job_in_it_is_deleted(gateway: Gateway, account: str) -> None:
    job_id = await uploaded(gateway, account)
    await gateway.convert(job_id, account, bytes(50 * 1024 * 1024))  # more than any buffer on the way
    await reached(gateway, account, job_id, "converted")
    async with gateway.as_(account) as client:
        path = f"/archive.zip?job={job_id}"
        async with client.stream("GET", path) as reading:
            chunks = reading.aiter_raw()
            await anext(chunks)
            await client.delete(f"/jobs/{job_id}")
            await wait_for(lambda: is_erased(gateway, job_id))
            with pytest.raises(httpx.RemoteProtocolError):
                async for _ in chunks:
                    pass
        assert (await client.get(path)).status_code == 410

    def is_told() -> bool:
        said = [line for line in gateway.lines if line.get("event") == "answer_broken_off"]
        return any(line["route"] == "/archive.zip" and line["reason"] == "deleted" for line in said)

    await wait_for(is_told)


async def test_where_an_audio_is_lost_nothing_of_the_zip_is_sent(gateway: Gateway, account: str) -> None:
    job_ids = [await uploaded(gateway, account, name) for name in ("a.mp4", "b.mp4")]
    for job_id in job_ids:
        await gateway.convert(job_id, account, b"audio" * 1000)
        await reached(gateway, account, job_id, "converted")
    async with gateway.as_(account) as client, AsyncMongoClient[dict[str, Any]](gateway.mongodb_url) as mongo:
        files = mongo.get_default_database()["audio.files"]
        await files.update_one({"metadata.job_id": job_ids[1]}, {"$set": {"length": 1}})
        path = "/archive.zip?" + "&".join(f"job={each}" for each in job_ids)
        assert (await client.get(path)).status_code == 500
        assert (await client.get(path, headers={"Range": "bytes=0-99"})).status_code == 206
        await files.delete_one({"metadata.job_id": job_ids[1]})
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (410, "b.mp3 is not stored any more")


async def test_each_request_takes_one_place_among_the_downloads(gateway: Gateway, account: str) -> None:
    job_id = await uploaded(gateway, account)
    await gateway.convert(job_id, account, bytes(8 * 1024 * 1024))
    await reached(gateway, account, job_id, "converted")
    path = f"/archive.zip?job={job_id}&job={job_id}"
    async with gateway.as_(account) as client:
        under_way = [client.stream("GET", path) for _ in range(20)]
        answers = [await each.__aenter__() for each in under_way]
        assert {answer.status_code for answer in answers} == {200}
        assert (await client.get(path)).status_code == 429
        assert (await client.head(path)).status_code == 200
        for each in under_way:
            await each.__aexit__(None, None, None)
