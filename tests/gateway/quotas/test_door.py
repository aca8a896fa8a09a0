"""Limits at the door of two gateways, over real HTTP: together they are one."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest
from pymongo import AsyncMongoClient
from uuid_utils import uuid4
from waiting import wait_for

from events.envelope import account_event
from events.errors import NotConfirmed
from events.ids import new_id
from events.log.publisher import Publisher
from events.types import AccountErased
from events.views.store import JobViews
from gateway.errors import MaybeAccepted, NotSeenYet, QuotaExceeded
from gateway.jobs.live import LiveJobs
from gateway.quotas.door import Door, Entrance
from gateway.quotas.live_usage import LiveUsage
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import USER, RabbitMQ
from service.quotas import Limits, OwnLimits
from tests.gateway.running import FAILED, STARTED, FakeAuth, Gateway, Log, converted, gateway_running

pytestmark = pytest.mark.servers

TUS = {"Tus-Resumable": "1.0.0"}
DAY = 24 * 3600
PIECE = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


class Pair(NamedTuple):
    """Two gateways of one log and one database."""

    one: Gateway
    other: Gateway

    async def limited(self, **limits: int | None) -> "Client":
        """A new account with limits of its own, once both gateways know them."""
        account = new_id()
        async with AsyncMongoClient(self.one.mongodb_url) as mongo:
            await OwnLimits(mongo.get_default_database()).set(account, limits)
        client = Client(self, account, [self.one.as_(account), self.other.as_(account)])
        for each in client.both:
            await wait_for(lambda each=each: known(each, limits), timeout=30)
        return client


async def known(client: httpx.AsyncClient, limits: dict[str, int | None]) -> bool:
    told = (await client.get("/usage")).json()["limits"]
    return all(told[name] == amount for name, amount in limits.items())


class Client(NamedTuple):
    """An account, signed in at both gateways."""

    pair: Pair
    account: str
    both: list[httpx.AsyncClient]

    async def at_once(self, tries: int, size: int = 10) -> list[httpx.Response]:
        """Upload to both gateways in turn, all at the same time."""
        return await asyncio.gather(
            *(self.both[n % 2].put("/upload/a.mp4", content=b"x" * size) for n in range(tries))
        )

    async def tell(self, job_id: str, *payloads: Any) -> None:
        await self.pair.one.tell(job_id, self.account, *payloads)

    async def usage(self, which: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = (await self.both[which].get("/usage")).json()
        return told

    async def eventually(self, **usage: Any) -> None:
        """Wait until both gateways tell of this usage."""

        async def is_so() -> bool:
            both = [await self.usage(which) for which in (0, 1)]
            return all(usage.items() <= each.items() for each in both)

        await wait_for(is_so, timeout=30)


@pytest.fixture(scope="module")
async def pair(rabbitmq: RabbitMQ, mongodb: MongoDB, auth: FakeAuth) -> AsyncIterator[Pair]:
    vhost = f"quotas-{uuid4()}"
    async with httpx.AsyncClient(base_url=rabbitmq.management_url, timeout=30) as management:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        (await management.put(f"/vhosts/{vhost}", json={})).raise_for_status()
        (await management.put(f"/permissions/{vhost}/{USER}", json=rights)).raise_for_status()
    broker, url = Log(rabbitmq.amqp_url_of(vhost), rabbitmq.stream_url_of(vhost)), mongodb.url_of(vhost)
    settings = {"QUOTA_USER": "jobs_today=1000", "QUOTA_ADMIN": ""}
    async with (
        gateway_running(broker, url, auth, **settings) as one,
        gateway_running(broker, url, auth, **settings) as other,
    ):
        yield Pair(one, other)


@pytest.fixture(autouse=True)
async def _one_day() -> None:
    """Jobs are counted by the day, UTC: a test begins where it ends on the same one."""
    await wait_for(lambda: time.time() % DAY < DAY - 60, timeout=90)


def accepted(answers: list[httpx.Response]) -> list[str]:
    return [answer.json()["job_id"] for answer in answers if answer.status_code == 202]


@pytest.mark.parametrize(
    ("limits", "room"),
    [
        ({"jobs_open": 3}, 3),
        ({"jobs_today": 3}, 3),
        ({"bytes_stored": 39}, 3),
        ({"uploads_at_once": 30, "jobs_open": 1}, 1),
    ],
)
async def test_two_gateways_that_race_for_the_last_unit_give_it_once(
    pair: Pair, limits: dict[str, int | None], room: int
) -> None:
    client = await pair.limited(**limits)

    answers = await client.at_once(12)

    assert len(accepted(answers)) == room, [answer.text for answer in answers]
    name = [*limits][-1]
    refused = [answer for answer in answers if answer.status_code != 202]
    for answer in refused:
        assert answer.status_code == (413 if name == "bytes_stored" else 429)
        problem = answer.json()
        assert (problem["type"], problem["limit"], problem["allowed"]) == (
            "/problems/quota-exceeded", name, limits[name],
        )  # fmt: skip
        assert f'"{name}";q={limits[name]}' in answer.headers["ratelimit-policy"]
        assert f'"{name}";r=' in answer.headers["ratelimit"]
    assert len(accepted(await client.at_once(4))) == 0, "nor later, when all of it is in the views"
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        files = mongo.get_default_database()["videos.files"]
        assert await files.count_documents({"metadata.account": client.account}) == room


async def test_a_place_is_free_again_when_a_job_is_over_wherever_that_is_asked(pair: Pair) -> None:
    client = await pair.limited(jobs_open=2)
    first, _ = accepted(await client.at_once(2))
    assert accepted(await client.at_once(2)) == []
    await client.tell(first, STARTED, FAILED)
    await client.eventually(jobs_open=1)

    assert len(accepted(await client.at_once(6))) == 1
    again = await client.both[1].post(f"/jobs/{first}/retry")
    assert (again.status_code, again.json()["limit"]) == (429, "jobs_open")
    output = await client.both[0].post(f"/jobs/{first}/outputs?format=opus")
    assert (output.status_code, output.json()["limit"]) == (429, "jobs_open")


async def test_a_repeated_job_takes_a_place_and_none_of_the_days_jobs(pair: Pair) -> None:
    client = await pair.limited(jobs_today=1, jobs_open=1)
    [job_id] = accepted(await client.at_once(2))
    await client.tell(job_id, STARTED, FAILED)
    await client.eventually(jobs_open=0, jobs_today=1)

    answers = await asyncio.gather(*(each.post(f"/jobs/{job_id}/retry") for each in client.both * 2))

    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 202, [answer.text for answer in answers]
    assert set(codes) <= {202, 409, 429}
    await client.eventually(jobs_open=1, jobs_today=1)


async def test_an_upload_that_would_not_fit_is_refused_before_it_comes_and_one_of_unknown_length_in_time(
    pair: Pair,
) -> None:
    client = await pair.limited(bytes_stored=1_000_000)
    came = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal came
        for _ in range(40):
            came += 100_000
            yield b"x" * 100_000

    announced = await client.both[0].put(
        "/upload/a.mp4", content=endless(), headers={"Content-Length": "4000000", "Expect": "100-continue"}
    )
    form = await client.both[1].post("/upload", files={"file": ("a.mp4", b"x" * 1_100_000)})
    chunked = await client.both[0].put("/upload/a.mp4", content=endless())
    fits = await client.both[0].post("/upload", files={"file": ("a.mp4", b"x" * 900_000)})
    rest = await client.both[1].post("/upload", files={"file": ("a.mp4", b"x" * 100_000)})

    assert [each.status_code for each in (announced, form, chunked)] == [413, 413, 413]
    assert {each.json()["limit"] for each in (announced, form, chunked)} == {"bytes_stored"}
    assert [each.status_code for each in (fits, rest)] == [202, 202], fits.text
    await client.eventually(bytes_stored=1_000_000)
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        database = mongo.get_default_database()
        assert await database["videos.files"].count_documents({"metadata.account": client.account}) == 2


async def test_an_unfinished_upload_keeps_its_room_and_its_place_and_gives_them_back_when_it_is_ended(
    pair: Pair,
) -> None:
    client = await pair.limited(bytes_stored=1_000_000, jobs_open=2, uploads_at_once=1)
    one, other = client.both

    async def create(at: httpx.AsyncClient, size: int) -> httpx.Response:
        return await at.post("/files", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(size)})

    begun = await create(one, 900_000)
    assert begun.status_code == 201, begun.text
    refused = await create(other, 200_000)
    assert (refused.status_code, refused.json()["limit"]) == (413, "bytes_stored")
    url = f"/files/{begun.headers['location'].rpartition('/')[2]}"
    assert (await one.patch(url, content=b"x" * 10, headers=PIECE)).status_code == 204
    assert (await other.put("/upload/a.mp4", content=b"x" * 50_000)).status_code == 202, "it is at rest"
    refused = await create(other, 10)
    assert (refused.status_code, refused.json()["limit"]) == (429, "jobs_open")

    assert (await one.delete(url, headers={"Tus-Resumable": "1.0.0"})).status_code == 204
    assert (await create(other, 200_000)).status_code == 201


async def begun(client: Client) -> str:
    """Begin an upload in pieces; return its address."""
    answer = await client.both[0].post("/files", headers={**TUS, "Upload-Length": "1000"})
    return f"/files/{answer.headers['location'].rpartition('/')[2]}"


async def test_an_upload_that_is_ended_while_it_comes_gives_its_place_back_for_good(pair: Pair) -> None:
    client = await pair.limited(jobs_open=1, uploads_at_once=1)
    one, other = client.both
    url = await begun(client)
    reader, writer = await asyncio.open_connection("127.0.0.1", pair.one.port)
    fields = {**one.headers, **PIECE, "Host": "x", "Content-Length": "1000"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"PATCH {url} HTTP/1.1\r\n{head}\r\n".encode() + b"x" * 500)
    await wait_for(lambda: arrives(pair, client.account), timeout=20)

    assert (await other.delete(url, headers=TUS)).status_code == 204

    assert b" 410 " in await reader.readline()
    writer.close()
    assert await holds(pair, client.account) == []
    assert len(accepted(await client.at_once(1))) == 1


async def test_a_rival_that_is_refused_leaves_an_upload_counted(pair: Pair) -> None:
    client = await pair.limited(uploads_at_once=1)
    one, other = client.both
    url = await begun(client)

    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 500
        await wait_for(lambda: arrives(pair, client.account), timeout=20)
        assert (await other.patch(url, content=b"y" * 1000, headers=PIECE)).status_code == 423
        assert (await other.put("/upload/a.mp4", content=b"x")).status_code == 429
        yield b"x" * 500

    length = {"Content-Length": "1000"}
    assert (await one.patch(url, content=body(), headers=PIECE | length)).status_code == 204


async def test_the_same_idempotency_key_brings_the_same_job_though_no_other_may_begin(pair: Pair) -> None:
    client = await pair.limited(jobs_open=1, bytes_stored=15)

    async def send(which: int) -> httpx.Response:
        key = {"Idempotency-Key": client.account}
        return await client.both[which].put("/upload/a.mp4", content=b"x" * 10, headers=key)

    first, second = await send(0), await send(1)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["job_id"] == second.json()["job_id"]
    assert accepted(await client.at_once(1)) == []


async def test_an_upload_that_breaks_off_gives_its_place_back_and_a_dead_gateways_expires(pair: Pair) -> None:
    client = await pair.limited(uploads_at_once=1)

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        await wait_for(lambda: holds(pair, client.account), timeout=20)
        assert (await client.both[1].put("/upload/b.mp4", content=b"x")).status_code == 429
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await client.both[0].put("/upload/a.mp4", content=broken())

    async def has_room() -> bool:
        return len(accepted(await client.at_once(1))) == 1

    await wait_for(has_room, timeout=20)
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        admissions = mongo.get_default_database()["admissions"]
        later = time.time() + 3600
        dead = {"job_id": new_id(), "run": 1, "bytes": 0, "arriving": later, "until": later}
        await admissions.update_one(
            {"_id": client.account}, {"$push": {"holds": dead}, "$inc": {"version": 1}}
        )
        assert accepted(await client.at_once(1)) == []
        await admissions.update_one({"_id": client.account}, {"$set": {"holds.$[].until": time.time() - 1}})
    assert len(accepted(await client.at_once(1))) == 1
    assert dead["job_id"] not in {hold["job_id"] for hold in await holds(pair, client.account)}


@pytest.mark.parametrize(
    "error", [NotConfirmed("?"), NotSeenYet("?"), MaybeAccepted("?", job_id="1")], ids=repr
)
async def test_a_run_that_may_have_begun_keeps_its_place(pair: Pair, error: Exception) -> None:
    account = new_id()
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        database = mongo.get_default_database()
        views = JobViews(database)
        door = Door(database, LiveUsage(LiveJobs(views, ""), views))
        with pytest.raises(type(error)):
            async with Entrance(door, account, Limits(jobs_open=1)).admitted("1"):
                raise error
        with pytest.raises(QuotaExceeded):
            async with Entrance(door, account, Limits(jobs_open=1)).admitted("2"):
                pass


async def test_an_upload_of_unknown_length_takes_its_room_as_it_grows(pair: Pair) -> None:
    account = new_id()
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        database = mongo.get_default_database()
        views = JobViews(database)
        entrance = Entrance(
            Door(database, LiveUsage(LiveJobs(views, ""), views)), account, Limits(bytes_stored=1000)
        )
        async with entrance.admitted("1", most=600) as admission:
            await admission.reach(100)
            assert [hold["bytes"] for hold in await holds(pair, account)] == [600]
            await entrance.release("1")
            await admission.reach(700)
            assert await holds(pair, account) == [], "what was given back does not come back"


async def arrives(pair: Pair, account: str) -> bool:
    return any(hold["arriving"] > 0 for hold in await holds(pair, account))


async def holds(pair: Pair, account: str) -> list[dict[str, Any]]:
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        found = await mongo.get_default_database()["admissions"].find_one({"_id": account})
        return found["holds"] if found else []


async def test_holds_go_when_their_jobs_are_stored(pair: Pair) -> None:
    client = await pair.limited(jobs_open=100)
    await client.at_once(8)
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        views = mongo.get_default_database()["jobs_v1"]
        place = {"place": {"$regex": f"^{client.account}/"}}
        await wait_for(lambda: is_eight(views, place), timeout=30)

    [last] = accepted(await client.at_once(1))

    assert [hold["job_id"] for hold in await holds(pair, client.account)] == [last]


async def is_eight(views: Any, place: dict[str, Any]) -> bool:
    return bool(await views.count_documents(place) == 8)


async def test_nothing_is_left_of_an_accounts_limits_when_it_is_erased(pair: Pair) -> None:
    client = await pair.limited(jobs_open=100, requests_a_minute=1000)
    await client.at_once(1)
    erased = account_event(AccountErased(reason="operator"), account=client.account, source="/test")
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        database = mongo.get_default_database()

        async def left() -> list[str]:
            names = ("quotas", "admissions", "request_counts")
            return [name for name in names if await database[name].find_one({"_id": client.account})]

        assert await left() == ["quotas", "admissions", "request_counts"]
        async with Publisher(pair.one.broker.url, name="test") as publisher:
            await publisher.publish(erased)

        async def is_clean() -> bool:
            return await left() == []

        await wait_for(is_clean, timeout=60)


async def test_usage_is_as_fresh_as_the_log_at_every_gateway(pair: Pair) -> None:
    client = await pair.limited(audio_seconds=2)
    one, other = accepted(await client.at_once(2, size=100))
    assert (await client.usage())["jobs_open"] == 2
    await client.tell(one, STARTED, converted("audio", b"y" * 50))
    await client.eventually(jobs_open=1, jobs_today=2, bytes_stored=250, audio_seconds=1.5)
    await client.tell(other, STARTED, converted("audio", b"y" * 50))
    await client.eventually(jobs_open=0, bytes_stored=300, audio_seconds=3.0)

    [refused] = await client.at_once(1)

    assert refused.json()["limit"] == "audio_seconds"
    told = await client.usage(1)
    assert told["days"][0]["jobs"] == 2
    assert int(refused.headers["retry-after"]) >= 1
    assert f"t={refused.headers['retry-after']}" in refused.headers["ratelimit"]


async def test_requests_beyond_the_minutes_are_told_when_to_come_again(pair: Pair) -> None:
    client = await pair.limited(requests_a_minute=100_000)
    fine = await client.both[0].get("/jobs")
    assert fine.headers["ratelimit-policy"] == '"requests_a_minute";q=100000;w=60'
    assert fine.headers["ratelimit"].startswith('"requests_a_minute";r=')
    async with AsyncMongoClient(pair.one.mongodb_url) as mongo:
        await OwnLimits(mongo.get_default_database()).set(client.account, {"requests_a_minute": 0})

    async def refused() -> httpx.Response | None:
        answer = await client.both[0].get("/jobs")
        return answer if answer.status_code == 429 else None

    answer = await wait_for(refused, timeout=30)

    assert answer.json()["limit"] == "requests_a_minute"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit"] == f'"requests_a_minute";r=0;t={answer.headers["retry-after"]}'


async def test_a_role_has_limits_and_another_none(pair: Pair) -> None:
    account = new_id()
    async with pair.one.as_(account) as user, pair.one.as_(account, roles=("user", "admin")) as admin:
        assert (await user.get("/usage")).json()["limits"]["jobs_today"] == 1000
        assert set((await admin.get("/usage")).json()["limits"].values()) == {None}
        upload = await user.put("/upload/a.mp4", content=b"x")
        assert upload.headers["ratelimit"].startswith('"jobs_today";r=999;t=')
