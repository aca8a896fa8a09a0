"""`reading`: what a worker's disk and the database give for a big video of every ordinary container.

A database of its own, and the converter's own way from GridFS to a file. Each at 25 Mbit/s.
"""

import asyncio
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from gridfs import AsyncGridFSBucket
from pymongo.asynchronous.database import AsyncDatabase

from bench import media
from bench.blocks import MB
from bench.filewise import bare
from bench.measure import Options, Say
from bench.stack import private_directory
from bench.table import Row, Trial
from events.ids import new_id
from infra.local.servers.mongodb import MongoDB
from service.mongodb import connect
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.ffmpeg.engine import find_engine
from workers.converter.source.source import open_source
from workers.converter.storage import Storage

SIZE = 4_000 * MB
CHUNK = 255 * 1024
KINDS = {
    "MP4, sound and pictures by the frame": ("fine.mp4", ()),
    "MP4, sound in pieces of a second": ("coarse.mp4", ("-chunk_duration", "1000000")),
    "MKV": ("x.mkv", ()),
    "TS": ("x.ts", ()),
}


async def measure(options: Options, say: Say) -> list[Row]:
    """Go through the containers once, as most figures are bytes and not times."""
    size, rows = options.scaled(SIZE, 40 * MB), list[Row]()
    async with private_directory() as directory:
        source = await asyncio.to_thread(media.rich, directory)
        server = MongoDB(directory / "mongodb")
        try:
            await server.start()
            async with connect(server.url, answer=900.0) as client:  # to drop 4 GB takes long
                for name, (file, arguments) in KINDS.items():
                    say(f"reading: {name}, {size / MB:,.0f} MB")
                    path = await asyncio.to_thread(media.looped, source, size, file, *arguments)
                    try:
                        rows += await _measured(client.get_default_database(), path, name, say)
                    finally:
                        path.unlink()
                    await client.drop_database(client.get_default_database().name)
        finally:
            await server.kill()
    return rows


async def _measured(database: AsyncDatabase[dict[str, Any]], path: Path, name: str, say: Say) -> list[Row]:
    size, video_id = path.stat().st_size, new_id()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        bucket = AsyncGridFSBucket(database, "videos", chunk_size_bytes=CHUNK)
        await bucket.upload_from_stream_with_id(video_id, path.name, file)
    engine = await find_engine()
    with (
        tempfile.TemporaryFile(dir=path.parent, buffering=0) as scratch,
        tempfile.TemporaryFile(dir=path.parent, buffering=0) as target,
    ):
        begin = time.perf_counter()
        video = await Storage(database).open(video_id, size=size)
        source = await open_source(video, scratch, sha256=sha256, room=lambda _: None)
        opened = time.perf_counter() - begin
        await convert(Task(Equipment(engine), source.input, target))
        spent = time.perf_counter() - begin
        disk = os.fstat(scratch.fileno()).st_blocks * 512
    say(f"reading: {name}: {disk / MB:,.0f} MB of disk; {spent:.1f} s, {opened:.1f} s before ffmpeg began")
    return [
        _row(f"{name}: disk", "MB", disk / MB, "the video", size / MB),
        _row(f"{name}: fetched", "MB", source.fetched / MB, "the video", size / MB),
        _row(
            f"{name}: fetched and converted",
            "s",
            spent,
            "bare ffmpeg -q:a 2 on a local file",
            await bare(path),
        ),
    ]


def _row(name: str, unit: str, value: float, against: str, reference: float) -> Row:
    return Row(
        measure=f"reading: {name}",
        unit=unit,
        better="less",
        against=against,
        trials=(Trial(value, reference),),
    )
