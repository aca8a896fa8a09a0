"""Feeds over real HTTP: made, read by clients without a token of their own, revoked."""

import asyncio
from contextlib import aclosing
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import feedparser
import httpx
import podcastparser
import pytest
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.envelope import account_event, decode
from events.ids import new_id
from events.log.publisher import Publisher
from events.log.reader import StreamReader
from events.log.stream import First
from events.options import Format
from events.types import AccountErased, DeletionReason, JobDeleted
from tests.gateway.feeds.recordings import AUDIO, JPEG, made, recorded
from tests.gateway.running import Gateway


async def episodes(url: str) -> dict[str, Any]:
    """The feed's episodes by their ids, as a client that knows only its address sees them."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    found = podcastparser.parse(url, BytesIO(answer.content), 0)
    return {each["guid"]: each for each in found["episodes"]}


async def test_a_feed_leads_to_all_that_an_episode_is(gateway: Gateway, account: str) -> None:
    job_id = await recorded(gateway, account)
    feed = await made(gateway, account, name="Vorträge & <mehr>")
    async with httpx.AsyncClient() as client:
        answer = await client.get(feed["url"])
        assert answer.headers["content-type"].partition(";")[0] == "application/rss+xml"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "no-referrer"
        found = feedparser.parse(answer.content)
        assert (found.bozo, found.feed.title) == (False, "Vorträge & <mehr>")
        [entry] = found.entries
        assert (entry.id, entry.title) == (job_id, "Talk")
        [enclosure] = entry.enclosures
        assert (enclosure.type, int(enclosure.length)) == ("audio/mpeg", len(AUDIO))
        audio = await client.get(enclosure.href)
        assert audio.content == AUDIO
        part = await client.get(enclosure.href, headers={"Range": "bytes=19000-"})
        assert (part.status_code, part.content) == (206, AUDIO[19000:])
        head = await client.head(enclosure.href)
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(AUDIO)))
        chapters = await client.get(entry.podcast_chapters["url"])
        assert chapters.headers["content-type"] == "application/json+chapters"
        assert chapters.json()["chapters"] == [
            {"startTime": 0.0, "endTime": 1.0, "title": "A <b>"},
            {"startTime": 1.0, "endTime": 1.5, "title": "Chapter 2"},
        ]
        cover = await client.get(entry.image.href)
        assert (cover.content, cover.headers["content-type"]) == (JPEG, "image/jpeg")
        assert (await client.get(found.feed.image.href)).status_code == 200
        assert found.feed.image.href == found.feed.image.url


async def test_a_feed_that_has_not_changed_is_not_sent_again(gateway: Gateway, account: str) -> None:
    await recorded(gateway, account)
    url = (await made(gateway, account))["url"]
    async with httpx.AsyncClient() as client:
        first = await client.get(url)
        etag = first.headers["etag"]
        for given in (etag, f'W/{etag}, "x"', etag):
            again = await client.get(url, headers={"If-None-Match": given})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        plain = await client.get(url, headers={"Accept-Encoding": "identity"})
        assert plain.headers["etag"] != etag
        assert plain.content == first.content
        assert (await client.head(url)).headers["etag"] == etag
        await recorded(gateway, account, "Another.mp4")
        changed = await client.get(url, headers={"If-None-Match": etag})
        assert (changed.status_code, len(feedparser.parse(changed.content).entries)) == (200, 2)


async def test_a_revoked_token_opens_nothing_at_the_next_request(gateway: Gateway, account: str) -> None:
    await recorded(gateway, account)
    feed, other = await made(gateway, account), await made(gateway, account)
    [episode] = (await episodes(feed["url"])).values()
    addresses = [feed["url"], episode["enclosures"][0]["url"], episode["chapters_json_url"]]
    addresses.append(episode["episode_art_url"])
    async with httpx.AsyncClient() as client, gateway.as_(account) as owner:
        etag = (await client.get(feed["url"])).headers["etag"]
        assert [(await client.get(each)).status_code for each in addresses] == [200] * 4
        assert (await owner.delete(f"/feeds/{feed['feed_id']}")).status_code == 204
        for each in addresses:
            gone = await client.get(each, headers={"If-None-Match": etag})
            assert (gone.status_code, gone.json()["type"]) == (410, "/problems/feed-revoked")
        assert (await owner.delete(f"/feeds/{feed['feed_id']}")).status_code == 404
        assert [each["feed_id"] for each in (await owner.get("/feeds")).json()["items"]] == [other["feed_id"]]
    assert len(await episodes(other["url"])) == 1


async def test_a_feed_goes_with_its_account(gateway: Gateway, account: str) -> None:
    feed = await made(gateway, account)
    async with Publisher(gateway.broker.url, name="test") as publisher:
        await publisher.publish(account_event(AccountErased(reason="asked"), account=account, source="test"))
    async with httpx.AsyncClient() as app:

        async def is_gone() -> bool:
            return (await app.get(feed["url"])).status_code == 410

        await wait_for(is_gone, 40)
    async with AsyncMongoClient(gateway.mongodb_url) as mongo:
        assert await mongo.get_default_database()["feeds"].count_documents({"account": account}) == 0


async def test_the_log_tells_of_a_feed_by_its_id_alone(gateway: Gateway, account: str) -> None:
    feed = await made(gateway, account, name="canary name")
    async with gateway.as_(account) as owner:
        (await owner.delete(f"/feeds/{feed['feed_id']}")).raise_for_status()
    found: list[tuple[str, str]] = []
    async with (
        asyncio.timeout(30),
        aclosing(StreamReader(gateway.broker.stream_url, First()).batches()) as log,
    ):
        async for batch in log:
            for record in batch:
                event = decode(record.body)
                if event.account == account:
                    assert b"canary" not in record.body
                    assert token_of(feed["url"]).encode() not in record.body
                    found.append((event.type, event.subject))
            if len(found) == 2:
                break
    assert found == [("feed.created", feed["feed_id"]), ("feed.revoked", feed["feed_id"])]


def token_of(url: str) -> str:
    return url.rpartition("/")[2].removesuffix(".rss")


async def test_a_feed_gives_what_it_lists_and_nothing_else(gateway: Gateway, account: str) -> None:
    talk = await recorded(gateway, account, "My Talk.mp4")
    private = await recorded(gateway, account, "private.mp4")
    split = await recorded(gateway, account, "Talk split.mp4", parts=3)
    theirs = await recorded(gateway, new_id(), "Talk.mp4")
    feed = await made(gateway, account, q="TALK")
    found = await episodes(feed["url"])
    assert list(found) == [talk]
    address = found[talk]["enclosures"][0]["url"]
    base = address.removesuffix(f"/{talk}.mp3")
    async with httpx.AsyncClient() as client:
        for job_id in (private, split, theirs, new_id(), "x", "%2e%2e"):
            for path in (f"{job_id}.mp3", f"{job_id}/chapters.json", f"{job_id}/cover"):
                assert (await client.get(f"{base}/{path}")).status_code == 404, path
        assert (await client.get(f"{base}/{talk}.flac")).status_code == 404
        assert (await client.get(f"{base}/{talk}")).status_code == 404
        await gateway.tell(talk, account, JobDeleted(reason=DeletionReason.USER))

        async def is_gone() -> bool:
            return (await client.get(address)).status_code == 410

        await wait_for(is_gone)
        assert "deleted_at" not in (await client.get(address)).json()
    assert await episodes(feed["url"]) == {}


async def test_an_episode_has_the_best_transcript_of_each_language(gateway: Gateway, account: str) -> None:
    job_id = await recorded(gateway, account)
    feed = await made(gateway, account)
    base = f"{feed['url'].removesuffix('.rss')}/{job_id}/transcripts"
    said = b"WEBVTT\n\n00:00.000 --> 00:01.000\n%s\n"
    async with gateway.as_(account) as owner, httpx.AsyncClient() as app:

        async def give(words: bytes, language: str) -> str:
            answer = await owner.post(
                f"/jobs/{job_id}/transcripts", params={"language": language}, content=said % words
            )
            return str(answer.raise_for_status().json()["transcript_id"])

        async def listed() -> set[tuple[str, str, str]]:
            xml = ElementTree.fromstring((await app.get(feed["url"])).content)  # noqa: S314 - it is ours
            tracks = xml.iter("{https://podcastindex.org/namespace/1.0}transcript")
            return {(each.attrib["url"], each.attrib["type"], each.get("language", "")) for each in tracks}

        assert await listed() == set()
        await give(b"old", "de")
        german, english = await give(b"<b>Neu</b> &amp; laut", "de"), await give(b"new", "")
        assert await listed() == {
            (f"{base}/{german}.vtt", "text/vtt", "de"),
            (f"{base}/{german}.srt", "application/x-subrip", "de"),
            (f"{base}/{english}.vtt", "text/vtt", ""),
            (f"{base}/{english}.srt", "application/x-subrip", ""),
        }
        vtt, srt = await app.get(f"{base}/{german}.vtt"), await app.get(f"{base}/{german}.srt")
        assert (vtt.headers["content-type"], "Neu" in vtt.text) == ("text/vtt; charset=utf-8", True)
        assert srt.text.startswith("1\n00:00:00,000 --> 00:00:01,000")
        for name in (f"{german}.exe", german, f"{new_id()}.vtt"):
            assert (await app.get(f"{base}/{name}")).status_code == 404
        (await owner.delete(f"/jobs/{job_id}/transcripts/{german}")).raise_for_status()
        assert (await app.get(f"{base}/{german}.vtt")).status_code == 404
        assert len(await listed()) == 4, "the one before it takes its place"


async def test_a_feed_may_have_only_what_a_preset_makes(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        (await client.put("/presets/phone", json={"format": "opus", "quality": "32k"})).raise_for_status()
        await recorded(gateway, account, "a.mp4")
        small = await recorded(gateway, account, "b.mp4", "?preset=phone", format_=Format.OPUS)
        feed = await made(gateway, account, preset="phone")
        assert feed["options"] == {"format": "opus", "quality": "32k"}
        (await client.delete("/presets/phone")).raise_for_status()
        refused = await client.post("/feeds", json={"name": "x", "preset": "phone"})
        assert (refused.status_code, refused.json()["errors"][0]["name"]) == (422, "preset")
    found = await episodes(feed["url"])
    assert list(found) == [small]
    assert found[small]["enclosures"][0]["url"].endswith(".opus")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name": ""}', "name"),
        (b'{"name": " \\u200b\\n"}', "name"),
        (b'{"name": 7}', "name"),
        (b"{}", "name"),
        (b'{"name": "x", "url": "y"}', "url"),
        (b'{"name": "' + b"x" * 101 + b'"}', "name"),
        (b"[]", "body"),
    ],
)
async def test_a_feed_that_cannot_be_made_names_its_fault(
    gateway: Gateway, account: str, body: bytes, field: str
) -> None:
    async with gateway.as_(account) as client:
        answer = await client.post("/feeds", content=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-field")
    assert answer.json()["errors"][0]["name"] == field


async def test_what_is_no_json_is_refused(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        for body in (b"", b"{", b"name=x", b'{"name": "\xff"}', b"[" * 50_000, b'{"name": "\\ud800"}'):
            assert (await client.post("/feeds", content=body)).status_code in (400, 422), body
        assert (await client.post("/feeds", content=b" " * 70_000)).status_code == 413


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 60, "A" * 5000, "%00", "..%2f", "BHRlc3Q"])
async def test_a_token_that_is_made_up_is_not_there(gateway: Gateway, token: str) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for path in (f"/f/{token}.rss", f"/f/{token}", f"/f/{token}/{new_id()}.mp3", f"/f/{token}/x/cover"):
            assert (await client.get(path)).status_code in (404, 400), path


async def test_a_token_of_another_purpose_or_with_a_changed_letter_is_not_there(
    gateway: Gateway, account: str
) -> None:
    url = (await made(gateway, account))["url"]
    start, token = url.removesuffix(".rss").rsplit("/", 1)
    async with httpx.AsyncClient() as client:
        for at in range(len(token)):
            changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
            assert (await client.get(f"{start}/{changed}.rss")).status_code == 404


async def test_feeds_are_their_owners_alone(gateway: Gateway, account: str) -> None:
    feed = await made(gateway, account)
    stranger = new_id()
    async with gateway.as_(stranger) as client:
        assert (await client.get("/feeds")).json() == {"items": []}
        assert (await client.delete(f"/feeds/{feed['feed_id']}")).status_code == 404
        assert (await client.get(f"/feeds/{feed['feed_id']}/qr.svg")).status_code == 404
    async with gateway.as_(account, scope="read upload") as client:  # a key could keep what it reads
        assert (await client.get("/feeds")).status_code == 403
    assert await episodes(feed["url"]) == {}


async def test_an_account_has_a_bounded_number_of_feeds(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        for n in range(50):
            assert (await client.post("/feeds", json={"name": f"{n}"})).status_code == 201
        assert (await client.post("/feeds", json={"name": "one more"})).status_code == 422


async def test_the_qr_code_is_the_address(gateway: Gateway, account: str) -> None:
    feed = await made(gateway, account)
    async with gateway.as_(account) as client:
        answer = await client.get(f"/feeds/{feed['feed_id']}/qr.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.text.startswith("<svg")
    assert "script" not in answer.text
