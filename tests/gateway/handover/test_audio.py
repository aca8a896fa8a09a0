"""Downloads over real HTTP."""

import hashlib
import os

import httpx
import pytest
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.options import MEDIA_TYPES, Format
from events.types import DeletionReason, JobDeleted, JobRetrying
from tests.gateway.running import FAILED, STARTED, Gateway

CHUNK = 10_000
AUDIO = os.urandom(5 * CHUNK + 17)


async def uploaded(gateway: Gateway, account: str, name: str = "Süße „Lieder“.mp4") -> str:
    async with gateway.as_(account) as client:
        answer = await client.post("/upload", files={"file": (name, b"a video")})
        return str(answer.json()["job_id"])


@pytest.fixture
async def job_id(gateway: Gateway, account: str) -> str:
    job_id = await uploaded(gateway, account)
    await gateway.convert(job_id, account, AUDIO, chunk=CHUNK)
    await reached(gateway, account, job_id, "converted")
    return job_id


async def reached(gateway: Gateway, account: str, job_id: str, state: str) -> None:
    async with gateway.as_(account) as client:

        async def is_there() -> bool:
            # It may not be known yet: then there is a problem document.
            return (await client.get(f"/jobs/{job_id}")).json().get("state") == state

        await wait_for(is_there)


async def gone(gateway: Gateway, account: str, job_id: str) -> None:
    async with gateway.as_(account) as client:

        async def is_gone() -> bool:
            return (await client.get(f"/jobs/{job_id}")).status_code == 410

        await wait_for(is_gone)


def is_erased(gateway: Gateway, job_id: str) -> bool:
    """Return True once it says that this job's files are gone. Those of other tests' jobs go, too."""
    told = ((line.get("event"), line.get("job_id")) for line in gateway.lines)
    return ("files_erased", job_id) in told


async def test_the_audio_comes_whole_under_the_videos_name(
    gateway: Gateway, account: str, job_id: str
) -> None:
    async with gateway.as_(account) as client:
        for path in (f"/jobs/{job_id}/audio", f"/download?fid={job_id}"):
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            assert answer.content == AUDIO
            assert answer.headers["content-type"] == "audio/mpeg"
            assert answer.headers["accept-ranges"] == "bytes"
            assert answer.headers["etag"] == f'"{hashlib.sha256(AUDIO).hexdigest()}"'
            disposition = answer.headers["content-disposition"]
            assert "filename*=UTF-8''S%C3%BC%C3%9Fe%20%E2%80%9ELieder%E2%80%9C.mp3" in disposition
            head = await client.head(path)
            assert head.status_code == 200
            assert head.content == b""
            same = ("content-length", "etag", "last-modified", "content-type", "content-disposition")
            assert {name: head.headers[name] for name in same} == {
                name: answer.headers[name] for name in same
            }


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        (f"bytes={CHUNK - 1}-{CHUNK}", CHUNK - 1, CHUNK),
        (f"bytes={CHUNK}-{2 * CHUNK - 1}", CHUNK, 2 * CHUNK - 1),
        ("bytes=7-", 7, len(AUDIO) - 1),
        ("bytes=-5", len(AUDIO) - 5, len(AUDIO) - 1),
        ("bytes=40000-99999999", 40_000, len(AUDIO) - 1),
    ],
)
async def test_a_range_comes_exactly(
    gateway: Gateway, account: str, job_id: str, wanted: str, first: int, last: int
) -> None:
    async with gateway.as_(account) as client:
        answer = await client.get(f"/jobs/{job_id}/audio", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == AUDIO[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(AUDIO)}"


async def test_conditions_are_understood(gateway: Gateway, account: str, job_id: str) -> None:
    async with gateway.as_(account) as client:
        whole = await client.get(f"/jobs/{job_id}/audio")
        etag, modified = whole.headers["etag"], whole.headers["last-modified"]
        for headers, status in (
            ({"If-None-Match": etag}, 304),
            ({"If-None-Match": f'W/{etag}, "other"'}, 304),
            ({"If-None-Match": '"other"'}, 200),
            ({"If-Modified-Since": modified}, 304),
            ({"If-Match": '"other"'}, 412),
            ({"Range": "bytes=0-1", "If-Range": etag}, 206),
            ({"Range": "bytes=0-1", "If-Range": '"other"'}, 200),
            ({"Range": "bytes=0-1", "If-Range": modified}, 206),
            ({"Range": "bytes=0-1,5-6"}, 200),
            ({"Range": f"bytes={len(AUDIO)}-"}, 416),
            ({"Range": "bytes=x-y"}, 416),
        ):
            answer = await client.get(f"/jobs/{job_id}/audio", headers=headers)
            assert answer.status_code == status, headers
            if status == 304:
                assert answer.content == b""
                assert answer.headers["etag"] == etag
            if status == 416:
                assert answer.headers["content-range"] == f"bytes */{len(AUDIO)}"
                assert answer.headers["content-type"] == "application/problem+json"


async def test_a_job_without_audio_says_why(gateway: Gateway, account: str) -> None:
    waiting, failed, deleted = [await uploaded(gateway, account) for _ in range(3)]
    retrying = JobRetrying(run=1, attempt=1, reason="the disk is full", delay_seconds=5)
    await gateway.tell(waiting, account, STARTED, retrying)
    await gateway.tell(failed, account, STARTED, FAILED)
    await gateway.tell(deleted, account, JobDeleted(reason=DeletionReason.USER))
    for job, state in ((waiting, "retrying"), (failed, "failed")):
        await reached(gateway, account, job, state)
    await gone(gateway, account, deleted)
    async with gateway.as_(account) as client:
        not_yet = await client.get(f"/jobs/{waiting}/audio")
        assert (not_yet.status_code, not_yet.json()["state"]) == (409, "retrying")
        assert int(not_yet.headers["retry-after"]) > 0
        never = await client.get(f"/jobs/{failed}/audio")
        assert (never.status_code, never.json()["state"]) == (409, "failed")
        assert "The video has no sound." in never.json()["detail"]
        assert "retry-after" not in never.headers
        assert (await client.get(f"/jobs/{deleted}/audio")).status_code == 410
        job = (await client.get(f"/jobs/{failed}")).json()
        assert job["error"] == {"code": "no_audio", "message": "The video has no sound."}


async def test_a_damaged_file_never_looks_whole(gateway: Gateway, account: str, job_id: str) -> None:
    async with AsyncMongoClient(gateway.mongodb_url) as mongo:
        database = mongo.get_default_database()
        file = await database["audio.files"].find_one({"metadata.job_id": job_id})
        assert file is not None
        await database["audio.chunks"].delete_one({"files_id": file["_id"], "n": 3})
    async with gateway.as_(account) as client:
        with pytest.raises(Exception, match=r"peer closed|incomplete|Server disconnected"):
            await client.get(f"/jobs/{job_id}/audio")
        begun_at_the_gap = await client.get(f"/jobs/{job_id}/audio", headers={"Range": f"bytes={3 * CHUNK}-"})
        assert begun_at_the_gap.status_code == 500
        assert file["_id"] not in begun_at_the_gap.text


async def test_a_download_whose_job_is_deleted_breaks_off_and_is_no_fault_of_ours(
    gateway: Gateway, account: str
) -> None:
    job_id = await uploaded(gateway, account)
    await gateway.convert(job_id, account, b"sound" * 10_000_000)  # more than any buffer on the way
    await reached(gateway, account, job_id, "converted")
    before = len(gateway.lines)

    async def download(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", f"/jobs/{job_id}/audio") as audio:
            pieces = audio.aiter_bytes()
            await anext(pieces)
            assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
            await wait_for(lambda: is_erased(gateway, job_id))
            async for _ in pieces:
                pass

    async with gateway.as_(account) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
            await download(client)
        broken = await wait_for(
            lambda: [line for line in gateway.lines[before:] if line["event"] == "answer_broken_off"]
        )
    assert [(line["level"], line["reason"]) for line in broken] == [("info", "deleted")]


@pytest.mark.parametrize("format_", list(Format))
async def test_each_format_is_called_what_it_is(gateway: Gateway, account: str, format_: Format) -> None:
    job_id = await uploaded(gateway, account, "a.mp4")
    await gateway.convert(job_id, account, AUDIO, chunk=CHUNK, format_=format_)
    await reached(gateway, account, job_id, "converted")
    async with gateway.as_(account) as client:
        for path in (f"/jobs/{job_id}/audio", f"/download?fid={job_id}"):
            part = {"Range": "bytes=0-9"}
            for answer in (
                await client.get(path),
                await client.get(path, headers=part),
                await client.head(path),
            ):
                assert answer.headers["content-type"] == MEDIA_TYPES[format_]
                assert f'filename="a.{format_}"' in answer.headers["content-disposition"]


async def test_a_file_for_each_chapter_is_a_zip_and_the_job_says_so(gateway: Gateway, account: str) -> None:
    job_id = await uploaded(gateway, account, "a.mp4")
    await gateway.convert(job_id, account, AUDIO, chunk=CHUNK, format_=Format.OPUS, parts=12)
    await reached(gateway, account, job_id, "converted")
    async with gateway.as_(account) as client:
        audio = (await client.get(f"/jobs/{job_id}")).json()["audio"]
        answer = await client.get(f"/jobs/{job_id}/audio", headers={"Range": "bytes=0-9"})
    assert (audio["format"], audio["parts"]) == ("opus", 12)
    assert (audio["media_type"], audio["filename"]) == ("application/zip", "a.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="a.zip"' in answer.headers["content-disposition"]
