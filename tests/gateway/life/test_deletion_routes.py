"""Deleting a job, as its owner, an administrator and everybody else see it."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.ids import new_id
from tests.gateway.running import STARTED, Gateway

AUDIO = b"ID3" + b"audio" * 1000


async def converted_job(gateway: Gateway, account: str) -> str:
    async with gateway.as_(account) as client:
        job_id: str = (await client.put("/upload/mine.mp4", content=b"video")).json()["job_id"]
        await gateway.convert(job_id, account, AUDIO)
        await state(client, job_id, "converted")
    return job_id


async def state(client: httpx.AsyncClient, job_id: str, wanted: str) -> Any:
    async def reached() -> Any:
        answer = await client.get(f"/jobs/{job_id}")
        return answer.json() if answer.json().get("state") == wanted else None

    return await wait_for(reached)


async def receipt(client: httpx.AsyncClient, job_id: str) -> Any:
    """Return the receipt when the bytes are gone."""

    async def erased() -> Any:
        answer = await client.get(f"/jobs/{job_id}")
        assert answer.status_code == 410
        return answer.json() if answer.json()["erased_at"] else None

    return await wait_for(erased, 30)


async def blobs(gateway: Gateway, job_id: str) -> int:
    """Return the files and chunks that any client of GridFS finds of a job."""
    async with AsyncMongoClient(gateway.mongodb_url) as client:
        database, found = client.get_default_database(), 0
        for name in ("videos", "audio"):
            bucket = AsyncGridFSBucket(database, bucket_name=name)
            files = [each async for each in bucket.find({"metadata.job_id": job_id})]
            ids = {each._id for each in files} | {job_id}
            found += len(files) + await database[f"{name}.chunks"].count_documents(
                {"files_id": {"$in": list(ids)}}
            )
    return found


async def test_a_deleted_job_is_gone_on_every_route_with_a_receipt(gateway: Gateway, account: str) -> None:
    job_id = await converted_job(gateway, account)
    assert await blobs(gateway, job_id) > 2
    async with gateway.as_(account) as client:
        job = (await client.get(f"/jobs/{job_id}")).json()
        assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
        told = await receipt(client, job_id)
        assert (told["type"], told["reason"]) == ("/problems/job-gone", "user")
        assert told["video_sha256"] == job["video"]["sha256"]
        assert told["audio_sha256"] == job["audio"]["sha256"]
        assert told["deleted_at"] < told["erased_at"]
        assert await blobs(gateway, job_id) == 0
        asked = [
            await client.request(method, path)
            for method, path in (
                ("GET", f"/jobs/{job_id}/audio"),
                ("HEAD", f"/jobs/{job_id}/audio"),
                ("GET", f"/download?fid={job_id}"),
                ("GET", f"/jobs/{job_id}/media"),
                ("GET", f"/jobs/{job_id}/events"),
                ("POST", f"/jobs/{job_id}/outputs"),
                ("DELETE", f"/jobs/{job_id}"),
            )
        ]
        assert {answer.status_code for answer in asked} == {410}
        for answer in asked:
            if answer.request.method != "HEAD":
                assert answer.json()["erased_at"] == told["erased_at"]


async def test_nothing_has_the_name_of_a_deleted_job_and_nobody_can_read_it_in_the_log(
    gateway: Gateway, account: str
) -> None:
    name = f"canary-{new_id()}.mp4"
    async with (
        gateway.as_(account) as client,
        AsyncMongoClient[dict[str, Any]](gateway.mongodb_url) as mongo,
    ):
        database = mongo.get_default_database()

        async def collections_with_it() -> set[str]:
            return {
                each
                for each in await database.list_collection_names()
                if name in str(await database[each].find().to_list())
            }

        async def key() -> Any:
            return (await database["job_keys"].find_one({"_id": job_id}) or {}).get("key")

        headers = {"Idempotency-Key": new_id()}
        upload = await client.put(f"/upload/{name}", content=b"video", headers=headers)
        job_id = upload.json()["job_id"]
        assert await collections_with_it() >= {"idempotency_keys", "videos.files"}
        assert await key()
        await client.delete(f"/jobs/{job_id}")
        await receipt(client, job_id)
        assert await key() is None

        async def is_nowhere() -> bool:
            return not await collections_with_it()

        await wait_for(is_nowhere)


async def test_lists_leave_a_deleted_job_out_and_show_no_name_where_it_is_asked_for(
    gateway: Gateway, account: str
) -> None:
    kept, deleted = await converted_job(gateway, account), await converted_job(gateway, account)
    async with gateway.as_(account) as client:
        await client.delete(f"/jobs/{deleted}")
        await receipt(client, deleted)
        for query in ("", "?q=mine", f"?family={deleted}"):
            items = (await client.get(f"/jobs{query}")).json()["items"]
            assert [each["job_id"] for each in items] == ([] if "family" in query else [kept])
        [job] = (await client.get("/jobs?state=deleted")).json()["items"]
    assert (job["job_id"], job["filename"], job["audio"]) == (deleted, "", None)
    assert "mine" not in str(job)


async def test_who_may_delete(gateway: Gateway, account: str) -> None:
    job_id = await converted_job(gateway, account)
    async with gateway.as_(new_id()) as stranger:
        assert (await stranger.delete(f"/jobs/{job_id}")).status_code == 404
        assert (await stranger.delete(f"/jobs/{new_id()}")).status_code == 404
    async with gateway.as_(account, scope="read upload account") as reader:
        assert (await reader.delete(f"/jobs/{job_id}")).status_code == 403
    async with gateway.as_(new_id(), roles=("user", "admin"), scope="read manage operate") as admin:
        assert (await admin.delete(f"/jobs/{job_id}")).status_code == 204
        assert (await admin.delete(f"/jobs/{job_id}")).status_code == 410
        assert (await admin.get(f"/jobs/{job_id}")).status_code == 404
    async with gateway.as_(account) as owner:
        assert (await receipt(owner, job_id))["reason"] == "admin"


async def test_the_key_of_a_deleted_job_begins_no_other(gateway: Gateway, account: str) -> None:
    headers = {"Idempotency-Key": new_id()}
    async with gateway.as_(account) as client:
        first = await client.put("/upload/mine.mp4", content=b"video", headers=headers)
        job_id = first.json()["job_id"]
        await client.delete(f"/jobs/{job_id}")
        await receipt(client, job_id)
        again = await client.put("/upload/mine.mp4", content=b"video", headers=headers)
        assert (again.status_code, again.json()["type"]) == (410, "/problems/job-gone")
        assert (await client.get("/jobs")).json()["items"] == []


async def test_a_jobs_event_stream_ends_with_its_deletion(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        await gateway.tell(job_id, account, STARTED)
        types: list[str] = []
        async with client.stream("GET", f"/jobs/{job_id}/events") as events:
            async for line in events.aiter_lines():
                if line.startswith("event: "):
                    types.append(line.removeprefix("event: "))
                if types[-1:] == ["job.started"] and line == "":
                    assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
    assert [each for each in types if each != "queue"][:3] == ["job.uploaded", "job.started", "job.deleted"]
    assert types[-1] == "end"


@pytest.mark.parametrize("kept", ["video", "audio"])
async def test_a_job_shows_when_its_files_go_and_tells_when_they_went(
    gateway: Gateway, account: str, kept: str
) -> None:
    goes = "audio" if kept == "video" else "video"
    async with gateway.as_(account) as client:
        uploaded = await client.put(f"/upload/a.mp4?retain_{kept}=1d&retain_{goes}=0", content=b"video")
        job_id = uploaded.json()["job_id"]
        assert (await client.get(f"/jobs/{job_id}")).json()["expires"] == dict.fromkeys(
            ("video", "audio", "job")
        )
        await gateway.convert(job_id, account, AUDIO)

        async def gone() -> Any:
            job = (await client.get(f"/jobs/{job_id}")).json()
            return job if job["expires"][kept] and not job["expires"][goes] else None

        job = await wait_for(gone)
        assert job["state"] == "converted"
        assert (job["audio"] is None) == (goes == "audio")
        assert (job["video"]["removed_at"] is None) == (goes == "audio")
        audio = await client.get(f"/jobs/{job_id}/audio")
        again = await client.post(f"/jobs/{job_id}/outputs?format=flac")
        refused = audio if goes == "audio" else again
        assert (refused.status_code, refused.json()["reason"]) == (410, "expired")
        assert refused.json()[f"{goes}_sha256"]
        assert (again if goes == "audio" else audio).status_code == (202 if goes == "audio" else 200)


async def test_a_preset_says_how_long_the_files_of_all_its_jobs_are_kept(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        assert (await client.put("/preset", json={"retain_audio": "2d", "retain_record": "1w"})).is_success
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        await gateway.convert(job_id, account, AUDIO)
        job = await state(client, job_id, "converted")
    ended = datetime.fromisoformat(job["finished_at"])
    expires = {name: datetime.fromisoformat(at) - ended for name, at in job["expires"].items()}
    assert expires == {"video": timedelta(days=7), "audio": timedelta(days=2), "job": timedelta(days=7)}
