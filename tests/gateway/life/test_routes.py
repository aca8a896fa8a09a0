"""Cancelling jobs and converting them once more, over real HTTP."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from httpx import AsyncClient
from pymongo import AsyncMongoClient
from waiting import wait_for

from events.types import JobFailed, JobRetrying, JobStarted
from tests.gateway.running import FAILED, STARTED, FakeAuth, Gateway, converted, gateway_running


async def upload(client: AsyncClient, name: str = "a.mp4", query: str = "") -> str:
    answer = await client.put(f"/upload/{name}{query}", content=b"video")
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


async def state(client: AsyncClient, job_id: str) -> str:
    shown: str = (await client.get(f"/jobs/{job_id}")).json()["state"]
    return shown


async def shown_with(client: AsyncClient, job_id: str, types: Sequence[str]) -> dict[str, Any] | None:
    """Return the job once it tells of all these events.

    A gateway that has not read of a job yet that another one has accepted says so, and is asked again.
    """
    answer = await client.get(f"/jobs/{job_id}")
    assert answer.status_code in (200, 503), answer.text
    shown: dict[str, Any] = answer.json()
    return shown if {*types} <= {entry["type"] for entry in shown.get("timeline", ())} else None


async def fail(gateway: Gateway, client: AsyncClient, account: str, *job_ids: str, run: int = 1) -> None:
    for job_id in job_ids:
        failed = JobFailed(run=run, attempt=1, code=FAILED.code, message=FAILED.message)
        await gateway.tell(job_id, account, JobStarted(run=run, attempt=1, worker="test"), failed)

    async def all_failed() -> bool:
        return {await state(client, job_id) for job_id in job_ids} == {"failed"}

    await wait_for(all_failed)


async def test_a_job_that_waits_or_is_under_way_is_cancelled_and_may_be_cancelled_again(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        waits, works = await upload(client), await upload(client)
        await gateway.tell(works, account, STARTED)
        answers = [await client.post(f"/jobs/{job_id}/cancel") for job_id in (waits, works, works)]
        shown = (await client.get(f"/jobs/{works}")).json()
    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(200, "cancelled")] * 3
    assert [entry["type"] for entry in shown["timeline"]] == ["job.uploaded", "job.started", "job.cancelled"]
    assert shown == answers[2].json() | {"expires": shown["expires"]}
    assert (shown["done"], shown["finished_at"]) == (True, shown["timeline"][-1]["time"])


async def test_a_job_between_two_attempts_is_cancelled_and_stays_so(gateway: Gateway, account: str) -> None:
    again = JobStarted(run=1, attempt=2, worker="test")
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        trouble = JobRetrying(run=1, attempt=1, reason="the storage is away", delay_seconds=60.0)
        await gateway.tell(job_id, account, STARTED, trouble)

        async def is_retrying() -> bool:
            return await state(client, job_id) == "retrying"

        await wait_for(is_retrying)
        answer = await client.post(f"/jobs/{job_id}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        await gateway.tell(job_id, account, again)  # of a worker that has not heard of it yet

        async def has_begun_twice() -> bool:
            shown = (await client.get(f"/jobs/{job_id}")).json()
            begun = [each["attempt"] for each in shown["timeline"] if each["type"] == again.TYPE]
            return begun == [1, 2]

        await wait_for(has_begun_twice)
        assert await state(client, job_id) == "cancelled"


async def test_what_a_script_has_left_empty_means_no_job_and_not_all(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        for path in ("/jobs//cancel", "/jobs/%2Fcancel", "//jobs//cancel", "/jobs//retry"):
            answer = await client.post(f"{gateway.url}{path}")
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/nothing-here"), path
        assert (await client.get(f"{gateway.url}//jobs/")).status_code == 200, "at the ends none is left out"
        for path in ("/jobs/cancel?q=", "/jobs/retry?q=", "/jobs/cancel?family=", "/jobs/cancel?state="):
            answer = await client.post(path)
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-parameters"), path
        assert (await client.post("/jobs/cancel?q=")).json()["detail"] == "q: give 1 to 200 characters"
        assert await state(client, job_id) == "uploaded"
        assert (await client.post("/jobs/cancel?q=a.mp4")).json()["job_ids"] == [job_id]


async def test_what_is_over_is_not_cancelled(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        await fail(gateway, client, account, job_id)
        answer = await client.post(f"/jobs/{job_id}/cancel")
        assert await state(client, job_id) == "failed"
    told = answer.json()
    assert (answer.status_code, told["type"], told["state"]) == (409, "/problems/wrong-state", "failed")


async def test_of_an_end_and_a_cancellation_at_once_the_first_in_the_log_wins_for_every_reader(
    broker: Any, mongodb_url: str, auth: FakeAuth, account: str
) -> None:
    """Two gateways, many jobs: each job has one end, and all who ask hear of the same one."""
    async with (
        gateway_running(broker, mongodb_url, auth) as one,
        gateway_running(broker, mongodb_url, auth) as other,
        one.as_(account) as client,
        other.as_(account) as elsewhere,
    ):
        for _ in range(15):
            job_id = await upload(client)
            answer, *_ = await asyncio.gather(
                client.post(f"/jobs/{job_id}/cancel"),
                one.tell(job_id, account, converted("audio", b"sound")),
            )

            told = ("job.cancelled", "job.converted") if answer.status_code == 200 else ("job.converted",)
            here = await wait_for(partial(shown_with, client, job_id, told))
            there = await wait_for(partial(shown_with, elsewhere, job_id, told))
            ends = [entry["type"] for entry in here["timeline"] if entry["type"] != "job.uploaded"]
            winner = ends[0].removeprefix("job.")
            assert (here["state"], here["audio"] is None) == (winner, winner == "cancelled")
            assert (here["state"], here["audio"]) == (there["state"], there["audio"])
            assert answer.status_code == (200 if winner == "cancelled" else 409), answer.text


async def test_all_that_is_not_over_is_cancelled_by_one_call_and_nothing_of_anothers(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client, gateway.as_(f"{account}0") as other:
        theirs = await upload(other)
        over = await upload(client)
        await fail(gateway, client, account, over)
        talks = [await upload(client, f"talk {n}.mp4", "?format=flac") for n in range(3)]
        songs = [await upload(client, f"song {n}.mp4") for n in range(60)]
        await gateway.tell(talks[0], account, STARTED)
        some = await client.post("/jobs/cancel?q=talk&format=flac")
        rest = await client.post("/jobs/cancel")
        none = await client.post("/jobs/cancel?state=uploaded")
        assert {await state(client, job_id) for job_id in (*talks, *songs)} == {"cancelled"}
        assert (await state(client, over), await state(other, theirs)) == ("failed", "uploaded")
    assert [answer.status_code for answer in (some, rest, none)] == [200, 200, 200]
    assert set(some.json()["job_ids"]) == set(talks)
    assert sorted(rest.json()["job_ids"]) == sorted(songs)
    assert none.json() == {"job_ids": [], "refused": []}


async def test_a_filter_in_the_body_does_not_cancel_all_jobs(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        answer = await client.post("/jobs/cancel", json={"q": "talk"})
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (422, "body")
        assert await state(client, job_id) == "uploaded"


async def test_what_failed_or_was_cancelled_runs_once_more(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client, query="?format=opus")
        early = await client.post(f"/jobs/{job_id}/retry")
        await fail(gateway, client, account, job_id)
        again = await client.post(f"/jobs/{job_id}/retry")
        await client.post(f"/jobs/{job_id}/cancel")
        once_more = await client.post(f"/jobs/{job_id}/retry")
        await gateway.tell(job_id, account, converted("audio", b"of run 1, too late"))
        late = (await client.get(f"/jobs/{job_id}")).json()
    assert (early.status_code, early.json()["type"]) == (409, "/problems/wrong-state")
    assert (again.status_code, again.headers["location"]) == (202, f"/jobs/{job_id}")
    shown = again.json()
    assert (shown["state"], shown["run"], shown["error"]) == ("uploaded", 2, None)
    assert shown["options"] == {"format": "opus", "tags": {}, "partial": True}
    assert [answer["run"] for answer in (once_more.json(), late)] == [3, 3]
    assert (late["state"], late["audio"]) == ("uploaded", None)


async def test_two_who_repeat_a_job_at_once_begin_one_run(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        await fail(gateway, client, account, job_id)
        answers = await asyncio.gather(*(client.post(f"/jobs/{job_id}/retry") for _ in range(5)))
        shown = (await client.get(f"/jobs/{job_id}")).json()
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert [entry["type"] for entry in shown["timeline"]].count("job.requeued") == 1


async def test_with_other_options_it_is_another_job_that_keeps_the_rest(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client, query="?format=opus&start=1.5&title=A+song")
        await fail(gateway, client, account, job_id)
        key = {"Idempotency-Key": f"of {account}"}
        answers = [
            await client.post(f"/jobs/{job_id}/retry{query}", json=body, headers=key)
            for query, body in (("", {"speed": 2}), ("?speed=2", None))
        ]
        bad = await client.post(f"/jobs/{job_id}/retry", json={"sped": 2})
        assert await state(client, job_id) == "failed"
    assert [answer.status_code for answer in answers] == [202, 202]
    first, second = (answer.json() for answer in answers)
    assert (first["job_id"], first["family"]) == (second["job_id"], job_id)
    assert first["job_id"] != job_id
    assert answers[0].headers["location"] == f"/jobs/{first['job_id']}"
    assert first["options"] == {
        "format": "opus",
        "start": 1.5,
        "speed": 2.0,
        "tags": {"title": "A song"},
        "partial": True,
    }
    assert (bad.status_code, bad.json()["errors"][0]["name"]) == (422, "sped")


async def test_all_that_failed_is_repeated_and_what_has_no_video_any_more_is_named(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        talks = [await upload(client, f"talk {n}.mp4") for n in range(3)]
        song = await upload(client, "song.mp4")
        await fail(gateway, client, account, *talks)
        await client.post(f"/jobs/{song}/cancel")
        async with AsyncMongoClient[Any](gateway.mongodb_url) as mongodb:
            await mongodb.get_default_database()["videos.files"].delete_one({"_id": talks[0]})
        alone = await client.post(f"/jobs/{talks[0]}/retry")
        faster = await client.post("/jobs/retry?state=cancelled", json={"speed": 2})
        rest = await client.post("/jobs/retry?q=talk")
        states = [await state(client, job_id) for job_id in (*talks, song)]
    assert (alone.status_code, alone.json()["type"]) == (410, "/problems/job-gone")
    assert (faster.status_code, rest.status_code) == (202, 202)
    assert (len(faster.json()["job_ids"]), song in faster.json()["job_ids"]) == (1, False)
    assert sorted(rest.json()["job_ids"]) == sorted(talks[1:])
    [refused] = rest.json()["refused"]
    assert (refused["job_id"], refused["type"]) == (talks[0], "/problems/job-gone")
    assert states == ["failed", "uploaded", "uploaded", "cancelled"]


async def test_a_key_that_may_only_upload_ends_nothing_and_who_may_not_upload_repeats_nothing(
    gateway: Gateway, account: str
) -> None:
    async with (
        gateway.as_(account) as client,
        gateway.as_(account, scope="read upload") as key,
        gateway.as_(account, roles=("guest",)) as guest,
    ):
        job_id = await upload(client)
        for path in (f"/jobs/{job_id}/cancel", "/jobs/cancel", f"/jobs/{job_id}/retry", "/jobs/retry"):
            answer = await key.post(path)
            assert (answer.status_code, "scope manage" in answer.json()["detail"]) == (403, True), path
        for path in (f"/jobs/{job_id}/retry", "/jobs/retry"):
            assert (await guest.post(path)).status_code == 403, path
        assert await state(client, job_id) == "uploaded"
        assert (await guest.post(f"/jobs/{job_id}/cancel")).status_code == 200
