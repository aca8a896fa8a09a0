"""Imports by URL: real sources over HTTP, into the real database and the real log."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient
from waiting import wait_for

from cli.main import main
from events.ids import new_id
from events.types import ImportFailed
from tests.cli import json_lines
from tests.gateway.imports.conftest import SETTINGS, Owner, owner_at, told
from tests.gateway.imports.origin import Asked, Origin, Reply, file, head, plain
from tests.gateway.running import FakeAuth, Gateway, gateway_running

pytestmark = pytest.mark.servers
VIDEO = os.urandom(2_500_000)
SHA = hashlib.sha256(VIDEO).hexdigest()
SECRET = "token=canary-of-a-signed-address"


async def stored(gateway: Gateway, job_id: str) -> bytes:
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        bucket = AsyncGridFSBucket(client.get_default_database(), bucket_name="videos")
        return await (await bucket.open_download_stream(job_id)).read()


async def documents(gateway: Gateway, import_id: str) -> dict[str, Any]:
    """Return what the database has of an import that is no job: its record, and its chunks."""
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        database = client.get_default_database()
        record = await database["imports"].find_one({"_id": import_id})
        return {
            "record": record,
            "chunks": await database["videos.chunks"].count_documents({"files_id": import_id}),
        }


async def has_no_bytes(owner: Owner, import_id: str) -> None:
    """Return when the database has no bytes of an import any more: they go after it is shown as ended."""

    async def is_empty() -> bool:
        return (await documents(owner.gateway, import_id))["chunks"] == 0

    await wait_for(is_empty)


def dripping(data: bytes, upto: int, more: asyncio.Event, etag: str = '"1"') -> Reply:
    """Offer a file whose first answer stops in the middle until more shall come."""

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        first = asked.first if asked.headers.get("if-range") == etag else 0
        shown = {"Content_Type": "video/mp4", "Content_Length": str(len(data) - first), "ETag": etag}
        if first:
            shown["Content_Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        writer.write(head(206 if first else 200, **shown) + data[first : max(first, upto)])
        await writer.drain()
        await more.wait()
        writer.write(data[max(first, upto) :])
        await writer.drain()

    return reply


async def test_a_video_at_an_address_becomes_the_job_of_the_imports_id(owner: Owner, origin: Origin) -> None:
    name = "attachment; filename*=UTF-8''h%C3%A4ns.mp4"
    url = origin.at(f"/get?{SECRET}", file(VIDEO, Content_Disposition=name))
    import_id = await owner.ask(url, format="opus", start=1)
    shown = await owner.reaches(import_id, "imported")
    assert (shown["job_url"], shown["bytes_done"], shown["filename"]) == (
        f"/jobs/{import_id}",
        len(VIDEO),
        "häns.mp4",
    )
    job = (await owner.client.get(shown["job_url"])).json()
    assert (job["filename"], job["options"]["format"], job["options"]["start"]) == ("häns.mp4", "opus", 1.0)
    assert job["video"]["sha256"] == SHA
    assert job["video"]["content_type"] == "video/mp4"
    assert await stored(owner.gateway, import_id) == VIDEO
    assert (await documents(owner.gateway, import_id))["record"] is None
    assert (await owner.client.get("/imports")).json() == {"enabled": True, "items": []}
    events = await told(owner.gateway, import_id, "job.uploaded")
    assert [each.type for each in events] == ["import.requested", "job.uploaded"]
    assert {each.account for each in events} == {owner.account}
    assert b'"imported":true' in bytes(events[1].data)
    assert origin.asked[0].path.endswith(
        SECRET
    )  # what looks through the logs at the end knows it: see canaries
    assert (await owner.client.delete(f"/imports/{import_id}")).json()["type"] == "/problems/wrong-state"


async def test_a_source_that_breaks_off_is_asked_for_the_rest(owner: Owner, origin: Origin) -> None:
    url = origin.at("/talk.mp4", file(VIDEO, cuts=(1_100_000, 2_300_000)))
    import_id = await owner.ask(url)
    await owner.reaches(import_id, "imported")
    assert [each.first for each in origin.asked] == [0, 1_100_000, 2_300_000]
    assert {each.headers.get("if-range") for each in origin.asked[1:]} == {'"1"'}
    assert await stored(owner.gateway, import_id) == VIDEO


async def test_a_file_that_changes_meanwhile_or_cannot_be_gone_on_with_comes_anew(
    owner: Owner, origin: Origin
) -> None:
    """Also where it is shorter then: nothing of the first one is left."""
    other = os.urandom(1_200_000)

    async def changed(asked: Asked, writer: asyncio.StreamWriter) -> None:
        origin.replies["/talk.mp4"] = file(other, etag='"2"')
        await file(VIDEO, cuts=(2_000_000,))(asked, writer)

    changing = await owner.ask(origin.at("/talk.mp4", changed))
    rangeless = await owner.ask(origin.at("/other.mp4", file(VIDEO, etag="", cuts=(1_500_000, 1_600_000))))
    await owner.reaches(changing, "imported")
    await owner.reaches(rangeless, "imported")
    assert await stored(owner.gateway, changing) == other
    assert (await owner.client.get(f"/jobs/{changing}")).json()["video"]["sha256"] == hashlib.sha256(
        other
    ).hexdigest()
    assert [each.first for each in origin.of("/other.mp4")] == [0, 0, 0]
    assert await stored(owner.gateway, rangeless) == VIDEO


async def test_a_source_need_not_know_how_long_its_file_is(owner: Owner, origin: Origin) -> None:
    async def chunked(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, Transfer_Encoding="chunked", Content_Type="application/octet-stream"))
        for at in range(0, len(VIDEO), 300_000):
            piece = VIDEO[at : at + 300_000]
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    import_id = await owner.ask(origin.at("/live%20talk.mkv", chunked))
    await owner.reaches(import_id, "imported")
    assert (await owner.client.get(f"/jobs/{import_id}")).json()["filename"] == "live talk.mkv"
    assert await stored(owner.gateway, import_id) == VIDEO


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.3/talk.mp4",
        "http://127.0.0.2/talk.mp4",
        "http://[::1]/talk.mp4",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "https://me:canary@example.org/talk.mp4",
        "file:///etc/passwd",
        "ftp://example.org/talk.mp4",
        "talk.mp4",
        "https://",
        "http://a b/",
    ],
)
async def test_an_address_that_may_not_be_asked_is_refused_at_once(owner: Owner, url: str) -> None:
    answer = await owner.client.post("/imports", json={"url": url})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/address-refused")
    assert "canary" not in answer.text


async def test_a_redirect_is_followed_and_guarded_like_the_address_itself(
    owner: Owner, origin: Origin
) -> None:
    origin.at("/talk.mp4", file(VIDEO))
    good = await owner.ask(origin.at("/short", plain(302, Location="/talk.mp4")))
    bad = await owner.ask(origin.at("/trap", plain(302, Location=f"http://127.0.0.2:{origin.port}/talk.mp4")))
    round_ = await owner.ask(origin.at("/round", plain(302, Location="/none")))
    await owner.reaches(good, "imported")
    assert (await owner.client.get(f"/jobs/{good}")).json()["filename"] == "talk.mp4"
    assert (await owner.reaches(bad, "failed"))["error"]["code"] == "forbidden"
    assert (await owner.reaches(round_, "failed"))["error"]["code"] == "refused"


def endless(type_: str = "video/mp4") -> Reply:
    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, Content_Type=type_))
        while not writer.is_closing():
            writer.write(bytes(65536))
            await writer.drain()

    return reply


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (plain(404), "refused", "nothing at this address"),
        (plain(401), "refused", "password"),
        (plain(200, b"<html>", Content_Type="text/html; charset=utf-8"), "not_media", "text/html"),
        (plain(200, b"", Content_Type="video/mp4"), "not_media", "empty"),
        (plain(200, b"x", Content_Type="video/mp4", Content_Encoding="gzip"), "refused", "packed"),
        (file(bytes(3 * 2**20 + 1)), "too_large", "3145728 bytes"),
        (endless(), "too_large", "3145728 bytes"),
    ],
    ids=["404", "401", "html", "empty", "gzip", "too large", "endless"],
)
async def test_what_cannot_be_had_ends_with_a_sentence(
    owner: Owner, origin: Origin, reply: Reply, code: str, words: str
) -> None:
    import_id = await owner.ask(origin.at(f"/talk.html?{SECRET}", reply))
    failed = await owner.reaches(import_id, "failed")
    assert failed["error"]["code"] == code
    assert words in failed["error"]["message"]
    listed = (await owner.client.get("/imports")).json()["items"]
    assert [each["import_id"] for each in listed] == [import_id]
    await has_no_bytes(owner, import_id)
    found = await documents(owner.gateway, import_id)
    assert (found["record"]["address"], found["record"]["wish"]) == (b"", None)
    last = (await told(owner.gateway, import_id, ImportFailed.TYPE))[-1].payload()
    assert isinstance(last, ImportFailed)
    assert (last.code, last.message) == (code, failed["error"]["message"])
    assert (await owner.client.delete(f"/imports/{import_id}")).status_code == 204
    assert (await owner.client.get(f"/imports/{import_id}")).status_code == 404


async def test_a_source_that_is_away_is_asked_again_and_says_so_meanwhile(
    owner: Owner, origin: Origin
) -> None:
    async def away(asked: Asked, writer: asyncio.StreamWriter) -> None:
        origin.replies["/talk.mp4"] = file(VIDEO)
        await plain(503)(asked, writer)

    import_id = await owner.ask(origin.at("/talk.mp4", away))

    async def is_troubled() -> bool:
        shown = await owner.shown(import_id)
        return shown["state"] == "waiting" and "503" in shown["trouble"]

    await wait_for(is_troubled, 10)
    assert (await owner.reaches(import_id, "imported"))["trouble"] == ""


async def test_one_that_is_called_off_ends_at_once_and_leaves_nothing(owner: Owner, origin: Origin) -> None:
    more = asyncio.Event()
    import_id = await owner.ask(origin.at("/talk.mp4", dripping(VIDEO, 1_500_000, more)))
    await owner.has(import_id, 1_000_000)
    assert (await owner.client.delete(f"/imports/{import_id}")).status_code == 204
    shown = await owner.reaches(import_id, "cancelled")
    assert shown["error"] is None
    assert (await owner.client.get("/imports")).json()["items"] == []
    types = [each.type for each in await told(owner.gateway, import_id, "import.cancelled")]
    assert types == ["import.requested", "import.cancelled"]

    await has_no_bytes(owner, import_id)
    more.set()
    assert (await owner.client.get(f"/jobs/{import_id}")).status_code == 404


async def test_one_that_expires_while_it_waits_has_an_end_in_the_log(owner: Owner, origin: Origin) -> None:
    """Also where its turn comes before anybody has swept it away."""
    import_id = await owner.ask(origin.at("/talk.mp4", plain(503)))
    await wait_for(lambda: len(origin.asked) == 1, 30)

    async def waits() -> bool:
        return bool((await owner.shown(import_id))["trouble"])

    await wait_for(waits, 10)
    async with AsyncMongoClient(owner.gateway.mongodb_url) as client:
        records, over = client.get_default_database()["imports"], datetime.now(UTC) - timedelta(seconds=1)
        await records.update_one({"_id": import_id}, {"$set": {"expires": over}})
    async with asyncio.timeout(30):
        last = (await told(owner.gateway, import_id, "import.failed"))[-1].payload()
    assert isinstance(last, ImportFailed)
    assert last.code == "timed_out"
    assert (await owner.shown(import_id))["error"]["code"] == "timed_out"
    assert (await documents(owner.gateway, import_id))["record"]["address"] == b""


async def test_sources_that_let_one_account_wait_hold_up_nobody_else(owner: Owner, origin: Origin) -> None:
    more = asyncio.Event()
    slow = [
        await owner.ask(origin.at(f"/{number}.mp4", dripping(VIDEO, 10_000, more))) for number in range(4)
    ]
    await wait_for(lambda: len(origin.asked) >= 2, 30, "the account has its share")
    async with owner_at(owner.gateway, new_id()) as other:
        await other.reaches(await other.ask(origin.at("/talk.mp4", file(VIDEO))), "imported")
    assert len(origin.asked) == 3
    more.set()
    for each in slow:
        await owner.reaches(each, "imported", 60)


async def test_other_peoples_imports_are_not_there(owner: Owner, origin: Origin) -> None:
    more = asyncio.Event()
    import_id = await owner.ask(origin.at("/talk.mp4", dripping(VIDEO, 1_000_000, more)))
    tus = {"Tus-Resumable": "1.0.0"}
    async with owner_at(owner.gateway, new_id()) as stranger:
        for answer in (
            await stranger.client.get(f"/imports/{import_id}"),
            await stranger.client.delete(f"/imports/{import_id}"),
        ):
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-import")
        assert (await stranger.client.get("/imports")).json()["items"] == []
    assert (await owner.client.head(f"/files/{import_id}", headers=tus)).status_code == 404
    assert (await owner.client.get("/imports/none")).status_code == 404
    upload = await owner.client.put("/upload/a.mp4", content=b"video")
    assert (await owner.client.get(f"/imports/{upload.json()['job_id']}")).status_code == 404
    more.set()
    await owner.reaches(import_id, "imported")


async def test_the_same_key_is_the_same_import(owner: Owner, origin: Origin) -> None:
    url, key = origin.at("/talk.mp4", file(VIDEO)), {"Idempotency-Key": new_id()}
    ask = partial(owner.client.post, "/imports", headers=key)
    first, second = [await ask(json={"url": url}) for _ in range(2)]
    assert first.json()["import_id"] == second.json()["import_id"]
    await owner.reaches(first.json()["import_id"], "imported")
    assert (await ask(json={"url": url})).json()["state"] == "imported"
    other = await ask(json={"url": f"{url}?2"})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert len(origin.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"x",
        b'{"url": 5}',
        b'{"url": ""}',
        b'{"url": "https://a.example", "more": 1}',
        b'{"url":"http://a.example","options":[]}',
    ],
)
async def test_a_body_that_does_not_fit_is_refused(owner: Owner, body: bytes) -> None:
    answer = await owner.client.post("/imports", content=body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_options_that_cannot_be_had_are_refused_before_anything_is_asked(
    owner: Owner, origin: Origin
) -> None:
    url = origin.at("/talk.mp4", file(VIDEO))
    wrong = {"url": url, "options": {"format": "opus", "quality": "12"}}
    answer = await owner.client.post("/imports", json=wrong)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-options")
    assert origin.asked == []


async def test_where_imports_are_off_nothing_is_fetched(
    gateway: Gateway, account: str, origin: Origin
) -> None:
    async with owner_at(gateway, account) as owner:
        answer = await owner.client.post("/imports", json={"url": origin.at("/talk.mp4", file(VIDEO))})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/imports-off")
        assert (await owner.client.get("/imports")).json() == {"enabled": False, "items": []}
    assert origin.asked == []


async def test_who_may_not_upload_may_not_import(fetching: Gateway, account: str) -> None:
    async with owner_at(fetching, account, scope="read") as reader:
        assert (await reader.client.post("/imports", json={"url": "https://a.example/"})).status_code == 403
        assert (await reader.client.get("/imports")).status_code == 200
    async with owner_at(fetching, account, roles=("guest",)) as guest:
        assert (await guest.client.post("/imports", json={"url": "https://a.example/"})).status_code == 403


async def test_the_events_tell_how_far_it_is_and_why_it_failed(owner: Owner, origin: Origin) -> None:
    more, heard = asyncio.Event(), []

    async def listen() -> None:
        async with owner.client.stream("GET", "/events") as answer:
            async for line in answer.aiter_lines():
                heard.append(line)

    listening = asyncio.create_task(listen())
    await wait_for(lambda: any("position" in each for each in heard))
    import_id = await owner.ask(origin.at("/talk.mp4", dripping(VIDEO, 1_000_000, more)))
    await wait_for(lambda: any(import_id in each and '"bytes_total":2500000' in each for each in heard))
    more.set()
    await wait_for(lambda: "event: job.uploaded" in heard)
    await owner.ask(origin.at("/none", plain(404)))
    await wait_for(lambda: "event: import.failed" in heard)
    listening.cancel()
    assert heard.count("event: import.requested") == 2


async def test_an_import_counts_as_an_upload_does(
    broker: Any, mongodb_url: str, auth: FakeAuth, account: str, origin: Origin
) -> None:
    """Nobody without these limits may take it from the queue, so log and database are its own."""
    quota = {**SETTINGS, "QUOTA_USER": "bytes_stored=2MB&jobs_open=1"}
    async with (
        gateway_running(broker, mongodb_url, auth, **quota) as limited,
        owner_at(limited, account) as owner,
    ):
        more = asyncio.Event()
        slow = await owner.ask(origin.at("/slow.mp4", dripping(VIDEO[:1000], 10, more)))
        answer = await owner.client.post("/imports", json={"url": origin.at("/talk.mp4", file(VIDEO))})
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/quota-exceeded")
        assert (await owner.client.delete(f"/imports/{slow}")).status_code == 204
        large = await owner.ask(origin.url("/talk.mp4"))
        assert (await owner.reaches(large, "failed"))["error"]["code"] == "quota"
        more.set()


@pytest.mark.parametrize("end", ["killed", pytest.param("stopped", marks=pytest.mark.long)])
async def test_another_gateway_goes_on_where_one_was_that_ended(
    broker: Any, mongodb_url: str, auth: FakeAuth, account: str, origin: Origin, end: str
) -> None:
    """No third one may have it from the beginning, so log and database are their own."""
    more = asyncio.Event()
    url = origin.at("/talk.mp4", dripping(VIDEO, 2_000_000, more))
    started = partial(gateway_running, broker, mongodb_url, auth, **SETTINGS)
    async with started() as first:
        async with owner_at(first, account) as owner:
            import_id = await owner.ask(url)
            await owner.has(import_id, 1_500_000)
        await (first.kill() if end == "killed" else first.stop())
        async with started() as second, owner_at(second, account) as owner:
            await wait_for(lambda: len(origin.asked) > 1, 60, "the source is asked again")
            more.set()
            await owner.reaches(import_id, "imported")
    assert origin.asked[1].first >= 1_500_000
    assert await stored(second, import_id) == VIDEO


async def test_what_is_fetched_is_listed_and_called_off_by_command(
    owner: Owner, origin: Origin, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONEARM_URL", owner.gateway.url)
    monkeypatch.setenv("TONEARM_KEY", owner.client.headers["Authorization"].removeprefix("Bearer "))

    async def types(*words: str, code: int = 0) -> str:
        ended = await asyncio.to_thread(main, ["imports", *words])
        out, said = capfd.readouterr()
        assert ended == code, (words, out, said)
        return out or said

    more = asyncio.Event()
    assert "`tonearm convert https://…` asks for it" in await types(code=4)
    import_id = await owner.ask(origin.at("/talk%1B.mp4", dripping(VIDEO, 1_000_000, more)))
    await owner.has(import_id, 1_000_000)
    shown = await types()
    assert shown.startswith(f"{import_id}  ")
    assert "  fetching  1.0 MB of 2.5 MB  talk" in shown
    assert "\x1b" not in shown
    json_lines.check(["imports"], await types("--json"))
    await types("cancel", "zz", code=4)
    assert await types("cancel", import_id[:-2]) == f"import {import_id} is called off\n"
    more.set()
    await types(code=4)
