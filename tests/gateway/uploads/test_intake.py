"""Blob, event, answer: what stays when it breaks in between. And keys that several want at once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Event
from events.errors import Unavailable
from events.ids import new_id
from events.log import topology
from events.log.bounds import bounds
from events.log.publisher import Publisher
from events.log.reader import StreamReader
from events.log.stream import First
from events.options import Format, Options
from events.projections.job_view import State
from events.tasks import cancelled
from events.views.store import JobViews
from gateway.errors import BodyCutOff, EmptyFile, KeyInUse, MaybeAccepted
from gateway.jobs.live import LiveJobs
from gateway.storage import Bucket, Content
from gateway.uploads.idempotency import LEASE, IdempotencyKeys, Submission
from gateway.uploads.intake import Intake, Upload
from gateway.uploads.options import Wish
from infra.local.ports import free_port
from infra.local.servers.mongodb import MongoDB
from service.mongodb import connect

KNOWN = Submission(filename="a", content_type="b", content=Content(bytes=1, sha256="c"))


def upload(account: str, *chunks: bytes) -> Upload:
    async def coming() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return Upload(
        account=account,
        filename="a.mp4",
        content_type="video/mp4",
        wish=Wish(Options(), {}),
        chunks=coming(),
    )


async def test_an_upload_the_log_did_not_confirm_is_settled_by_its_repetition(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs
) -> None:
    videos, keys, account = Bucket(database, "videos"), IdempotencyKeys(database), new_id()
    nowhere = Publisher(f"amqp://127.0.0.1:{free_port()}/", name="test", timeout=0.2, attempts=1)
    with pytest.raises(MaybeAccepted) as unknown:
        await Intake(videos, keys, nowhere, live).accept(upload(account, b"video"), "key")
    job_id = unknown.value.job_id
    assert await videos.find(job_id) is not None
    assert await live.view(job_id) is None

    async with Publisher(broker.url, name="test") as publisher:
        accepted = await Intake(videos, keys, publisher, live).accept(upload(account, b"video"), "key")
        again = await Intake(videos, keys, publisher, live).accept(upload(account, b"video"), "key")
    assert accepted.job_id == again.job_id == job_id
    view = await live.view(job_id)
    assert view is not None
    assert view.state is State.UPLOADED
    assert await videos.files.count_documents({}) == 1


async def test_an_upload_is_answered_once_it_is_seen_here(
    broker: Any, database: AsyncDatabase[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.uploads.intake._SEEN_WITHIN", 30.0)
    await topology.declare(broker.url)
    live = LiveJobs(JobViews(database), broker.stream_url)
    async with Publisher(broker.url, name="test") as publisher:
        uploads = Intake(Bucket(database, "videos"), IdempotencyKeys(database), publisher, live)
        accepting = asyncio.create_task(uploads.accept(upload(new_id(), b"video"), None))
        await wait_for(lambda: bounds(broker.stream_url))
        assert not accepting.done()
        following = asyncio.create_task(live.run())
        assert await live.view((await accepting).job_id) is not None
        await cancelled([following])


async def test_a_crash_after_the_event_makes_no_second_job(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs
) -> None:
    videos, keys, account = Bucket(database, "videos"), IdempotencyKeys(database), new_id()
    async with Publisher(broker.url, name="test") as publisher:
        uploads = Intake(videos, keys, publisher, live)
        first = await uploads.accept(upload(account, b"video"), "key")
        # As if the process had died before it noted that the event is in the log.
        await database["idempotency_keys"].update_one({}, {"$set": {"done": False, "until": 0.0}})
        again = await uploads.accept(upload(account, b"video"), "key")
    assert first == again
    view = await live.view(first.job_id)
    assert view is not None
    assert len(view.timeline) == 1
    reader = StreamReader(broker.stream_url, First())
    async for batch in reader.batches():
        assert len({record.body for record in batch}) <= 2
        break


async def test_a_refused_upload_frees_its_key(
    broker: Any, database: AsyncDatabase[Any], live: LiveJobs
) -> None:
    videos, keys, account = Bucket(database, "videos"), IdempotencyKeys(database), new_id()
    async with Publisher(broker.url, name="test") as publisher:
        uploads = Intake(videos, keys, publisher, live)
        with pytest.raises(EmptyFile):
            await uploads.accept(upload(account), "key")
        assert (await uploads.accept(upload(account, b"video"), "key")).bytes == 5


async def test_of_many_that_want_a_key_one_gets_it(database: AsyncDatabase[Any]) -> None:
    keys = IdempotencyKeys(database)
    answers = await asyncio.gather(*(keys.claim("account", "key") for _ in range(10)), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert all(isinstance(answer, KeyInUse) for answer in answers if isinstance(answer, BaseException))


async def test_who_was_given_up_for_dead_cannot_finish(database: AsyncDatabase[Any]) -> None:
    keys = IdempotencyKeys(database, lease=0.0)
    slow = await keys.claim("account", "key")
    next_one = await keys.claim("account", "key")
    assert next_one.job_id == slow.job_id
    assert next_one.video_id != slow.video_id
    with pytest.raises(KeyInUse):
        await keys.store(slow, KNOWN)
    await keys.release(slow)
    await keys.store(next_one, KNOWN)
    after_a_crash = await keys.claim("account", "key")
    assert (after_a_crash.submission, after_a_crash.video_id) == (KNOWN, next_one.video_id)


def test_a_repetition_is_known_by_what_it_named_itself() -> None:
    before = replace(KNOWN, given={"speed": "2"}, options=Options(speed=2.0))
    assert before.asks_for(Wish(Options(speed=2.0, format=Format.FLAC), {"speed": "2"}))
    assert not before.asks_for(Wish(Options(speed=2.0), {}))
    fields = msgspec.to_builtins(KNOWN)
    del fields["given"]
    old = msgspec.convert(fields, Submission)
    assert old.asks_for(Wish(Options(), {"speed": "1"}))
    assert not old.asks_for(Wish(Options(speed=2.0), {}))


async def test_keys_without_a_database_are_unavailable() -> None:
    from pymongo import AsyncMongoClient

    async with AsyncMongoClient("mongodb://127.0.0.1:9", serverSelectionTimeoutMS=100) as client:
        with pytest.raises(Unavailable):
            await IdempotencyKeys(client["x"]).claim("account", "key")


class Slow:
    """A log that confirms when it is let."""

    def __init__(self, publisher: Publisher) -> None:
        self.asked, self.let, self._publisher = asyncio.Event(), asyncio.Event(), publisher

    async def expect(self, job_id: str, account: str) -> None:
        await self._publisher.expect(job_id, account)

    async def publish(self, event: Event) -> None:
        self.asked.set()
        await self.let.wait()
        await self._publisher.publish(event)


@pytest.mark.parametrize("confirms", [True, False])
async def test_a_stop_while_the_log_is_told_says_what_became_of_the_job(
    broker: Any,
    database: AsyncDatabase[Any],
    live: LiveJobs,
    confirms: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if confirms:
        monkeypatch.setattr("gateway.uploads.intake._STOP_WITHIN", 30.0)
    async with Publisher(broker.url, name="test") as publisher:
        slow = Slow(publisher)
        uploads = Intake(Bucket(database, "videos"), IdempotencyKeys(database), slow, live)  # type: ignore[arg-type]
        accepting = asyncio.create_task(uploads.accept(upload(new_id(), b"video"), None))
        await slow.asked.wait()
        if confirms:
            asyncio.get_running_loop().call_later(0.1, slow.let.set)
        accepting.cancel()
        if confirms:
            assert (await accepting).state is State.UPLOADED
        else:
            with pytest.raises(MaybeAccepted, match="may or may not exist"):
                await accepting


async def frozen(server: MongoDB) -> int:
    """Stop the database where it stands; its process group."""
    assert server.process
    assert server.process.pid
    os.killpg(server.process.pid, signal.SIGSTOP)
    states = Path(f"/proc/{server.process.pid}/stat")
    await wait_for(lambda: states.read_text().rpartition(")")[2].split()[0] == "T")
    return server.process.pid


@pytest.mark.parametrize("freezes", ["before the key is taken", "while the video comes"])
async def test_after_a_freeze_of_the_database_a_repetition_is_let_in(
    broker: Any, live: LiveJobs, tmp_path: Path, freezes: str
) -> None:
    """Its first attempt has ended. The lease of a minute is for attempts whose process died."""
    server, account = MongoDB(tmp_path), new_id()
    try:
        await server.start()
        async with connect(server.url, answer=1.0) as client, Publisher(broker.url, name="test") as publisher:
            database = client.get_default_database("x")
            uploads = Intake(Bucket(database, "videos"), IdempotencyKeys(database), publisher, live)

            async def cut_off() -> AsyncIterator[bytes]:
                group.append(await frozen(server))
                yield b"vid"
                raise BodyCutOff("the client did not wait")

            group: list[int] = []
            first = replace(upload(account), chunks=cut_off())
            if freezes == "before the key is taken":
                group.append(await frozen(server))
                first = upload(account, b"video")
            with pytest.raises((Unavailable, BodyCutOff)):
                await uploads.accept(first, "key")
            os.killpg(group[0], signal.SIGCONT)

            async def repeated() -> bool:
                try:
                    return bool(await uploads.accept(upload(account, b"video"), "key"))
                except (Unavailable, KeyInUse):  # not awake yet, or only just
                    return False

            await wait_for(repeated, LEASE / 4)
    finally:
        await server.kill()
