"""Transcripts over real HTTP: the video's own, and those that an owner gives."""

from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.ids import new_id
from events.media import Media, Subtitle
from events.types import JobProbed, Transcript
from service.transcripts.cues import Cue, searchable
from service.transcripts.reading import MOST_BYTES, read
from service.transcripts.writing import as_webvtt
from tests.gateway.handover.test_audio import reached, uploaded
from tests.gateway.running import Gateway
from workers.converter.storage import Maker, Storage

SAID = (Cue(0.0, 0.5, "Good <b>morning</b> & hello"), Cue(0.6, 1.2, "the Straße is long"))
HOSTILE = "]]><script>alert(1)</script>\x1b[2J"
GIVEN = b"1\n00:00:00,100 --> 00:00:00,900\nMy own words\n"


async def converted(gateway: Gateway, account: str, *tracks: tuple[Cue, ...], **said: Any) -> str:
    """Make a job with so many tracks of subtitles."""
    job_id, made = await uploaded(gateway, account), []
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        storage = Storage(client.get_default_database())
        for track, cues in enumerate(tracks):
            maker = Maker(account=account, job_id=job_id, run=1, attempt=1)
            words = searchable(cues)
            kept = await storage.keep_transcript(new_id(), as_webvtt(cues), maker, words=words)
            made.append(
                Transcript(
                    transcript_id=kept.blob_id,
                    track=track,
                    bytes=kept.bytes,
                    sha256=kept.sha256,
                    cues=len(cues),
                    language="eng",
                )
            )
    texts = tuple(
        Subtitle(index=at, codec="subrip", title=HOSTILE, forced=at == 0, text=True)
        for at in range(len(tracks))
    )
    await gateway.tell(job_id, account, JobProbed(run=1, media=Media(container="mp4", subtitles=texts)))
    await gateway.convert(job_id, account, b"audio", transcripts=tuple(made), **said)
    await reached(gateway, account, job_id, "converted")
    return job_id


async def give(client: httpx.AsyncClient, job_id: str, body: bytes, **query: str) -> httpx.Response:
    return await client.post(f"/jobs/{job_id}/transcripts", content=body, params=query)


async def test_the_video_s_words_are_listed_and_come_in_three_forms(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, SAID[:1], SAID)
    async with gateway.as_(account) as client:
        found = (await client.get(f"/jobs/{job_id}/transcripts")).json()["items"]
        assert [(each["forced"], each["given"], each["cues"]) for each in found] == [
            (False, False, 2),
            (True, False, 1),
        ], "forced ones are the last"
        assert (found[0]["language"], found[0]["title"]) == ("eng", HOSTILE)
        text = await client.get(found[0]["webvtt_url"])
        assert read(text.content) == SAID
        assert text.headers["content-type"] == "text/vtt; charset=utf-8"
        assert text.headers["content-disposition"].endswith("Lieder%E2%80%9C.eng.vtt")
        assert text.headers["x-content-type-options"] == "nosniff"
        again = await client.get(found[0]["webvtt_url"], headers={"If-None-Match": text.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        subrip = await client.get(found[0]["subrip_url"])
        assert (read(subrip.content), subrip.headers["content-type"]) == (
            (Cue(0.0, 0.5, "Good morning & hello"), SAID[1]),
            "application/x-subrip; charset=utf-8",
        )
        segments = (await client.get(found[0]["json_url"])).json()["segments"]
        assert segments[1] == {"startTime": 0.6, "endTime": 1.2, "body": "the Straße is long"}
        assert (await client.get(f"/jobs/{job_id}/transcripts/{new_id()}.vtt")).status_code == 404
        assert (await client.get(found[0]["webvtt_url"][:-4] + ".html")).status_code == 404


async def test_what_its_owner_gives_stands_first_and_goes_when_it_is_taken_back(
    gateway: Gateway, account: str
) -> None:
    job_id = await converted(gateway, account, SAID)
    async with gateway.as_(account) as client:
        answer = await give(client, job_id, GIVEN, language="pt-BR")
        assert answer.status_code == 201
        mine = answer.json()
        assert (mine["given"], mine["language"], mine["cues"]) == (True, "pt-BR", 1)
        again = await give(client, job_id, GIVEN, language="pt-BR")
        assert again.json()["transcript_id"] == mine["transcript_id"], "the same is not stored twice"
        first, second = (await client.get(f"/jobs/{job_id}/transcripts")).json()["items"]
        assert first["transcript_id"] == mine["transcript_id"]
        assert read((await client.get(mine["webvtt_url"])).content) == (Cue(0.1, 0.9, "My own words"),)

        refused = await client.delete(f"/jobs/{job_id}/transcripts/{second['transcript_id']}")
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "not-given")
        gone = await client.delete(f"/jobs/{job_id}/transcripts/{mine['transcript_id']}")
        assert gone.status_code == 204
        assert (await client.get(mine["webvtt_url"])).status_code == 404
        assert (await client.delete(f"/jobs/{job_id}/transcripts/{mine['transcript_id']}")).status_code == 404
        once_more = await give(client, job_id, GIVEN, language="pt-BR")
        assert once_more.status_code == 201
        assert once_more.json()["transcript_id"] != mine["transcript_id"]


async def test_times_of_the_video_are_moved_as_the_audio_was(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, silence_cut=0.5)
    body = b"WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ada>Hello\n\n00:01.500 --> 00:09.000\nbye\n"
    async with gateway.as_(account) as client:
        answer = await give(client, job_id, body, of="video")
        text = await client.get(answer.json()["webvtt_url"])
        assert read(text.content) == (Cue(0.0, 0.5, "Hello", "Ada"), Cue(1.0, 1.5, "bye"))


@pytest.mark.parametrize(
    ("body", "query", "status", "problem"),
    [
        (b"no transcript", {}, 422, "bad-transcript"),
        (b"", {}, 422, "bad-transcript"),
        (b"WEBVTT\n\n01:00:00.000 --> 01:00:01.000\nmuch later\n", {}, 422, "bad-transcript"),
        (b"1\n00:00:00,100 --> 00:00:00,900\n\xff\n", {}, 422, "bad-transcript"),
        (b"x" * (MOST_BYTES + 1), {}, 413, "too-large"),
        (GIVEN, {"language": "<b>"}, 422, "bad-parameters"),
        (GIVEN, {"of": "film"}, 422, "bad-parameters"),
    ],
)
async def test_what_is_none_is_refused_with_a_reason(
    gateway: Gateway, account: str, body: bytes, query: dict[str, str], status: int, problem: str
) -> None:
    job_id = await converted(gateway, account)
    async with gateway.as_(account) as client:
        answer = await give(client, job_id, body, **query)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, problem)
        assert (await client.get(f"/jobs/{job_id}/transcripts")).json() == {"items": []}


async def test_a_job_without_one_audio_takes_none(gateway: Gateway, account: str) -> None:
    waiting = await uploaded(gateway, account)
    album = await converted(gateway, account, parts=3)
    async with gateway.as_(account) as client:
        assert (await give(client, waiting, GIVEN)).json()["type"].endswith("no-audio")
        assert "ZIP" in (await give(client, album, GIVEN)).json()["detail"]


async def test_nobody_else_reads_gives_or_finds_them(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account, SAID)
    async with gateway.as_(account) as client:
        (mine,) = (await client.get(f"/jobs/{job_id}/transcripts")).json()["items"]
    async with gateway.as_(new_id()) as stranger:
        for answer in (
            await stranger.get(f"/jobs/{job_id}/transcripts"),
            await stranger.get(mine["webvtt_url"]),
            await give(stranger, job_id, GIVEN),
            await stranger.delete(f"/jobs/{job_id}/transcripts/{mine['transcript_id']}"),
        ):
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "no-such-job")
        assert (await stranger.get("/jobs?q=morning")).json()["items"] == []


async def test_jobs_are_found_by_what_is_said_in_them(gateway: Gateway, account: str) -> None:
    spoken = await converted(gateway, account, SAID)
    other = await converted(gateway, account, (Cue(0.0, 1.0, "Nothing of it. 100% [or] (more)"),))
    async with gateway.as_(account) as client:

        async def found(text: str, **more: str) -> list[str]:
            answer = await client.get("/jobs", params={"q": text, **more})
            return [each["job_id"] for each in answer.json()["items"]]

        assert await found("HELLO THE strasse") == [spoken], "across cues, and in any case"
        assert await found("100% [or] (more)") == [other]
        assert await found("lieder") == [other, spoken], "by their names, too"
        assert await found("hello", state="failed") == []
        assert await found("hello", family=other) == []
        assert (await client.get("/jobs/counts?q=hello")).json()["total"] == 1

        given = (await give(client, other, b"1\n00:00:00,100 --> 00:00:00,900\nZebra\n")).json()
        assert await found("zebra") == [other]
        await client.delete(f"/jobs/{other}/transcripts/{given['transcript_id']}")
        assert await found("zebra") == []
        await client.delete(f"/jobs/{spoken}")
        assert await found("hello the") == []

        async def erased() -> bool:
            answer = await client.get(f"/jobs/{spoken}")
            return answer.json()["erased_at"] is not None

        await wait_for(erased, 30)
    async with AsyncMongoClient(gateway.mongodb_url) as database:
        files = database.get_default_database()["transcripts.files"]
        assert await files.count_documents({"metadata.job_id": spoken}) == 0


async def test_a_job_takes_no_more_than_it_may(gateway: Gateway, account: str) -> None:
    job_id = await converted(gateway, account)
    async with gateway.as_(account) as client:
        for number in range(20):
            body = f"1\n00:00:00,100 --> 00:00:00,900\nnumber {number}\n".encode()
            assert (await give(client, job_id, body)).status_code == 201
        answer = await give(client, job_id, GIVEN)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "too-many-transcripts")
