"""GridFS against the real server, and against the driver's own reader."""

import asyncio
import hashlib
import os
import signal
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from gridfs import AsyncGridFSBucket
from msgspec.structs import asdict
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from infra.local.servers.mongodb import MongoDB
from service.mongodb import connect
from workers.converter.errors import StorageAway, VideoLost
from workers.converter.source.sparse_file import SparseFile
from workers.converter.storage import CHUNK, Maker, Storage

pytestmark = pytest.mark.servers

CONTENT = os.urandom(5 * CHUNK + 4321)
SHA256 = hashlib.sha256(CONTENT).hexdigest()

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
def file() -> Iterator[FileIO]:
    with tempfile.TemporaryFile(buffering=0) as file:
        yield file


async def upload(database: Database, content: bytes = CONTENT, chunk: int = CHUNK) -> None:
    """As any GridFS client would."""
    bucket = AsyncGridFSBucket(database, "videos", chunk_size_bytes=chunk)
    await bucket.upload_from_stream_with_id("v1", "talk.mp4", content)


async def fetch(storage: Storage, file: FileIO, *, size: int, sha256: str) -> None:
    await SparseFile(await storage.open("v1", size=size), file).complete(sha256)


@pytest.mark.parametrize("chunk", [CHUNK, 255 * 1024])
async def test_a_video_arrives_as_it_was_stored(database: Database, file: FileIO, chunk: int) -> None:
    await upload(database, chunk=chunk)
    await fetch(Storage(database), file, size=len(CONTENT), sha256=SHA256)
    file.seek(0)
    assert file.read() == CONTENT


async def test_an_empty_video_arrives_too(database: Database, file: FileIO) -> None:
    await upload(database, b"")
    await fetch(Storage(database), file, size=0, sha256=hashlib.sha256().hexdigest())


async def test_a_video_that_is_gone_is_lost(database: Database, file: FileIO) -> None:
    with pytest.raises(VideoLost, match="no longer stored"):
        await fetch(Storage(database), file, size=1, sha256=SHA256)


@pytest.mark.parametrize("n", [0, 2, 5])
async def test_a_video_with_a_hole_is_damaged(database: Database, file: FileIO, n: int) -> None:
    await upload(database)
    await database["videos.chunks"].delete_one({"files_id": "v1", "n": n})
    with pytest.raises(VideoLost, match="damaged"):
        await fetch(Storage(database), file, size=len(CONTENT), sha256=SHA256)


async def test_a_video_that_is_another_than_was_uploaded_is_damaged(database: Database, file: FileIO) -> None:
    await upload(database, CONTENT[::-1])
    with pytest.raises(VideoLost, match="damaged"):
        await fetch(Storage(database), file, size=len(CONTENT), sha256=SHA256)


async def test_audio_is_readable_by_any_gridfs_client(database: Database, file: FileIO) -> None:
    file.write(CONTENT)
    storage = Storage(database)
    await storage.prepare()
    maker = Maker(account="me", job_id="j1", run=1, attempt=2)
    stored = await storage.keep("a1", file, maker, filename="talk.mp3")
    assert (stored.bytes, stored.sha256, stored.crc32) == (len(CONTENT), SHA256, zlib.crc32(CONTENT))
    out = await AsyncGridFSBucket(database, "audio").open_download_stream("a1")
    assert await out.read() == CONTENT
    assert (out.filename, out.metadata) == ("talk.mp3", asdict(maker))


class Breaking:
    """A file that breaks, or is slow, after some reads."""

    def __init__(self, error: BaseException) -> None:
        self._reads, self._error = 0, error

    def seek(self, at: int) -> int:
        return at

    def read(self, size: int) -> bytes:
        self._reads += 1
        if self._reads > 6:
            raise self._error
        return b"x" * size


async def test_audio_that_cannot_be_stored_whole_leaves_nothing(database: Database) -> None:
    for error in (OSError("broken"), asyncio.CancelledError()):
        with pytest.raises(type(error)):
            await Storage(database).keep(
                "a1",
                Breaking(error),  # type: ignore[arg-type]
                Maker(account="me", job_id="j1"),
                filename="x.mp3",
            )
        assert await database["audio.chunks"].count_documents({}) == 0
        assert await database["audio.files"].count_documents({}) == 0


async def test_a_database_that_is_away_is_trouble_of_ours(file: FileIO) -> None:
    from pymongo import AsyncMongoClient

    async with AsyncMongoClient("mongodb://127.0.0.1:1/x", serverSelectionTimeoutMS=100) as client:
        storage = Storage(client.get_default_database())
        with pytest.raises(StorageAway):
            await fetch(storage, file, size=1, sha256=SHA256)
        with pytest.raises(StorageAway):
            await storage.keep("a1", file, Maker(account="me", job_id="j1"), filename="x.mp3")


def threads(pid: int) -> set[str]:
    """The states of a process's threads. One takes the signal; the others go on until it stops them."""
    states = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            states.add((task / "stat").read_text().rpartition(")")[2].split()[0])
    return states


async def answers(storage: Storage) -> bool:
    try:
        await storage.open("v1", size=1)
    except StorageAway:  # this machine is busy
        return False
    except VideoLost:
        return True
    raise AssertionError("there is a video")


async def test_a_database_that_stands_still_is_away_and_holds_nobody_for_ever(
    tmp_path: Path, file: FileIO
) -> None:
    server = MongoDB(tmp_path)
    try:
        await server.start()
        async with connect(server.url, reach=0.5, answer=0.5) as client:
            storage = Storage(client.get_default_database())
            await wait_for(lambda: answers(storage), message="it answers within its half second")
            assert server.process
            pid = server.process.pid
            assert pid
            os.killpg(pid, signal.SIGSTOP)
            await wait_for(lambda: threads(pid) == {"T"}, message="all its threads stand still")
            async with asyncio.timeout(5):
                with pytest.raises(StorageAway):
                    await storage.open("v1", size=1)
            os.killpg(pid, signal.SIGCONT)
    finally:
        await server.kill()
