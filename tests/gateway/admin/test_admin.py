"""What administrators see of everybody's jobs and of the system, and that nobody else sees it."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from broker import Broker
from waiting import wait_for

from events.envelope import encode, job_event
from events.ids import new_id
from events.log import amqp, topology
from events.log.progress import Progress, ProgressSender
from events.log.transient import TransientSender
from events.observers import Unobserved
from events.types import FailureCode, JobFailed, JobNotificationFailed
from gateway.admin.accounts import GivenLimits
from gateway.admin.parked_routes import QueueName
from infra.local.servers.mongodb import MongoDB
from service.presence import Presence, own_name
from service.quotas import NAMES
from tests.gateway.running import FAILED, STARTED, FakeAuth, Gateway, converted, gateway_running

pytestmark = pytest.mark.servers
INTERNAL = JobFailed(run=1, attempt=5, code=FailureCode.INTERNAL, message="It may work later.")


def operator(gateway: Gateway) -> httpx.AsyncClient:
    return gateway.as_(new_id(), roles=("user", "admin"), scope="read upload manage operate admin account")


async def upload(client: httpx.AsyncClient, name: str = "a.mp4") -> str:
    answer = await client.put(f"/upload/{name}", content=b"video")
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


async def reached(admin: httpx.AsyncClient, job_id: str, last: str) -> None:
    """Wait until the gateway has read this event as the job's last one."""

    async def is_read() -> bool:
        shown = (await admin.get(f"/admin/jobs/{job_id}")).json()
        return bool(shown["timeline"][-1]["type"] == last)

    await wait_for(is_read, message=f"{last} of job {job_id}")


@pytest.fixture
async def own(broker: Broker, mongodb_url: str, auth: FakeAuth) -> AsyncIterator[Gateway]:
    """A gateway with a log and queues that nobody else uses."""
    async with gateway_running(broker, mongodb_url, auth) as running:
        yield running


def test_every_work_queue_can_be_asked_for() -> None:
    assert set(get_args(QueueName)) == set(topology.WORK_QUEUES)


async def test_an_administrator_pages_through_everybodys_jobs(own: Gateway) -> None:
    ada, bob = new_id(), new_id()
    async with own.as_(ada) as hers, own.as_(bob) as his, operator(own) as admin:
        jobs = [(await upload(hers), ada), (await upload(his, "b.mp4"), bob), (await upload(hers), ada)]
        await own.tell(jobs[1][0], bob, STARTED, FAILED)
        await reached(admin, jobs[1][0], "job.failed")
        seen: list[tuple[str, str]] = []
        cursor = ""
        while True:
            page = (await admin.get("/admin/jobs", params={"limit": 2, "cursor": cursor})).json()
            seen += [(each["job_id"], each["account"]) for each in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == jobs[::-1]

        async def found(**filters: str) -> list[str]:
            answer = await admin.get("/admin/jobs", params=filters)
            return [each["job_id"] for each in answer.json()["items"]]

        assert await found(account=ada) == [jobs[2][0], jobs[0][0]]
        assert await found(state="failed") == await found(q="B.MP4") == [jobs[1][0]]
        one = (await admin.get(f"/admin/jobs/{jobs[1][0]}")).json()
        assert (one["account"], one["filename"], one["error"]["code"]) == (bob, "b.mp4", "no_audio")
        assert [each["type"] for each in one["timeline"]] == ["job.uploaded", "job.started", "job.failed"]

        async def is_behind_the_first() -> bool:  # a place is up to half a second old
            waiting = (await admin.get(f"/admin/jobs/{jobs[2][0]}")).json()
            return bool(waiting["queue"]["place"] == 2)

        await wait_for(is_behind_the_first)
        assert (await admin.get(f"/admin/jobs/{new_id()}")).status_code == 404


@pytest.mark.parametrize("what", ["jobs", "overview", "parked", "jobs/{job}"])
async def test_nobody_else_sees_any_of_it(gateway: Gateway, account: str, what: str) -> None:
    """Neither a role without the scope, as an API key of an administrator may be, nor another scope."""
    async with gateway.as_(account) as client:
        path = f"/admin/{what}".format(job=await upload(client))
        assert (await client.get(path)).status_code == 403
    async with gateway.as_(account, roles=("user", "admin"), scope="read upload manage admin") as key:
        answer = await key.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (403, "this needs the scope operate")


async def test_an_administrator_cancels_and_requeues_anybodys_job(own: Gateway) -> None:
    ada = new_id()
    async with own.as_(ada) as hers, operator(own) as admin:
        job_id = await upload(hers)
        cancelled = await admin.post(f"/admin/jobs/{job_id}/cancel")
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
        assert cancelled.json()["timeline"][-1]["note"] == "by admin"
        again = await admin.post(f"/admin/jobs/{job_id}/requeue")
        assert (again.status_code, again.json()["state"], again.json()["run"]) == (202, "uploaded", 2)
        assert (await admin.post(f"/admin/jobs/{job_id}/requeue")).status_code == 409


async def test_all_failed_jobs_are_requeued_or_those_with_a_code(own: Gateway) -> None:
    ada, bob = new_id(), new_id()
    async with own.as_(ada) as hers, own.as_(bob) as his, operator(own) as admin:
        mute, broken, fine = await upload(hers), await upload(his), await upload(his)
        await own.tell(mute, ada, STARTED, FAILED)
        await own.tell(broken, bob, STARTED, INTERNAL)
        await reached(admin, mute, "job.failed")
        await reached(admin, broken, "job.failed")
        some = await admin.post("/admin/jobs/requeue", params={"code": "internal"})
        assert (some.status_code, some.json()) == (202, {"job_ids": [broken], "refused": []})
        rest = await admin.post("/admin/jobs/requeue")
        assert rest.json()["job_ids"] == [mute]
        assert {(await admin.get(f"/admin/jobs/{each}")).json()["run"] for each in (mute, broken)} == {2}
        assert (await admin.get(f"/admin/jobs/{fine}")).json()["run"] == 1


@pytest.mark.parametrize(
    ("path", "filter_"),
    [("/admin/jobs/requeue", {"code": "internal"}), ("/admin/parked/requeue", {"queue": "mp3"})],
)
async def test_a_filter_in_the_body_does_not_requeue_all(
    own: Gateway, path: str, filter_: dict[str, str]
) -> None:
    async with own.as_(new_id()) as hers, operator(own) as admin:
        job_id = await upload(hers)
        await hers.post(f"/jobs/{job_id}/cancel")
        answer = await admin.post(path, json=filter_)
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (422, "body")


async def test_the_overview_shows_queues_lag_and_who_works_on_what(own: Gateway, tmp_path: Path) -> None:
    async with own.as_(new_id()) as client, operator(own) as admin:
        job_id = await upload(client)
        async with TransientSender(own.broker.url, name="test") as sender:
            presence = Presence(sender, kind="converter", slots=2, folder=tmp_path)
            event = job_event(STARTED, job_id=job_id, account="a", source="test")
            observer = presence.observer(topology.VIDEO, Unobserved())
            progress = Progress(
                job_id=job_id, account="a", run=1, attempt=3, percent=25.0, seconds_done=15.0,
                seconds_total=60.0, speed=12.5, time=datetime.now(UTC),
            )  # fmt: skip
            async with presence.shown():
                with observer.handling(event, 3):

                    async def seen() -> dict[str, Any] | None:
                        await ProgressSender(sender).send(progress)
                        answer: dict[str, Any] = (await admin.get("/admin/overview")).json()
                        is_read = len(answer["workers"]) == 2 and answer["log"]["lacking"] == 0
                        works = answer["workers"][0]["working_on"] if is_read else []
                        return answer if works and works[0]["percent"] is not None else None

                    told = await wait_for(seen)
            await wait_for(lambda: gone(admin))
    worker, gateway = told["workers"]
    assert (worker["name"], worker["kind"], worker["slots"]) == (own_name(), "converter", 2)
    assert (worker["disk"]["total"], gateway["disk"]) == (shutil.disk_usage(tmp_path).total, None)
    assert gateway["kind"] == "gateway"
    [work] = worker["working_on"]
    assert (work["subject"], work["attempt"], work["queue"]) == (job_id, 3, "video")
    assert (work["percent"], work["seconds_done"], work["seconds_total"]) == (25.0, 15.0, 60.0)
    assert (work["speed"], work["bytes_done"]) == (12.5, None)
    assert told["checks"] == {
        "mongodb": None, "publisher": None, "tail": None, "revocations": None, "topology": None,
        "projection": None, "auth": "it is not ready",
    }  # fmt: skip
    queues = {each["name"]: each for each in told["queues"]}
    assert set(queues) == set(topology.WORK_QUEUES)
    assert queues["video"] | {"idle_workers": 0} == {
        "name": "video", "waiting": 1, "retrying": 0, "parked": 0, "idle_workers": 0,
    }  # fmt: skip
    log = told["log"]
    assert log["last"] == log["read"] == log["projected"]
    assert (log["trouble"], told["jobs"]) == (None, {"uploaded": 1})


async def gone(admin: httpx.AsyncClient) -> bool:
    workers = (await admin.get("/admin/overview")).json()["workers"]
    return [each["kind"] for each in workers] == ["gateway"]


async def park(gateway: Gateway, queue: str, body: bytes, reason: str) -> None:
    async with amqp.connected(gateway.broker.url, name="test") as connection:
        channel = await connection.channel(confirms=True)
        headers: dict[str, str | int] = {"attempt": 5, "reason": reason}
        await channel.publish(topology.WORK, topology.parked(queue), body, headers, new_id())


async def test_parked_work_is_shown_with_its_reason_and_stays_where_it_is(own: Gateway) -> None:
    ada = new_id()
    async with own.as_(ada) as hers, operator(own) as admin:
        jobs = [await upload(hers) for _ in range(3)]
        for at, job_id in enumerate(jobs):
            body = encode(job_event(STARTED, job_id=job_id, account=ada, source="test"))
            await park(own, topology.VIDEO, body, f"OSError({at})")
        await park(own, topology.MP3, b"{", "not a CloudEvents 1.0 envelope")
        for _ in range(3):
            items = (await admin.get("/admin/parked")).json()["items"]
            assert [(each["job_id"], each["reason"]) for each in items] == [
                *((job_id, f"OSError({at})") for at, job_id in enumerate(jobs)),
                (None, "not a CloudEvents 1.0 envelope"),
            ]
        assert items[0] | {"event_id": ""} == {
            "queue": "video", "event_id": "", "type": "job.started", "job_id": jobs[0], "account": ada,
            "attempt": 5, "reason": "OSError(0)", "state": "uploaded", "remedy": "keep",
        }  # fmt: skip
        first = (await admin.get("/admin/parked", params={"limit": 1})).json()["items"]
        assert [each["queue"] for each in first] == ["video", "mp3"]


async def test_parked_work_comes_back_by_its_own_way(own: Gateway, broker: Broker) -> None:
    """A conversion as another run, a mail into its queue; what is over is dropped, the unreadable stays."""
    ada = new_id()
    async with own.as_(ada) as hers, operator(own) as admin:
        failed, over, told, mailed = [await upload(hers) for _ in range(4)]
        for job_id in (failed, over):
            async with amqp.connected(broker.url, name="test") as connection:
                channel = await connection.channel()
                delivery = await channel.get(topology.VIDEO)
                assert delivery is not None
                await park(own, topology.VIDEO, delivery.body, "OSError()")
                channel.ack(delivery.tag)
            await own.tell(job_id, ada, STARTED, INTERNAL)
            await reached(admin, job_id, "job.failed")
        assert (await hers.post(f"/jobs/{over}/retry")).status_code == 202
        end = converted("audio", b"sound")
        for job_id in (told, mailed):
            await own.tell(job_id, ada, STARTED, end)
            await park(
                own, topology.MP3, encode(job_event(end, job_id=job_id, account=ada, source="test")), "away"
            )
        gave_up = JobNotificationFailed(run=1, about=end.TYPE, reason="We gave up after 5 attempts.")
        await own.tell(told, ada, gave_up)
        await reached(admin, told, gave_up.TYPE)
        await reached(admin, mailed, end.TYPE)
        await hers.post(f"/jobs/{mailed}/cancel")
        await park(own, topology.LETTERS, b"{", "not an event")
        before = await broker.depth(topology.MP3)

        one = await admin.post("/admin/parked/requeue", params={"job_id": failed})
        assert [(each["job_id"], each["remedy"]) for each in one.json()["items"]] == [(failed, "run")]
        job = (await admin.get(f"/admin/jobs/{failed}")).json()
        assert (job["run"], job["state"]) == (2, "uploaded")

        all_ = await admin.post("/admin/parked/requeue")
        assert [(each["queue"], each["job_id"], each["remedy"]) for each in all_.json()["items"]] == [
            ("video", over, "drop"),
            ("mp3", told, "hand_out"),
            ("mp3", mailed, "hand_out"),
            ("letters", None, "keep"),
        ]
        left = (await admin.get("/admin/parked")).json()["items"]
        assert [(each["queue"], each["reason"]) for each in left] == [("letters", "not an event")]
        assert await broker.depth(topology.MP3) == before + 2


async def test_an_overview_is_had_without_the_broker(
    private_rabbitmq: Any, mongodb: MongoDB, auth: FakeAuth
) -> None:
    """The one time that administrators look at it."""
    node = private_rabbitmq
    log = Broker(node.amqp_url, node.stream_url, node.management_url)
    url = mongodb.url_of(f"admin-{new_id()}")
    management = {"RABBITMQ_MANAGEMENT_URL": node.management_url}
    async with gateway_running(log, url, auth, **management) as running, operator(running) as admin:

        async def whole() -> dict[str, Any] | None:
            """A broker that has only begun does not tell of its disk, nor a busy one always of its queues."""
            shown: dict[str, Any] = (await admin.get("/admin/overview")).json()
            tells_of_its_disk = any(each["low"] and each["free"] for each in shown["disks"])
            return shown if tells_of_its_disk and shown["queues"] is not None else None

        before = await wait_for(whole, 60)
        [disk] = [each for each in before["disks"] if each["low"] is not None]
        assert (disk["free"] > disk["low"] > 0, disk["alarms"]) == (True, [])
        await node.kill()

        async def told() -> bool:
            answer = await admin.get("/admin/overview")
            assert answer.status_code == 200, answer.text
            state = answer.json()
            assert state["checks"]["mongodb"] is None
            is_away = state["checks"]["publisher"] is not None
            return is_away and state["queues"] is None and state["log"]["trouble"] is not None

        await wait_for(told, 60)
        assert (await admin.get("/admin/parked")).status_code == 503


def test_every_limit_can_be_given() -> None:
    assert GivenLimits.__struct_fields__ == NAMES
