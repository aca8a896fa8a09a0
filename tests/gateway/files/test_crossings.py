"""Requests for one upload that cross, in the order that would do harm: what becomes a job has its video."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.options import Options
from events.tasks import cancelled
from gateway.errors import UploadGone
from gateway.files.hashes import RunningHash
from gateway.files.reception import Piece, Reception
from gateway.files.records import Asked, Record, Records, expiry
from gateway.files.writer import Fenced, PieceWriter
from gateway.http.bodies import Limit
from gateway.quotas.door import OPEN
from gateway.storage import BATCH, CHUNK, Bucket
from gateway.uploads.idempotency import Submission
from gateway.uploads.intake import Accepted, Intake
from service.blobs import Blob
from tests.gateway.upkeep.world import ACCOUNT, World, world_of

DATA = os.urandom(600_000)
HALF = 300_000
ASKED = Asked(filename="a.mp4", content_type="video/mp4", options=Options(), given={})
LIFE = 3600.0


@pytest.fixture
async def world(broker: Any, database: AsyncDatabase[Any]) -> AsyncIterator[World]:
    async with world_of(broker, database) as world:
        await world.videos.prepare()  # of two chunks for one place, one is refused
        yield world


async def created(reception: Reception) -> str:
    return (await reception.create(ACCOUNT, ASKED, len(DATA), OPEN)).upload_id


async def whole(_: Limit) -> AsyncIterator[bytes]:
    yield DATA


async def video_of(world: World, job_id: str) -> bytes:
    blob = await world.videos.find(job_id)
    assert blob is not None
    return b"".join([part async for part in world.videos.read(blob, 0, blob.bytes - 1)])


async def chunks_of(world: World) -> set[str]:
    return set(await world.database["videos.chunks"].distinct("files_id"))


class Slow(Intake):
    """Makes no job of an upload before the test lets it."""

    def __init__(self, world: World) -> None:
        super().__init__(world.videos, world.keys, world.publisher, world.live)
        self.asked, self.go = 0, asyncio.Event()

    async def accept_stored(self, account: str, job_id: str, submission: Submission) -> Accepted | None:
        self.asked += 1
        await self.go.wait()
        return await super().accept_stored(account, job_id, submission)


async def test_who_ends_an_upload_whose_last_byte_has_just_come_is_told_that_it_is_a_job(
    world: World,
) -> None:
    intake = Slow(world)
    here, elsewhere = world.reception(intake=intake), world.reception(intake=intake)
    upload_id = await created(here)
    filling = asyncio.create_task(here.receive(ACCOUNT, upload_id, Piece(offset=0, body=whole), OPEN))
    await wait_for(lambda: intake.asked == 1)
    ending = asyncio.create_task(elsewhere.terminate(ACCOUNT, upload_id, OPEN))
    await wait_for(lambda: intake.asked == 2 or ending.done())
    intake.go.set()
    standing, is_ended = await asyncio.gather(filling, ending)
    assert standing.is_job
    assert not is_ended
    assert await video_of(world, upload_id) == DATA
    assert [each.type for each in (await world.view(upload_id)).timeline] == ["job.uploaded"]


class Watched(Records[Record]):
    """Tells that a request has shut the writer out."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        super().__init__(database, Record)
        self.fenced = asyncio.Event()

    async def fence(self, upload_id: str) -> Record | None:
        record = await super().fence(upload_id)
        self.fenced.set()
        return record


class Shelved(Bucket):
    """Reads nothing before the test lets it."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        super().__init__(database, "videos")
        self.bytes_read, self.go = 0, asyncio.Event()

    async def read(self, blob: Blob, first: int, last: int) -> AsyncGenerator[bytes, None]:
        await self.go.wait()
        async for data in super().read(blob, first, last):
            self.bytes_read += len(data)
            yield data


async def test_a_file_whose_hash_is_not_known_is_read_once_whoever_asks_for_its_job(world: World) -> None:
    def part(first: int, last: int) -> Piece:
        async def body(_: Limit) -> AsyncIterator[bytes]:
            yield DATA[first:last]

        return Piece(offset=first, body=body)

    upload_id = await created(world.reception())
    await world.reception().receive(ACCOUNT, upload_id, part(0, HALF), OPEN)
    records, videos = Watched(world.database), Shelved(world.database)
    restarted = world.reception(records=records, videos=videos)
    filling = restarted.receive(ACCOUNT, upload_id, part(HALF, len(DATA)), OPEN)
    asking = [asyncio.create_task(filling)]

    async def has_come() -> bool:
        found = await records.find(upload_id)
        return found is not None and found.is_whole

    await wait_for(has_come)
    asking.append(asyncio.create_task(restarted.stand(ACCOUNT, upload_id)))
    await records.fenced.wait()
    videos.go.set()
    assert [standing.is_job for standing in await asyncio.gather(*asking)] == [True, True]
    assert videos.bytes_read == len(DATA)
    assert (await world.view(upload_id)).video is not None


class Stuck(Records[Record]):
    """Is long about removing the record of an upload that has become a job."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        super().__init__(database, Record)
        self.removing = asyncio.Event()

    async def remove(self, upload_id: str) -> None:
        self.removing.set()
        await asyncio.Event().wait()


async def test_a_request_that_is_cut_off_after_its_job_began_leaves_the_video(world: World) -> None:
    records = Stuck(world.database)
    reception = world.reception(records=records)
    upload_id = await created(reception)
    filling = asyncio.create_task(reception.fill(ACCOUNT, upload_id, Piece(offset=0, body=whole), OPEN))
    await records.removing.wait()
    await cancelled([filling])
    assert (await world.view(upload_id)).video is not None
    assert await video_of(world, upload_id) == DATA


async def test_a_request_that_is_cut_off_before_leaves_nothing(world: World) -> None:
    async def body(_: Limit) -> AsyncIterator[bytes]:
        yield DATA[:HALF]
        raise ConnectionAbortedError

    reception = world.reception()
    upload_id = await created(reception)
    with pytest.raises(ConnectionAbortedError):
        await reception.fill(ACCOUNT, upload_id, Piece(offset=0, body=body), OPEN)
    assert await chunks_of(world) == set()
    with pytest.raises(UploadGone):
        await reception.stand(ACCOUNT, upload_id)


async def test_a_writer_whose_upload_expires_under_it_is_told_so(world: World) -> None:
    after_its_life = datetime.now(UTC) + timedelta(seconds=LIFE + 60)

    async def body(_: Limit) -> AsyncIterator[bytes]:
        yield DATA[:HALF]
        while not await world.unfinished.sweep(after_its_life):
            pass  # the writer has just given a sign
        yield DATA[HALF:]

    reception = world.reception(LIFE)
    upload_id = await created(reception)
    with pytest.raises(UploadGone, match="expired"):
        await reception.receive(ACCOUNT, upload_id, Piece(offset=0, body=body), OPEN)
    assert await world.live.view(upload_id) is None


class Late(Records[Record]):
    """The answers to counts come late."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        super().__init__(database, Record)
        self.counted, self.go = asyncio.Event(), asyncio.Event()

    async def commit(self, record: Record, offset: int, *, expires: datetime) -> Record | None:
        after = await super().commit(record, offset, expires=expires)
        self.counted.set()
        await self.go.wait()
        return after


async def writer_of(world: World, records: Records, length: int = len(DATA)) -> PieceWriter:
    upload = await world.reception().create(ACCOUNT, ASKED, length, OPEN)
    return await next_writer(world, records, upload.upload_id)


async def next_writer(world: World, records: Records, upload_id: str) -> PieceWriter:
    found = await records.find(upload_id)
    assert found is not None
    record = await records.begin(found, length=found.length, expires=expiry(LIFE))
    assert record is not None
    writer = PieceWriter(world.videos, records, record, RunningHash(), checksum=None, life=LIFE)
    await writer.begin()
    return writer


async def test_bytes_that_are_counted_when_the_last_ones_come_shut_nobody_out(world: World) -> None:
    records = Late(world.database)
    writer = await writer_of(world, records)
    await writer.write(DATA[:HALF])
    watching = asyncio.create_task(writer.rest(is_idle=True))
    await records.counted.wait()
    await cancelled([watching])
    records.go.set()
    await writer.write(DATA[HALF:])
    await writer.finish()
    assert writer.record.is_whole
    running = await writer.end()
    assert running is not None
    assert running.position == len(DATA)


@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("begun", [0, CHUNK, 1000])
async def test_a_body_may_end_where_a_batch_does(world: World, begun: int, batches: int) -> None:
    size = batches * BATCH
    writer = await writer_of(world, world.records, size)
    await writer.write(bytes(begun))
    await writer.finish()
    await writer.end()
    writer = await next_writer(world, world.records, writer.record.id)
    await writer.write(bytes(size - begun))
    await writer.finish()
    await writer.end()
    assert writer.record.is_whole
    stored = world.database["videos.chunks"].find({"files_id": writer.record.id})
    assert sum([len(chunk["data"]) async for chunk in stored]) == size


async def test_what_an_ended_uploads_writer_had_on_its_way_is_swept(world: World) -> None:
    writer = await writer_of(world, world.records)
    await writer.write(DATA)
    upload_id = writer.record.id
    assert await world.reception().terminate(ACCOUNT, upload_id, OPEN)
    with pytest.raises(Fenced):
        await writer.finish()
    await writer.end()
    assert await chunks_of(world) == {upload_id}
    await world.sweeper(grace=-2 * LIFE).sweep()
    assert await chunks_of(world) == set()
    assert await world.has_no_notes()
