"""Live events over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from msgspec import structs
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.ids import new_id
from events.log.progress import Progress, ProgressSender
from events.log.transient import TransientSender
from events.tasks import cancelled
from events.types import JobNotified, JobRequeued
from tests.gateway.running import FAILED, STARTED, Gateway, converted, gateway_running


class Stream:
    """An open event stream, read in the background."""

    def __init__(self) -> None:
        self.events: list[dict[str, str]] = []
        self.queue: list[dict[str, Any]] = []
        """What was told of the job's place and time left, which comes between the events."""
        self.positions: list[int] = []
        """How far the log was read, as a stream of all jobs tells."""
        self.raw = ""
        self.open = False
        self.ended = asyncio.Event()

    async def read(self, client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
        try:
            async with client.stream("GET", path, headers=headers, timeout=60) as answer:
                assert answer.status_code == 200, await answer.aread()
                assert answer.headers["content-type"].startswith("text/event-stream")
                self.open = True
                async for text in answer.aiter_text():
                    self.raw += text
                    *whole, _ = self.raw.split("\n\n")
                    blocks = [dict(line.split(": ", 1) for line in each.split("\n")) for each in whole]
                    told = [block for block in blocks if "data" in block]
                    self.events = [block for block in told if block["event"] not in ("queue", "position")]
                    self.positions = [
                        json.loads(each["data"])["offset"] for each in told if each["event"] == "position"
                    ]
                    self.queue = [json.loads(each["data"]) for each in told if each["event"] == "queue"]
        finally:
            self.ended.set()

    def types(self) -> list[str]:
        """The types so far, without the end, which comes a while after a job that nobody mails about."""
        return [event["event"] for event in self.events if event["event"] != "end"]

    async def until(self, *types: str) -> None:
        await wait_for(lambda: self.types() == list(types), message=f"{types}, not {self.types()}")


@asynccontextmanager
async def watching(
    client: httpx.AsyncClient, path: str, last_event_id: str | None = None
) -> AsyncIterator[Stream]:
    stream = Stream()
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    reading = asyncio.create_task(stream.read(client, path, headers))
    try:
        await wait_for(lambda: stream.raw or reading.done(), message="the stream began")
        yield stream
    finally:
        await cancelled([reading])


async def upload(client: httpx.AsyncClient) -> str:
    return str((await client.put("/upload/a.mp4", content=b"video")).json()["job_id"])


async def test_a_jobs_stream_tells_what_was_and_then_what_comes(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id, other = await upload(client), await upload(client)
        async with watching(client, f"/jobs/{job_id}/events") as stream:
            await stream.until("job.uploaded")
            await gateway.tell(other, account, STARTED)
            await gateway.tell(job_id, account, STARTED, STARTED, FAILED)
            await stream.until("job.uploaded", "job.started", "job.failed")
            timeline = (await client.get(f"/jobs/{job_id}")).json()["timeline"]
            told = [event for event in stream.events if event["event"] != "end"]
            assert [int(event["id"]) for event in told] == [each["offset"] for each in timeline]
            assert [json.loads(event["data"])["id"] for event in told] == [each["id"] for each in timeline]
            assert stream.raw.startswith("retry: 2000\n\n")


NOTIFIED = JobNotified(run=1, about="job.converted", message_id="1@test")


async def test_a_jobs_stream_ends_with_the_job_and_nobody_connects_again(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        path = f"/jobs/{job_id}/events"
        running = (await client.get(f"/jobs/{job_id}")).json()
        assert (running["done"], running["finished_at"], running["audio"]) == (False, None, None)
        async with watching(client, path) as stream:
            await gateway.convert(job_id, account, b"sound")
            await stream.until("job.uploaded", "job.started", "job.converted")
            assert not stream.ended.is_set()
            await gateway.tell(job_id, account, NOTIFIED)
            await wait_for(stream.ended.is_set)
        assert [each["event"] for each in stream.events][-2:] == ["job.notified", "end"]
        assert "id" not in stream.events[-1]
        told, job = json.loads(stream.events[-1]["data"]), (await client.get(f"/jobs/{job_id}")).json()
        assert told == {name: value for name, value in job.items() if name not in ("timeline", "expires")}
        assert (told["done"], told["state"]) == (True, "notified")
        assert told["finished_at"] == job["timeline"][2]["time"]
        assert (await client.get(told["audio"]["url"])).content == b"sound"
        seen = {"Last-Event-ID": stream.events[-2]["id"]}
        again = await client.get(path, headers=seen)
        assert (again.status_code, again.content) == (204, b"")
        async with watching(client, path) as stream:  # who has seen nothing gets all of it, and the end
            await wait_for(stream.ended.is_set)
        assert stream.types() == ["job.uploaded", "job.started", "job.converted", "job.notified"]
        await gateway.tell(job_id, account, requeued(2))
        await wait_for(lambda: _offsets_of(client, job_id, 5), message="the gateway knows of its second run")
        async with watching(client, path, seen["Last-Event-ID"]) as stream:
            await stream.until("job.requeued")
            assert not stream.ended.is_set()


async def test_a_jobs_stream_ends_although_no_mail_is_sent(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        async with watching(client, f"/jobs/{job_id}/events") as stream:
            await gateway.tell(job_id, account, STARTED, FAILED)
            await wait_for(stream.ended.is_set)
        assert [each["event"] for each in stream.events][-2:] == ["job.failed", "end"]
        told = json.loads(stream.events[-1]["data"])
        assert (told["state"], told["done"], told["error"]["code"]) == ("failed", True, "no_audio")


def requeued(run: int) -> JobRequeued:
    return JobRequeued(
        run=run, filename="a.mp4", content_type="video/mp4", bytes=5, sha256="0" * 64, video_id="v"
    )


@pytest.mark.parametrize("path", ["/jobs/{job_id}/events", "/events"])
async def test_what_ffmpeg_was_called_with_comes_to_who_asks(
    gateway: Gateway, account: str, path: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        seen = str((await client.get(f"/jobs/{job_id}")).json()["timeline"][0]["offset"])
        made = structs.replace(converted("a", b"sound"), arguments=("-i", "x" * 3000))
        await gateway.tell(job_id, account, made)
        at = path.format(job_id=job_id)
        for query, arguments in (("", None), ("?include=arguments", ["-i", "x" * 3000])):
            async with watching(client, at + query, seen) as stream:
                await stream.until("job.converted")
                data = json.loads(stream.events[0]["data"])["data"]
                assert data.get("arguments") == arguments
                assert (data["audio_id"], data["bytes"]) == ("a", 5)
        assert (await client.get(at, params={"include": "everything"})).status_code == 422


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        async with watching(client, f"/jobs/{job_id}/events") as stream:
            await stream.until("job.uploaded")
            seen = stream.events[-1]["id"]
        await gateway.tell(job_id, account, STARTED, STARTED)
        for path in (f"/jobs/{job_id}/events", "/events"):
            async with watching(client, path, seen) as stream:
                await stream.until("job.started")
        async with watching(client, "/events", "nonsense") as stream:
            await gateway.tell(job_id, account, FAILED)
            await stream.until("job.failed")


@pytest.mark.parametrize("path", ["/jobs/{job_id}/events", "/events"])
async def test_an_event_that_was_published_twice_is_heard_once(
    gateway: Gateway, account: str, path: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        await gateway.tell(job_id, account, STARTED)

        async def started() -> str | None:
            timeline = (await client.get(f"/jobs/{job_id}")).json()["timeline"]
            return str(timeline[1]["offset"]) if len(timeline) == 2 else None

        seen = await wait_for(started)
        await gateway.tell(job_id, account, STARTED)
        async with watching(client, path.format(job_id=job_id), seen) as stream:
            await gateway.tell(job_id, account, STARTED, FAILED)
            await stream.until("job.failed")


async def test_a_stream_of_all_jobs_tells_where_to_come_back_before_anything_has_happened(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        async with watching(client, "/events") as stream:
            await wait_for(lambda: stream.positions, message="the position")
        job_id = await upload(client)
        async with watching(client, f"/events?after={stream.positions[0]}") as stream:
            await stream.until("job.uploaded")
            await wait_for(lambda: stream.positions, message="the position")
            assert int(stream.events[0]["id"]) <= stream.positions[0]
        seen = stream.events[0]["id"]
        for path in (f"/jobs/{job_id}/events?after={seen}", f"/events?after={seen}"):
            async with watching(client, path) as stream:
                await gateway.tell(job_id, account, STARTED)
                await stream.until("job.started")
        assert (await client.get("/events", params={"after": "-1"})).status_code == 422


async def test_an_id_beyond_the_end_of_the_log_counts_as_none(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        for beyond in ("1000000", "9" * 19, "9" * 30, "-1", "1.5"):
            async with watching(client, f"/jobs/{job_id}/events", beyond) as stream:
                await stream.until("job.uploaded")
        async with watching(client, "/events", "1000000") as stream:
            await gateway.tell(job_id, account, FAILED)
            await stream.until("job.failed")


async def test_history_older_than_memory_comes_from_the_log(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        await gateway.tell(job_id, account, STARTED, FAILED)
        first, *_ = await wait_for(lambda: _offsets_of(client, job_id, 3))

        async def is_stored() -> bool:
            text = await gateway.metrics()
            line = next(x for x in text.splitlines() if x.startswith("tonearm_projection_offset "))
            return float(line.split()[1]) >= first + 2

        await wait_for(is_stored, 30)
        # A gateway that starts now begins its tail after the checkpoint.
        async with (
            gateway_running(gateway.broker, gateway.mongodb_url, gateway.auth) as late,
            late.as_(account) as latecomer,
        ):
            async with watching(latecomer, f"/jobs/{job_id}/events") as stream:
                await stream.until("job.uploaded", "job.started", "job.failed")
            async with watching(latecomer, "/events", str(first)) as stream:
                await stream.until("job.started", "job.failed")


async def _offsets_of(client: httpx.AsyncClient, job_id: str, entries: int) -> list[int] | None:
    timeline = (await client.get(f"/jobs/{job_id}")).json()["timeline"]
    return [entry["offset"] for entry in timeline] if len(timeline) == entries else None


async def test_nobody_hears_of_anothers_jobs(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as earlier:
        for _ in range(3):
            await upload(earlier)
    async with (
        gateway.as_(account) as client,
        gateway.as_(new_id(), roles=("admin",)) as stranger,
        watching(stranger, "/events", "0") as overheard,
        watching(client, "/events") as stream,
    ):
        job_id = await upload(client)
        await stream.until("job.uploaded")
        await gateway.tell(job_id, account, STARTED)
        await stream.until("job.uploaded", "job.started")
        assert overheard.events == []


async def test_progress_is_passed_on_without_an_id(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        job_id = await upload(client)
        async with (
            watching(client, f"/jobs/{job_id}/events") as stream,
            TransientSender(gateway.broker.url, name="test") as sender,
        ):
            await stream.until("job.uploaded")
            await ProgressSender(sender).send(progress(job_id, account))
            await stream.until("job.uploaded", "progress")
            event = stream.events[-1]
            assert "id" not in event
            data: dict[str, Any] = json.loads(event["data"])
            assert (data["job_id"], data["percent"]) == (job_id, 50.0)
            assert "account" not in data


def progress(job_id: str, account: str) -> Progress:
    return Progress(
        job_id=job_id,
        account=account,
        run=1,
        attempt=1,
        percent=50.0,
        seconds_done=1.0,
        seconds_total=2.0,
        speed=10.0,
        time=datetime.now(UTC),
    )


async def test_the_stream_ends_with_the_token(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account, lifetime=3) as client, watching(client, "/events") as stream:
        async with asyncio.timeout(10):
            await stream.ended.wait()


async def test_a_stop_ends_streams_lets_uploads_finish_and_is_quick(
    broker: Any, mongodb_url: str, auth: Any, account: str
) -> None:
    gateway = Gateway(broker, mongodb_url, auth)
    await gateway.start()
    go_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield bytes(2_000_000)
        await go_on.wait()
        yield b"the end"

    async with gateway.as_(account) as client, watching(client, "/events") as stream:
        uploading = asyncio.create_task(client.put("/upload/a.mp4", content=slowly()))

        async def is_under_way() -> bool:
            return "tonearm_uploads_in_progress 1.0" in await gateway.metrics()

        await wait_for(is_under_way)
        stopping = asyncio.create_task(gateway.stop())
        await stream.ended.wait()
        refused = await client.put("/upload/b.mp4", content=b"x")
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        go_on.set()
        assert (await uploading).status_code == 202
        code, seconds = await stopping
    assert code == 0
    assert seconds < 8, gateway.lines[-8:]
    assert gateway.lines[-1]["event"] == "stopped"


@pytest.mark.long
async def test_a_stop_does_not_wait_for_an_upload_that_never_ends(
    broker: Any, mongodb_url: str, auth: Any, account: str, database: AsyncDatabase[Any]
) -> None:
    gateway = Gateway(broker, mongodb_url, auth)
    await gateway.start()

    async def for_ever() -> AsyncIterator[bytes]:
        while True:
            yield bytes(200_000)
            await asyncio.sleep(0.05)

    async with gateway.as_(account) as client:
        uploading = asyncio.create_task(client.put("/upload/a.mp4", content=for_ever()))
        await wait_for(lambda: database["videos.chunks"].find_one())
        code, seconds = await gateway.stop()
        uploading.cancel()
    assert code == 0
    assert seconds < 8, gateway.lines[-8:]
    left = await database["videos.chunks"].distinct("files_id")
    noted = await database["videos.pending"].distinct("_id")
    assert set(left) <= set(noted), "what a slow database did not remove in time is the sweeper's"
    assert [line["event"] for line in gateway.lines if line["level"] == "error"] == []
