"""`Prefer: wait`: an answer that comes when the job has ended, and not before."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from waiting import wait_for

from events.ids import new_id
from gateway.callers.tokens import Caller, PublicKeys, Tokens
from gateway.jobs import waiting as waiting_for_jobs
from gateway.jobs.live import LiveJobs
from gateway.jobs.subscriptions import MOST_WAITS_OF_ACCOUNT
from gateway.jobs.waiting import Waits
from infra.local.servers.mongodb import MongoDB
from tests.gateway.callers.test_revocations import tell
from tests.gateway.running import FAILED, STARTED, FakeAuth, Gateway, gateway_running

WAIT = {"Prefer": "wait=50"}


async def waiting(gateway: Gateway, count: int = 1) -> None:
    """Return when so many requests wait at the gateway."""

    async def are() -> bool:
        return f"tonearm_event_listeners {count}.0" in await gateway.metrics()

    await wait_for(are)


def waits(live: LiveJobs) -> Waits:
    return Waits(live, Tokens(PublicKeys(httpx.AsyncClient(), ""), lambda *_: False))


async def uploaded(client: httpx.AsyncClient) -> str:
    return str((await client.put("/upload/talk.mp4", content=b"v")).json()["job_id"])


async def test_a_question_about_a_job_can_wait_for_its_end(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await uploaded(client)
        asked = asyncio.create_task(client.get(f"/jobs/{job_id}", headers=WAIT))
        await waiting(gateway)
        await gateway.tell(job_id, account, STARTED)
        assert not asked.done()
        await gateway.tell(job_id, account, FAILED)
        answer = await asked
        again = await client.get(f"/jobs/{job_id}", headers=WAIT)
    assert (answer.status_code, answer.json()["state"]) == (200, "failed")
    assert answer.headers["preference-applied"] == "wait=50"
    assert again.json() == answer.json()


async def test_a_wait_ends_when_its_time_is_up(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        answer = await client.put("/upload/talk.mp4", content=b"v", headers={"Prefer": "wait=1"})
        assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
        job = answer.headers["location"]
        assert job == f"/jobs/{answer.json()['job_id']}"
        shown = await client.get(job, headers={"Prefer": "wait=1"})
        assert (shown.json()["state"], shown.headers["preference-applied"]) == ("uploaded", "wait=1")
        longest = await client.get(job, headers={"Prefer": "wait=0"})
        assert longest.headers["preference-applied"] == "wait=0"
        assert "preference-applied" not in (await client.get(job)).headers


async def test_an_upload_that_has_waited_long_enough_is_told_how_its_job_stands_then(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        key = {"Idempotency-Key": "the same"}
        job_id = (await client.put("/upload/talk.mp4", content=b"v", headers=key)).json()["job_id"]
        await gateway.tell(job_id, account, STARTED)
        waited = await client.put("/upload/talk.mp4", content=b"v", headers=key | {"Prefer": "wait=1"})
        assert (waited.status_code, waited.json()["state"]) == (202, "converting")


async def test_an_upload_that_waits_is_led_to_its_audio(gateway: Gateway, account: str) -> None:
    form = {"file": ("talk.mp4", b"v")}
    async with gateway.as_(account) as client:
        first = await uploaded(client)
        requests = {
            "bytes": client.put("/upload/talk.mp4", content=b"v", headers=WAIT),
            "form": client.post("/upload", files=form, headers=WAIT),
            "output": client.post(f"/jobs/{first}/outputs?format=flac", headers=WAIT),
        }
        asked = {name: asyncio.create_task(request) for name, request in requests.items()}
        await waiting(gateway, len(asked))
        jobs = (await client.get("/jobs")).json()["items"]
        for job in jobs:
            if job["job_id"] != first:
                await gateway.convert(job["job_id"], account, b"sound")
        answers = {name: await task for name, task in asked.items()}
        for name, answer in answers.items():
            assert (answer.status_code, answer.content) == (303, b""), name
            assert (await client.get(answer.headers["location"])).content == b"sound", name


async def test_an_upload_that_waits_in_vain_fails_by_a_problem_that_names_job_and_reason(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        asked = asyncio.create_task(client.put("/upload/talk.mp4", content=b"v", headers=WAIT))
        await waiting(gateway)
        [job] = (await client.get("/jobs")).json()["items"]
        await gateway.tell(job["job_id"], account, STARTED, FAILED)
        answer = await asked
    told = answer.json()
    assert (answer.status_code, told["type"]) == (409, "/problems/no-audio")
    assert (told["job_id"], told["state"], told["code"]) == (job["job_id"], "failed", "no_audio")
    assert "The video has no sound." in told["detail"]
    assert "retry-after" not in answer.headers


async def test_a_repetition_with_the_same_key_waits_for_the_same_job(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        key = {"Idempotency-Key": "the same"}
        job_id = (await client.put("/upload/talk.mp4", content=b"v", headers=key)).json()["job_id"]
        asked = asyncio.create_task(client.put("/upload/talk.mp4", content=b"v", headers=WAIT | key))
        await waiting(gateway)
        await gateway.convert(job_id, account, b"sound")
        assert (await asked).headers["location"] == f"/jobs/{job_id}/audio"


async def test_a_client_that_goes_away_waits_no_more(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await uploaded(client)
        asked = asyncio.create_task(client.get(f"/jobs/{job_id}", headers=WAIT))
        await waiting(gateway)
        asked.cancel()
        await waiting(gateway, 0)


async def test_waits_take_no_streams_place_and_those_that_are_too_many_are_answered_at_once(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = await uploaded(client)
        asked = [
            asyncio.create_task(client.get(f"/jobs/{job_id}", headers=WAIT))
            for _ in range(MOST_WAITS_OF_ACCOUNT)
        ]
        await waiting(gateway, MOST_WAITS_OF_ACCOUNT)
        answer = await client.get(f"/jobs/{job_id}", headers=WAIT)
        assert (answer.json()["state"], "preference-applied" in answer.headers) == ("uploaded", False)
        async with client.stream("GET", f"/jobs/{job_id}/events") as stream:
            assert stream.status_code == 200
        await gateway.tell(job_id, account, STARTED, FAILED)
        assert {(await each).json()["state"] for each in asked} == {"failed"}


async def test_a_wait_ends_before_its_token_does(
    live: LiveJobs, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_for_jobs, "TO_COME_BACK", 600.0)
    never, caller = asyncio.Event(), Caller(account=account, roles=("user",), expires=time.time() + 601)
    request: Any = SimpleNamespace(scope={"user": caller}, receive=never.wait)
    async with asyncio.timeout(60):
        assert await waits(live).ended(request, new_id(), 900) is None
    assert caller.expires > time.time()


async def test_a_wait_ends_with_its_own_session_and_with_no_other(gateway: Gateway, account: str) -> None:
    mine, other = new_id(), new_id()
    async with gateway.as_(account, sid=mine) as client, gateway.as_(account, sid=other) as elsewhere:
        job_id = await uploaded(client)
        asked = [
            asyncio.create_task(each.get(f"/jobs/{job_id}", headers=WAIT)) for each in (client, elsewhere)
        ]
        await waiting(gateway, 2)
        await tell(gateway.broker.url, account, mine)
        assert (await asked[0]).status_code == 401
        assert not asked[1].done()
        await gateway.tell(job_id, account, STARTED, FAILED)
        assert (await asked[1]).json()["state"] == "failed"


async def test_a_wait_goes_on_when_the_gateway_reads_the_log_anew(live: LiveJobs, account: str) -> None:
    caller = Caller(account=account, roles=("user",), expires=time.time() + 60)
    asked = asyncio.create_task(waits(live)._ended(caller, new_id(), time.monotonic() + 60))
    await wait_for(lambda: live.subscriptions.of_account(account, waits=True))
    [before] = live.subscriptions._by_account[account]
    live.subscriptions.end()
    await wait_for(lambda: live.subscriptions._by_account.get(account, {before}) != {before})
    assert not asked.done()
    live.subscriptions.close()
    assert await asked is None


async def test_a_stop_ends_what_waits(broker: Any, mongodb: MongoDB, auth: FakeAuth, account: str) -> None:
    async with (
        gateway_running(broker, mongodb.url_of(f"waiting-{account}"), auth) as gateway,
        gateway.as_(account) as client,
    ):
        job_id = await uploaded(client)
        asked = [
            asyncio.create_task(client.get(f"/jobs/{job_id}", headers=WAIT)),
            asyncio.create_task(client.put("/upload/talk.mp4", content=b"v", headers=WAIT)),
        ]
        await waiting(gateway, 2)
        code, _ = await gateway.stop()
        answers = [await each for each in asked]
    assert code == 0
    assert [answer.status_code for answer in answers] == [200, 202]
