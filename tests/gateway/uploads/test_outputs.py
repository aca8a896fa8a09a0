"""Options, presets and several outputs of one video, over real HTTP."""

import asyncio
import json
from typing import Any

from httpx import AsyncClient
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.media import Media, Track
from events.projections.job_view import SETTLED
from events.types import JobProbed
from gateway.uploads.intake import MOST_NOT_OVER
from tests.gateway.running import FAILED, STARTED, Gateway

MEDIA = Media(
    container="matroska", duration_seconds=2.5, tracks=(Track(index=0, codec="aac", language="de"),)
)


async def settled(client: AsyncClient, job_id: str) -> bool:
    return (await client.get(f"/jobs/{job_id}")).json()["state"] in SETTLED


async def test_options_stand_in_the_job_from_a_query_a_form_and_a_preset(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        put = await client.put("/upload/a.mp4?format=opus&quality=96k", content=b"video")
        fields = {"format": "m4a", "title": "A song"}
        form = await client.post("/upload", data=fields, files={"file": ("a.mp4", b"video")})
        assert (await client.put("/preset?format=flac")).json()["format"] == "flac"
        by_preset = await client.put("/upload/b.mp4", content=b"video")
        assert (await client.delete("/preset")).status_code == 204
        plain = await client.put("/upload/b.mp4", content=b"video")
        shown = [
            (await client.get(each.headers["location"])).json()["options"]
            for each in (put, form, by_preset, plain)
        ]
    assert [options.get("format", "mp3") for options in shown] == ["opus", "m4a", "flac", "mp3"]
    assert (shown[0]["quality"], shown[1]["tags"]) == ("96k", {"title": "A song"})


WANTED = {"format": "opus", "start": 1.5, "tags": {"title": "A song & more", "artist": ""}, "partial": False}


async def test_options_go_in_as_they_come_out(gateway: Gateway, account: str) -> None:
    """As JSON to all that take options, as a part of a form, and as a form of `curl -d`."""
    async with gateway.as_(account) as client:
        put = await client.put("/preset", json=WANTED)
        assert (put.status_code, put.json()) == (200, WANTED)
        assert (await client.get("/preset")).json() == WANTED
        assert (await client.put("/preset", json=put.json())).json() == WANTED
        assert (await client.delete("/preset")).status_code == 204
        for part in ((None, json.dumps(WANTED)), ("blob", json.dumps(WANTED), "application/json")):
            form = [("options", part), ("file", ("a.mp4", b"video"))]
            upload = await client.post("/upload", files=form)
            assert (await client.get(upload.headers["location"])).json()["options"] == WANTED
        job_id = upload.json()["job_id"]
        other = await client.post(f"/jobs/{job_id}/outputs", json={"format": "FLAC", "start": "0:01.5"})
        assert (await client.get(other.headers["location"])).json()["options"] == {
            "format": "flac",
            "start": 1.5,
            "tags": {},
            "partial": True,
        }
        by_form = await client.put("/preset", data={"format": "aac", "quality": "128K"})
        assert by_form.json() == {"format": "m4a", "quality": "128k", "tags": {}, "partial": True}


async def test_a_key_knows_options_that_are_written_otherwise(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        key = {"Idempotency-Key": f"written by {account}"}
        first = await client.put("/upload/a.mp4?start=90&format=m4a", content=b"video", headers=key)
        again = await client.put("/upload/a.mp4?start=1:30&format=AAC", content=b"video", headers=key)
    assert (first.status_code, first.json()["job_id"]) == (202, again.json()["job_id"])


async def test_options_that_cannot_be_had_are_refused_by_name_and_nothing_is_kept(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        for answer in (
            await client.put("/upload/a.mp4?format=opus&quality=V2", content=b"video"),
            await client.post("/upload", data={"quality": "x"}, files={"file": ("a.mp4", b"video")}),
            await client.put("/preset?quality=x"),
        ):
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
            assert [each["name"] for each in answer.json()["errors"]] == ["quality"]
        for answer in (
            await client.post("/upload", files=[("file", ("a.mp4", b"video")), ("format", (None, b"opus"))]),
            await client.post("/upload", files=[("format", ("f", b"opus")), ("file", ("a.mp4", b"video"))]),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["name"]) == (422, "format")
        body = await client.put("/preset", content=b"opus", headers={"Content-Type": "text/plain"})
        assert (body.status_code, "application/json" in body.text) == (422, True)
        as_curl = {"Content-Type": "application/x-www-form-urlencoded"}
        form = await client.put("/preset", content=b'{"format": "flac"}', headers=as_curl)
        assert (form.status_code, form.json()["errors"][0]["name"]) == (422, "body")
        assert "curl --json" in form.json()["detail"]
        broken = await client.put("/preset", content=b"{", headers={"Content-Type": "application/json"})
        assert (broken.status_code, broken.json()["type"]) == (400, "/problems/bad-request")
        long = await client.put("/preset", json={"title": "x" * 70_000})
        assert (long.status_code, long.json()["errors"][0]["name"]) == (422, "body")
        assert (await client.get("/preset")).json() == {"tags": {}, "partial": True}
        unknown = await client.put("/upload/a.mp4?fromat=opus", content=b"video")
        assert (unknown.status_code, "there is no such option" in unknown.text) == (422, True)
        assert (await client.get("/jobs")).json()["items"] == []


async def test_a_repeated_key_with_other_options_is_refused(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        key = {"Idempotency-Key": f"of {account}"}
        first = await client.put("/upload/a.mp4?format=opus", content=b"video", headers=key)
        again = await client.put("/upload/a.mp4?format=opus", content=b"video", headers=key)
        other = await client.put("/upload/a.mp4?format=flac", content=b"video", headers=key)
        assert (await client.put("/preset?speed=2")).status_code == 200
        later = await client.put("/upload/a.mp4?format=opus", content=b"video", headers=key)
    assert first.json()["job_id"] == again.json()["job_id"] == later.json()["job_id"]
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_a_video_is_converted_again_as_another_job_of_the_same_family(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        first = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        second = (await client.post(f"/jobs/{first}/outputs?format=flac")).json()["job_id"]
        third = (await client.post(f"/jobs/{second}/outputs?format=opus")).json()["job_id"]
        jobs = [(await client.get(f"/jobs/{job_id}")).json() for job_id in (first, second, third)]
        assert (await client.post(f"/jobs/{first}/outputs?format=tape")).status_code == 422
        twice = await client.post(f"/jobs/{first}/outputs?format=wav", json={"format": "flac"})
        assert (twice.status_code, "more than once" in twice.text) == (422, True)
    assert [job["family"] for job in jobs] == [first] * 3
    assert len({job["video"]["sha256"] for job in jobs}) == 1
    async with gateway.as_("somebody-else") as client:
        assert (await client.post(f"/jobs/{first}/outputs")).status_code == 404


async def test_one_video_has_no_more_than_a_few_jobs_that_are_not_over(
    gateway: Gateway, account: str
) -> None:
    """However many are asked for at once; and a repetition of what was accepted is none more."""
    key = {"Idempotency-Key": "1"}
    async with gateway.as_(account) as client:
        first = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        ask = f"/jobs/{first}/outputs"
        kept = await client.post(ask, headers=key)
        answers = await asyncio.gather(*(client.post(ask) for _ in range(12)))
        jobs = (await client.get("/jobs")).json()["items"]
        again = await client.post(ask, headers=key)
        refused = next(answer for answer in answers if answer.status_code != 202)
        await gateway.tell(first, account, STARTED, FAILED)
        await wait_for(lambda: settled(client, first))
        later = await client.post(ask)
        another = (await client.put("/upload/b.mp4", content=b"video")).json()["job_id"]
        of_another = await client.post(f"/jobs/{another}/outputs")
    assert len(jobs) == MOST_NOT_OVER
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-outputs")
    assert refused.headers["retry-after"] == "10"
    assert again.json() == kept.json()
    assert (later.status_code, of_another.status_code) == (202, 202)


async def test_another_output_may_have_another_name_as_an_upload_has_one(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        first = (await client.put("/upload/sample.mp4", content=b"video")).json()["job_id"]
        ask, key = f"/jobs/{first}/outputs", {"Idempotency-Key": "1"}
        made = [
            await client.post(ask, params={"filename": "../a/talk.mp4"}, headers=key),
            await client.post(ask, params={"filename": "../a/talk.mp4"}, headers=key),
            await client.post(ask, params={"filename": "other.mp4"}, headers=key),
            await client.post(ask, params={"filename": ""}),
        ]
        names = [
            (await client.get(each.headers["location"])).json()["filename"] for each in (made[0], made[3])
        ]
    assert [each.status_code for each in made] == [202, 202, 422, 202]
    assert made[0].json() == made[1].json()
    assert names == ["talk.mp4", "sample.mp4"]


async def test_a_repeated_key_makes_one_output(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        key = {"Idempotency-Key": "1"}
        first = (await client.put("/upload/a.mp4", content=b"video", headers=key)).json()["job_id"]
        made = [
            (await client.post(f"/jobs/{first}/outputs?{query}", headers=key))
            for query in ("format=flac", "format=flac", "format=opus")
        ]
        jobs = (await client.get("/jobs")).json()["items"]
    assert [answer.status_code for answer in made] == [202, 202, 422]
    assert made[0].json() == made[1].json()
    assert {job["job_id"] for job in jobs} == {first, made[0].json()["job_id"]}
    assert {job["family"] for job in jobs} == {first}


async def test_a_video_that_is_not_stored_any_more_is_not_converted_again(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        async with AsyncMongoClient[Any](gateway.mongodb_url) as mongodb:
            await mongodb.get_default_database()["videos.files"].delete_one({"_id": job_id})
        gone = await client.post(f"/jobs/{job_id}/outputs")
    assert (gone.status_code, gone.json()["type"]) == (410, "/problems/job-gone")


async def test_what_a_video_holds_is_shown_once_a_worker_has_looked(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        early = await client.get(f"/jobs/{job_id}/media")
        assert (early.status_code, early.headers["retry-after"]) == (409, "2")
        await gateway.tell(job_id, account, JobProbed(run=1, media=MEDIA))

        async def told() -> Any:
            answer = await client.get(f"/jobs/{job_id}/media")
            return answer.json() if answer.status_code == 200 else None

        shown = await wait_for(told)
        assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
        assert (await client.get(f"/jobs/{job_id}/media")).status_code == 410
        never = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        await gateway.tell(never, account, STARTED, FAILED)
        await wait_for(lambda: settled(client, never))
        answer = await client.get(f"/jobs/{never}/media")
        assert (answer.status_code, "retry-after" in answer.headers) == (404, False)
    assert (shown["container"], shown["tracks"]) == (
        "matroska",
        [{"index": 0, "codec": "aac", "language": "de"}],
    )
