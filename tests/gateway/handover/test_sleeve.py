"""The waveform and the cover of an audio over real HTTP."""

import os

import pytest

from events.ids import new_id
from tests.gateway.handover.test_audio import reached, uploaded
from tests.gateway.running import Gateway

PEAKS = b"\2\0\0\0" + os.urandom(60)
JPEG = b"\xff\xd8\xff" + os.urandom(30_000)
PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(100)
BEFORE = os.urandom(777)


async def converted(gateway: Gateway, account: str, cover: bytes = b"", peaks: bytes = b"") -> str:
    job_id = await uploaded(gateway, account)
    audio = BEFORE + cover + os.urandom(50)
    at = len(BEFORE) if cover else 0
    await gateway.convert(
        job_id, account, audio, chunk=10_000, peaks=peaks, cover_at=at, cover_bytes=len(cover)
    )
    await reached(gateway, account, job_id, "converted")
    return job_id


async def test_the_peaks_come_to_their_owner_and_once(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, peaks=PEAKS)
    async with gateway.as_(account) as client:
        url = (await client.get(f"/jobs/{job_id}")).json()["audio"]["peaks_url"]
        answer = await client.get(url)
        assert (answer.status_code, answer.content) == (200, PEAKS)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["cache-control"] == "private, no-cache"
        again = await client.get(url, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    async with gateway.as_(new_id()) as client:
        assert (await client.get(url)).status_code == 404


@pytest.mark.parametrize(("cover", "type_"), [(JPEG, "image/jpeg"), (PNG, "image/png")])
async def test_the_cover_is_the_picture_in_the_audio(
    gateway: Gateway, account: str, cover: bytes, type_: str
) -> None:
    job_id = await converted(gateway, account, cover)
    async with gateway.as_(account) as client:
        url = (await client.get(f"/jobs/{job_id}")).json()["audio"]["cover_url"]
        answer = await client.get(url)
        assert (answer.status_code, answer.content) == (200, cover)
        assert answer.headers["content-type"] == type_
        assert answer.headers["content-length"] == str(len(cover))
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = await client.get(url, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_what_is_no_picture_is_never_sent_as_one(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, b"<script>alert(1)</script>")
    async with gateway.as_(account) as client:
        answer = await client.get(f"/jobs/{job_id}/cover")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "no-cover")


@pytest.mark.parametrize("part", ["peaks", "cover"])
async def test_an_audio_without_them_says_so(gateway: Gateway, account: str, part: str) -> None:
    job_id = await converted(gateway, account)
    async with gateway.as_(account) as client:
        assert (await client.get(f"/jobs/{job_id}")).json()["audio"][f"{part}_url"] is None
        answer = await client.get(f"/jobs/{job_id}/{part}")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, f"no-{part}")


@pytest.mark.parametrize("part", ["peaks", "cover"])
async def test_a_job_without_audio_has_neither_yet(gateway: Gateway, account: str, part: str) -> None:
    job_id = await uploaded(gateway, account)
    async with gateway.as_(account) as client:
        answer = await client.get(f"/jobs/{job_id}/{part}")
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "2")


async def test_they_go_with_the_audio(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, JPEG, PEAKS)
    async with gateway.as_(account) as client:
        assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
        for part in ("peaks", "cover"):
            assert (await client.get(f"/jobs/{job_id}/{part}")).status_code == 410
