"""From the real database through the real ffmpeg: the same bytes as from the whole file, for less."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from gridfs import AsyncGridFSBucket
from media import FFMPEG, H264, Studio, ffmpeg, open_files, tone
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from workers.converter.errors import DiskFull, StorageAway, VideoLost
from workers.converter.source.source import HEAD, SMALL, TAIL, Source, open_source
from workers.converter.storage import Storage

pytestmark = pytest.mark.servers

Database = AsyncDatabase[dict[str, Any]]

CHUNK = 255 * 1024
SECONDS = 12
RICH = [
    *("-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=25:duration={SECONDS}", *tone(seconds=SECONDS)),
    *("-vf", "noise=alls=20:allf=t", *H264, "-b:v", "25M", "-minrate", "25M", "-maxrate", "25M"),
    *("-bufsize", "5M", "-c:a", "aac", "-metadata", "title=A walk"),
]
"""25 Mbit/s."""
COARSE = ["-chunk_duration", "1000000"]


@pytest.fixture(scope="module")
def rich(studio: Studio) -> Path:
    """What the others are made from without encoding again."""
    path = studio.write("rich.mp4", b"")
    ffmpeg("-y", *RICH, str(path))
    return path


def remuxed(studio: Studio, rich: Path, name: str, *arguments: str) -> bytes:
    path = studio.write(name, b"")
    ffmpeg("-y", "-i", str(rich), "-c", "copy", *arguments, str(path))
    return path.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[FileIO]:
    with tempfile.TemporaryFile(dir=tmp_path, buffering=0) as file:
        yield file


def any_room(size: int) -> None:
    assert size >= 0


async def stored(database: Database, content: bytes) -> None:
    bucket = AsyncGridFSBucket(database, "videos", chunk_size_bytes=CHUNK)
    await bucket.upload_from_stream_with_id("v1", "talk.mp4", content)


async def source_of(database: Database, content: bytes, file: FileIO, *, sha256: str = "") -> Source:
    if await database["videos.files"].find_one({"_id": "v1"}) is None:
        await stored(database, content)
    video = await Storage(database).open("v1", size=len(content))
    sha256 = sha256 or hashlib.sha256(content).hexdigest()
    return await open_source(video, file, sha256=sha256, room=any_room)


async def sound_of(stdin: FileIO) -> bytes:
    """What ffmpeg makes of its standard input."""
    arguments = ["-v", "quiet", "-fd", "0", "-i", "fd:", "-map", "0:a:0", "-c:a", "flac", "-bitexact"]
    with tempfile.TemporaryFile(buffering=0) as out:
        process = await asyncio.create_subprocess_exec(
            *(FFMPEG, *arguments, "-f", "flac", "-y", "-fd", "1", "fd:"), stdin=stdin, stdout=out
        )
        try:
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
        out.seek(0)
        sound = out.read()
    assert len(sound) > 10_000
    return sound


async def sound_of_whole(content: bytes) -> bytes:
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(content)
        file.seek(0)
        return await sound_of(file)


SPARSE = {
    "coarse.mp4": COARSE,
    "coarse-first.mp4": [*COARSE, "-movflags", "+faststart"],
    "coarse.mov": COARSE,
    "fragments.mp4": ["-movflags", "+frag_keyframe+empty_moov", "-frag_duration", "1000000"],
}
LONG = ("coarse-first.mp4", "coarse.mov")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in SPARSE]
)
async def test_a_file_with_holes_sounds_the_same_for_an_eighth_of_the_bytes(
    database: Database, studio: Studio, rich: Path, file: FileIO, name: str
) -> None:
    content = remuxed(studio, rich, name, *SPARSE[name])
    source = await source_of(database, content, file)
    assert source.stream is None
    assert await sound_of(source.file) == await sound_of_whole(content)
    assert source.fetched <= 0.12 * len(content)
    assert os.fstat(file.fileno()).st_blocks * 512 <= 0.13 * len(content)
    assert os.fstat(file.fileno()).st_size == len(content)


async def test_where_all_has_to_be_fetched_it_is_checked_and_only_the_sound_is_kept(
    database: Database, studio: Studio, rich: Path, file: FileIO
) -> None:
    content = remuxed(studio, rich, "fine.mp4")
    source = await source_of(database, content, file)
    assert source.fetched <= len(content) + 3 * CHUNK
    assert await sound_of(source.file) == await sound_of_whole(content)
    assert os.fstat(file.fileno()).st_blocks * 512 <= 0.13 * len(content)
    await source.complete()
    assert source.whole
    assert source.file.read() == content
    with pytest.raises(VideoLost, match="damaged"), tempfile.TemporaryFile(buffering=0) as other:
        await source_of(database, content, other, sha256="0" * 64)


async def test_a_pipe_sounds_the_same_and_takes_no_disk(
    database: Database, studio: Studio, rich: Path, file: FileIO
) -> None:
    content = remuxed(studio, rich, "x.mkv")
    source = await source_of(database, content, file)
    assert source.stream is not None
    async with source.stream() as stdin:
        assert await sound_of(stdin) == await sound_of_whole(content)
    assert source.fetched == len(content), "and nothing twice"
    assert os.fstat(file.fileno()).st_blocks * 512 <= HEAD + TAIL + 3 * CHUNK


async def test_what_matroska_tells_at_the_end_is_told_through_the_pipe_too(
    database: Database, studio: Studio, rich: Path, file: FileIO
) -> None:
    content = tags_last(remuxed(studio, rich, "late.mkv"))
    assert b"A walk" in await sound_of_whole(content)
    source = await source_of(database, content, file)
    assert source.stream is not None
    async with source.stream() as stdin:
        assert await sound_of(stdin) == await sound_of_whole(content)


INFO, TRACKS, TAGS = (bytes.fromhex(each) for each in ("1549a966", "1654ae6b", "1254c367"))


def tags_last(mkv: bytes) -> bytes:
    """Move the tags behind the clusters, as mkvmerge does; nothing else changes its place."""
    seeks, cluster = mkv.index(bytes.fromhex("114d9b74")), mkv.index(bytes.fromhex("1f43b675"))
    body, places = seeks, {}
    for kind in (INFO, TRACKS, TAGS):
        told = mkv.index(b"\x53\xab\x84" + kind + b"\x53\xac") + 9
        places[kind] = body + int.from_bytes(mkv[told + 1 : told + 1 + (mkv[told] & 0x7F)])
    tags = mkv[places[TAGS] : cluster]
    end = len(mkv) - body
    entries = b"".join(
        element("4dbb", element("53ab", kind), element("53ac", at.to_bytes(8)))
        for kind, at in ((INFO, places[INFO] - body), (TRACKS, places[TRACKS] - body), (TAGS, end))
    )
    seek_head = element("114d9b74", entries)
    before = seek_head + element("ec", bytes(places[INFO] - seeks - len(seek_head) - 9))
    gone = element("ec", bytes(len(tags) - 9))
    size = (end + len(tags) | 1 << 56).to_bytes(8)
    return mkv[: body - 8] + size + before + mkv[places[INFO] : places[TAGS]] + gone + mkv[cluster:] + tags


def element(name: str, *inner: bytes) -> bytes:
    body = b"".join(inner)
    return bytes.fromhex(name) + (len(body) | 1 << 56).to_bytes(8) + body


async def test_small_videos_are_fetched_whole(database: Database, studio: Studio, file: FileIO) -> None:
    content = studio.make("moov-first.mp4").read_bytes()
    assert len(content) < SMALL
    source = await source_of(database, content, file)
    assert source.file.read() == content
    assert source.fetched == len(content)


async def test_a_cut_video_is_recognised_from_its_ends(
    database: Database, studio: Studio, rich: Path, file: FileIO
) -> None:
    content = remuxed(studio, rich, "x.mkv")[:-5_000_000]
    source = await source_of(database, content, file)
    assert source.structure.cut
    assert source.fetched < len(content) / 2


async def heard(source: Source) -> None:
    """What ffmpeg makes of it, whatever that is, is not to be told as a success."""
    assert source.stream is not None
    async with source.stream() as stdin:
        await sound_of(stdin)


@pytest.mark.parametrize("n", [0, 20, 100])
async def test_a_chunk_that_is_missing_or_short_is_a_lost_video_not_a_short_sound(
    database: Database, studio: Studio, rich: Path, file: FileIO, n: int
) -> None:
    content = remuxed(studio, rich, "x.ts")
    await source_of(database, content, file)
    file.truncate(0)
    which = {"files_id": "v1", "n": n}
    await database["videos.chunks"].update_one(which, {"$set": {"data": b"short"}})
    with pytest.raises(VideoLost, match="damaged"):
        await heard(await source_of(database, content, file))


async def test_another_video_than_was_uploaded_is_noticed_at_the_end_of_the_pipe(
    database: Database, studio: Studio, rich: Path, file: FileIO
) -> None:
    source = await source_of(database, remuxed(studio, rich, "x.ts"), file, sha256="0" * 64)
    with pytest.raises(VideoLost, match="damaged"):
        await heard(source)


async def test_a_reader_who_leaves_early_stops_the_pipe(
    database: Database, studio: Studio, rich: Path, file: FileIO, tmp_path: Path
) -> None:
    content = remuxed(studio, rich, "x.ts")
    source = await source_of(database, content, file)
    assert source.stream is not None
    async with source.stream() as stdin:
        assert (await asyncio.to_thread(os.read, stdin.fileno(), 188))[:1] == b"G"
    assert source.fetched < len(content)
    with pytest.raises(LookupError):
        async with source.stream() as stdin:
            raise LookupError
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), source.stream() as stdin:
            await asyncio.Event().wait()
    assert len(open_files(tmp_path)) == 1
    assert all(task is asyncio.current_task() or "_fill" not in repr(task) for task in asyncio.all_tasks())


async def test_looking_at_a_video_needs_none_of_the_threads_that_it_waits_for(
    database: Database, mongodb_url: str, studio: Studio, rich: Path, file: FileIO
) -> None:
    content = remuxed(studio, rich, "coarse.mp4", *COARSE)
    await stored(database, content)

    async def opened() -> Source:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        async with asyncio.timeout(10), AsyncMongoClient(mongodb_url) as client:
            return await source_of(client.get_default_database(), content, file)

    source = await asyncio.to_thread(asyncio.run, opened())
    assert 0 < source.fetched < len(content) / 2


async def test_no_room_is_told_before_anything_is_written(
    database: Database, studio: Studio, rich: Path, file: FileIO
) -> None:
    content = remuxed(studio, rich, "fine.mp4")
    await source_of(database, content, file)

    def no_room(size: int) -> None:
        raise DiskFull(f"{size}")

    video = await Storage(database).open("v1", size=len(content))
    with tempfile.TemporaryFile(buffering=0) as other, pytest.raises(DiskFull):
        await open_source(video, other, sha256="", room=no_room)


async def test_a_database_that_goes_away_is_trouble_of_ours(
    database: Database, studio: Studio, rich: Path, file: FileIO
) -> None:
    content = remuxed(studio, rich, "x.ts")
    source = await source_of(database, content, file)
    await database.client.close()
    with pytest.raises(StorageAway):
        await heard(source)
