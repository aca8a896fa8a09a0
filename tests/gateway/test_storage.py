import os
from typing import Any

import pytest
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.errors import Unavailable
from events.ids import new_id
from gateway.errors import BlobDamaged
from gateway.storage import BATCH, CHUNK, Bucket, Writer

DATA = os.urandom(BATCH + 2 * CHUNK + 321)


async def written(bucket: Bucket, data: bytes, piece: int = 300_001) -> str:
    blob_id = new_id()
    writer = Writer(bucket, blob_id)
    for at in range(0, len(data), piece):
        await writer.write(data[at : at + piece])
    assert await bucket.find(blob_id) is None
    await writer.finish(filename="a.mp4", account="owner", job_id=blob_id)
    return blob_id


async def test_what_is_written_can_be_read_by_us_and_by_any_client(database: AsyncDatabase[Any]) -> None:
    bucket = Bucket(database, "videos")
    await bucket.prepare()
    for data in (DATA, DATA[:CHUNK], DATA[:BATCH], DATA[: 2 * CHUNK], DATA[:1]):
        blob_id = await written(bucket, data)
        blob = await bucket.find(blob_id)
        assert blob is not None
        assert (blob.bytes, blob.account, blob.job_id) == (len(data), "owner", blob_id)
        for first, last in ((0, len(data) - 1), (len(data) - 1, len(data) - 1), (0, 0)):
            read = b"".join([chunk async for chunk in bucket.read(blob, first, last)])
            assert read == data[first : last + 1]
        official = AsyncGridFSBucket(database, bucket_name="videos")
        assert await (await official.open_download_stream(blob_id)).read() == data


async def test_ranges_over_chunk_borders_are_exact(database: AsyncDatabase[Any]) -> None:
    bucket = Bucket(database, "videos")
    blob = await bucket.find(await written(bucket, DATA))
    assert blob is not None
    for first, last in (
        (CHUNK - 1, CHUNK),
        (CHUNK, 2 * CHUNK - 1),
        (5, 2 * CHUNK + 5),
        (2 * CHUNK, len(DATA) - 1),
    ):
        assert b"".join([c async for c in bucket.read(blob, first, last)]) == DATA[first : last + 1]


@pytest.mark.parametrize("missing", [0, 1, 2])
async def test_a_missing_chunk_is_an_error_and_not_a_shorter_file(
    database: AsyncDatabase[Any], missing: int
) -> None:
    bucket = Bucket(database, "videos")
    blob = await bucket.find(await written(bucket, DATA))
    assert blob is not None
    await bucket.chunks.delete_one({"files_id": blob.id, "n": missing})
    with pytest.raises(BlobDamaged):
        [chunk async for chunk in bucket.read(blob, 0, blob.bytes - 1)]


async def test_a_file_that_was_swept_while_it_was_written_is_refused(database: AsyncDatabase[Any]) -> None:
    bucket = Bucket(database, "videos")
    writer = Writer(bucket, new_id())
    await writer.write(DATA)
    await wait_for(lambda: bucket.chunks.count_documents({"n": 0}))
    await database["videos.pending"].update_many({}, {"$set": {"swept": True}})
    await bucket.chunks.delete_many({})
    with pytest.raises(Unavailable):
        await writer.finish(filename="a.mp4", account="owner", job_id="job")
    await writer.discard()
    assert await bucket.files.count_documents({}) == 0
    assert await database["videos.pending"].count_documents({}) == 0


async def test_a_discarded_file_leaves_nothing(database: AsyncDatabase[Any]) -> None:
    bucket = Bucket(database, "videos")
    writer = Writer(bucket, new_id())
    await writer.write(DATA)
    await writer.discard()
    assert await bucket.chunks.count_documents({}) == 0


async def test_a_database_that_is_away_is_said_so() -> None:
    from pymongo import AsyncMongoClient

    async with AsyncMongoClient("mongodb://127.0.0.1:9", serverSelectionTimeoutMS=100) as client:
        with pytest.raises(Unavailable):
            await Bucket(client["x"], "videos").find("y")
