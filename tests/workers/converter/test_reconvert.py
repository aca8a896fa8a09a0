"""`tonearm replay reconvert` on a real log: the same bytes come out again, or it says what is different."""

import asyncio
import hashlib
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from gridfs import AsyncGridFSBucket
from media import Studio
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import job_event
from events.ids import new_id
from events.log import topology
from events.log.publisher import Publisher
from events.options import Chapters, Cover, Format, Options
from events.types import JobConverted, JobUploaded
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.ffmpeg.engine import Engine
from workers.converter.source.input import Input
from workers.converter.workshop import Workshop

pytestmark = pytest.mark.servers

Database = AsyncDatabase[dict[str, Any]]


async def nobody_listens(*_: object) -> None: ...


async def made(database: Database, engine: Engine, workshop: Workshop, video: Path, options: Options) -> Any:
    """Store a video and convert it as a worker does; returns its id and what the log would be told."""
    job_id, content = new_id(), video.read_bytes()
    await AsyncGridFSBucket(database, "videos").upload_from_stream_with_id(job_id, video.name, content)
    uploaded = JobUploaded(
        filename=video.name,
        content_type="video/mp4",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        video_id=job_id,
        options=options,
    )
    with workshop.bench(len(content)) as (source, target):
        source.write(content)
        done = await convert(Task(Equipment(engine), Input.of(source), target, options))
        target.seek(0)
        sha256 = hashlib.file_digest(target, "sha256").hexdigest()
    converted = JobConverted(
        run=1,
        attempt=1,
        audio_id=new_id(),
        bytes=1,
        sha256=sha256,
        duration_seconds=done.duration_seconds,
        bit_rate=1,
        sample_rate=done.sample_rate,
        channels=done.channels,
        seconds_spent=0.1,
        engine=engine.name,
        format=options.format,
        source_sha256=uploaded.sha256,
        options=options,
        arguments=done.arguments,
    )
    return job_id, uploaded, converted


@pytest.mark.long
async def test_what_was_converted_comes_out_again_or_it_is_said_why_not(
    broker: Broker, database: Database, mongodb_url: str, engine: Engine, workshop: Workshop, studio: Studio
) -> None:
    video = studio.make("moov-first.mp4")
    await topology.declare(broker.url)
    jobs = [
        await made(database, engine, workshop, video, Options()),
        await made(
            database,
            engine,
            workshop,
            video,
            Options(format=Format.FLAC, speed=1.5, chapters=Chapters.SPLIT, cover=Cover.FRAME),
        ),
        await made(database, engine, workshop, video, Options(format=Format.OPUS)),
        await made(database, engine, workshop, video, Options()),
    ]
    same, flac, tampered, lost = (job_id for job_id, _, _ in jobs)
    await database["videos.files"].delete_one({"_id": lost})
    async with Publisher(broker.url, name="test") as publisher:
        for job_id, uploaded, converted in jobs:
            if job_id == tampered:
                converted = replace(converted, sha256="0" * 64, engine="ffmpeg of old")
            for payload in (uploaded, converted):
                await publisher.publish(job_event(payload, job_id=job_id, account="me", source="test"))

    async def reconvert(*arguments: str) -> tuple[int, str]:
        servers = {
            "RABBITMQ_URL": broker.url,
            "STREAM_URL": broker.stream_url,
            "MONGODB_URL": mongodb_url,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli.main", "replay", "reconvert", *arguments),
            env={**os.environ, **servers},
            stdout=PIPE,
            stderr=PIPE,
        )
        out, err = await process.communicate()
        assert b"Traceback" not in err, err.decode()
        return process.returncode or 0, out.decode()

    code, out = await reconvert("--job", same, "--job", flac)
    assert (code, out.splitlines()[-1]) == (0, "2 same, 0 different, 0 lost")
    code, out = await reconvert("--job", tampered)
    assert code == 1
    assert f"different  {tampered}  run 1  {'0' * 64} then, " in out
    assert f"then ffmpeg of old, now {engine.name}" in out
    code, out = await reconvert("--sample", "9")
    assert (code, out.splitlines()[-1]) == (1, "2 same, 1 different, 1 lost")
    assert (await reconvert("--job", "nobody"))[0] == 66
    assert (await reconvert("--sample=-1"))[0] == 2
    assert await database.list_collection_names(filter={"name": {"$regex": "^audio"}}) == []
