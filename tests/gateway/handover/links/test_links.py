"""Links over real HTTP: who has one listens without an account, until it ends."""

import asyncio
import json
import struct
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from waiting import wait_for

from events.ids import new_id
from events.options import Format
from events.types import DeletionReason, JobDeleted, JobLinked
from service.handover_keys import handover_keys
from service.link_tokens import Token, new_link_id, written
from tests.gateway.running import Gateway

HOSTILE = '<script>alert(1)<!-- "><img src=x onerror=alert(2)> {{7*7}}.mp4'
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
KEYS = handover_keys(f"test:{'handover' * 4}")
"""Those of the tests' gateways."""


@pytest.fixture
async def job_id(gateway: Gateway, account: str, minute: bytes) -> str:
    return await a_job(gateway, account, minute)


@pytest.fixture
async def anybody(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
        yield client


async def a_job(gateway: Gateway, account: str, data: bytes, name: str = "Talk.mp4", **said: Any) -> str:
    async with gateway.as_(account) as client:
        job_id = str((await client.post("/upload", files={"file": (name, b"a video")})).json()["job_id"])
        await gateway.convert(job_id, account, data, **{"duration_seconds": 60.0, **said})

        async def converted() -> bool:
            return (await client.get(f"/jobs/{job_id}")).json().get("state") == "converted"

        await wait_for(converted)
    return job_id


async def shared(gateway: Gateway, account: str, job_id: str, **wish: Any) -> dict[str, Any]:
    async with gateway.as_(account) as client:
        answer = await client.post(f"/jobs/{job_id}/links", json=wish)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


def samples(mp3: bytes) -> int:
    command = [get_ffmpeg_exe(), "-v", "error", "-i", "-", "-f", "s16le", "-ac", "1", "-"]
    return len(subprocess.run(command, input=mp3, capture_output=True, check=True).stdout) // 2


async def test_whoever_has_the_link_gets_the_audio_whole_and_in_part(
    gateway: Gateway, account: str, job_id: str, minute: bytes, anybody: httpx.AsyncClient
) -> None:
    link = await shared(gateway, account, job_id)
    assert link["url"].startswith(f"{gateway.url}/l/")
    assert link["expires"] > (datetime.now(UTC) + timedelta(days=6)).isoformat()
    audio = await anybody.get(f"{link['url']}?download")
    assert audio.content == minute
    assert audio.headers["content-type"] == "audio/mpeg"
    assert audio.headers["content-disposition"].startswith('attachment; filename="Talk.mp3"')
    assert audio.headers["x-robots-tag"] == "noindex, nofollow"
    assert audio.headers["referrer-policy"] == "no-referrer"
    assert (await anybody.get(link["url"], headers={"Accept": "audio/*"})).content == minute
    part = await anybody.get(f"{link['url']}?download", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, minute[100:200])
    head = await anybody.head(f"{link['url']}?download")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(minute)))
    again = await anybody.get(f"{link['url']}?download", headers={"If-None-Match": audio.headers["etag"]})
    assert again.status_code == 304


async def test_a_browser_gets_a_page_that_runs_nothing_and_tells_nobody(
    gateway: Gateway, account: str, minute: bytes, anybody: httpx.AsyncClient
) -> None:
    peaks = struct.pack("<iIiiIi", 2, 1, 44_100, 44_100, 60, 1) + bytes((200, 50)) * 60
    job_id = await a_job(gateway, account, minute, HOSTILE, peaks=peaks)
    link = await shared(gateway, account, job_id)
    for headers in (BROWSER, {"Accept": "*/*"}):  # chats that show what an address leads to take anything
        page = await anybody.get(f"{link['url']}?utm_source=chat", headers=headers)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "<script" not in page.text
        assert "onerror=alert(2)&gt;" in page.text
        assert '<svg class="groove"' in page.text
        assert '<meta property="og:title" content="&lt;script&gt;' in page.text
        assert f'<meta property="og:audio" content="{link["url"]}?download">' in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert page.headers["cache-control"] == "no-store"


async def test_a_link_to_a_clip_gives_the_clip_and_nothing_else(
    gateway: Gateway, account: str, job_id: str, minute: bytes, anybody: httpx.AsyncClient
) -> None:
    link = await shared(gateway, account, job_id, start=10, end=12.5)
    clip = await anybody.get(f"{link['url']}?download")
    assert (clip.status_code, clip.headers["content-type"]) == (200, "audio/mpeg")
    assert clip.headers["content-disposition"].startswith('attachment; filename="Talk (0m10s-0m12s).mp3"')
    assert len(clip.content) < len(minute) / 15
    assert await asyncio.to_thread(samples, clip.content) == 2.5 * 44_100
    size = len(clip.content)
    for wanted in ("bytes=0-99", "bytes=100-", f"bytes={size - 1}-", "bytes=-1000", "bytes=700-900"):
        part = await anybody.get(f"{link['url']}?download", headers={"Range": wanted})
        assert part.status_code == 206
        first, last = part.headers["content-range"].removeprefix("bytes ").partition("/")[0].split("-")
        assert part.content == clip.content[int(first) : int(last) + 1], wanted
    page = await anybody.get(link["url"], headers=BROWSER)
    assert "0:02 (0:10 to 0:12 of 1:00), MP3" in page.text


async def test_a_wish_that_does_not_fit_is_refused_by_name(
    gateway: Gateway, account: str, job_id: str
) -> None:
    wishes: list[tuple[dict[str, Any], str]] = [
        ({"expires_in": 7 * 86_400 + 1}, "expires_in"),
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": "soon"}, "expires_in"),
        ({"start": -1}, "start"),
        ({"start": 30, "end": 30}, "end"),
        ({"start": 61}, "end"),
        ({"end": 1e300}, "end"),
        ({"begin": 1}, "begin"),
    ]
    async with gateway.as_(account) as client:
        for wish, field in wishes:
            refused = await client.post(f"/jobs/{job_id}/links", json=wish)
            assert (refused.status_code, refused.json()["errors"][0]["name"]) == (422, field), wish


async def test_only_an_mp3_of_one_file_has_clips(gateway: Gateway, account: str, minute: bytes) -> None:
    flac = await a_job(gateway, account, b"fLaC", format_=Format.FLAC)
    chapters = await a_job(gateway, account, b"PK", parts=3)
    broken = await a_job(gateway, account, bytes(10_000))
    async with gateway.as_(account) as client:
        for job_id in (flac, chapters, broken):
            refused = await client.post(f"/jobs/{job_id}/links", json={"end": 5})
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/no-clip")
            assert (await client.post(f"/jobs/{job_id}/links", json={})).status_code == 201


async def test_a_link_that_was_taken_back_leads_nowhere(
    gateway: Gateway, account: str, job_id: str, anybody: httpx.AsyncClient
) -> None:
    link, other = [await shared(gateway, account, job_id) for _ in range(2)]
    async with gateway.as_(account) as client:
        for _ in range(2):
            assert (await client.delete(f"/links/{link['link_id']}")).status_code == 204
        listed = (await client.get(f"/jobs/{job_id}/links")).json()["items"]
        assert [each["link_id"] for each in listed] == [other["link_id"]]
    for suffix in ("", "?download", "/cover"):
        ended = await anybody.get(link["url"] + suffix, headers={"Accept": "*/*;q=0.1, application/json"})
        assert (ended.status_code, ended.json()["type"]) == (410, "/problems/link-ended")
    page = await anybody.get(link["url"], headers=BROWSER)
    assert (page.status_code, "taken the link back" in page.text) == (410, True)
    assert (await anybody.get(f"{other['url']}?download")).status_code == 200


async def test_a_link_ends_with_its_time_and_with_its_job(
    gateway: Gateway, account: str, job_id: str, anybody: httpx.AsyncClient
) -> None:
    over, link_id = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1), new_link_id(job_id)
    await gateway.tell(job_id, account, JobLinked(link_id=link_id, expires=over))
    expired = await anybody.get(f"/l/{written(KEYS, Token(link_id, over))}")
    assert (expired.status_code, "good until" in expired.json()["detail"]) == (410, True)
    link = await shared(gateway, account, job_id)
    await gateway.tell(
        job_id, account, JobDeleted(reason=DeletionReason.USER, video_sha256=None, audio_sha256=None)
    )

    async def is_gone() -> bool:
        return (await anybody.get(f"{link['url']}?download")).status_code == 410

    await wait_for(is_gone)
    told = (await anybody.get(link["url"])).json()
    assert told["type"] == "/problems/link-ended"
    assert "deleted_at" not in told, "the receipt is its owner's"
    async with gateway.as_(account) as client:
        assert (await client.get("/links")).json()["items"] == []


async def test_nobody_makes_a_link_up(
    gateway: Gateway, account: str, job_id: str, anybody: httpx.AsyncClient
) -> None:
    link = await shared(gateway, account, job_id)
    token = link["url"].rpartition("/")[2]
    later = Token(link["link_id"], datetime.now(UTC) + timedelta(days=900))
    others = handover_keys(f"test:{'handovex' * 4}")
    for wrong in (
        token[:-1],
        token[:-1] + ("-" if token[-1] == "_" else "_"),
        "A" * 64,
        "%C3%BC",
        "..",
        written(others, later),
    ):
        answer = await anybody.get(f"/l/{wrong}")
        assert answer.status_code == 404, wrong
    page = await anybody.get(f"/l/{token[:-3]}", headers=BROWSER)
    assert (page.status_code, "cut off" in page.text) == (404, True)


async def test_links_are_their_owners_to_list_and_to_end(gateway: Gateway, account: str, job_id: str) -> None:
    link = await shared(gateway, account, job_id, start=1, end=2)
    async with gateway.as_(new_id()) as stranger:
        assert (await stranger.post(f"/jobs/{job_id}/links", json={})).status_code == 404
        assert (await stranger.get(f"/jobs/{job_id}/links")).status_code == 404
        for link_id in (link["link_id"], new_link_id(new_id()), "x", "%00"):
            refused = await stranger.delete(f"/links/{link_id}")
            assert (refused.status_code, refused.json()["type"]) == (404, "/problems/no-such-link")
        assert (await stranger.get("/links")).json() == {"items": [], "next_cursor": None}
    async with gateway.as_(account) as client:
        assert (await client.get("/links")).json()["items"] == [link]


async def test_all_that_is_shared_comes_in_pages_of_jobs(
    gateway: Gateway, account: str, minute: bytes
) -> None:
    jobs = [await a_job(gateway, account, minute, f"{n}.mp4") for n in range(3)]
    links = [await shared(gateway, account, job_id) for job_id in (jobs[0], jobs[2], jobs[2])]
    async with gateway.as_(account) as client:
        first = (await client.get("/links?limit=1")).json()
        rest = (await client.get("/links", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert {each["link_id"] for each in first["items"]} == {links[1]["link_id"], links[2]["link_id"]}
    assert rest == {"items": [links[0]], "next_cursor": None}


async def test_a_job_has_so_many_links_and_no_more(gateway: Gateway, account: str, job_id: str) -> None:
    expires = datetime.now(UTC) + timedelta(hours=1)
    links = [JobLinked(link_id=new_link_id(job_id), expires=expires) for _ in range(50)]
    await gateway.tell(job_id, account, *links)
    async with gateway.as_(account) as client:

        async def all_there() -> bool:
            return len((await client.get(f"/jobs/{job_id}/links")).json()["items"]) == 50

        await wait_for(all_there)
        refused = await client.post(f"/jobs/{job_id}/links", json={})
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/too-many-links")


async def test_no_token_is_in_a_log_line(
    gateway: Gateway, account: str, job_id: str, anybody: httpx.AsyncClient
) -> None:
    link = await shared(gateway, account, job_id, start=1, end=2)
    token = link["url"].rpartition("/")[2]
    for suffix in ("", "?download", "/cover", "/nothing", f"?again={token}"):
        await anybody.get(link["url"] + suffix)
    await anybody.post(link["url"])
    await wait_for(lambda: any(line.get("route") == "/l/{token}" for line in gateway.lines))
    assert not any(token in json.dumps(line) for line in gateway.lines)
    assert token not in await gateway.metrics()
