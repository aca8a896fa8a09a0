"""The converter as the process that runs it, between a real broker and a real database."""

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import canaries
import pytest
from broker import Broker
from gridfs import AsyncGridFSBucket
from media import Studio, processes_of
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Event, decode, job_event
from events.ids import new_id
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.options import DEFAULT, Options
from events.types import (
    DeletionReason,
    FailureCode,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobPayload,
    JobRetrying,
    JobStarted,
    JobUploaded,
)
from events.views.projector import Projector

pytestmark = pytest.mark.servers


def _type(payload: JobPayload) -> str:
    return payload.TYPE


Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
async def told(broker: Broker) -> AsyncIterator[list[Event]]:
    """What the log is told, in order."""
    told: list[Event] = []
    await topology.declare(broker.url)
    async with amqp.connected(broker.url, name="test") as connection:
        channel = await connection.channel()
        await channel.call("queue_declare", queue="told", durable=False)
        await channel.call("queue_bind", queue="told", exchange=topology.EXCHANGE, routing_key="#")
        await channel.consume("told", lambda method, properties, body: told.append(decode(body)))
        yield told


@pytest.fixture
async def converter(
    broker: Broker, mongodb_url: str, tmp_path: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        **{"RABBITMQ_URL": broker.url, "MONGODB_URL": mongodb_url, "PATH": os.environ["PATH"]},
        "WORK_DIR": str(tmp_path / "work"),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.converter"), env=environment, stdout=asyncio.subprocess.PIPE
    )
    yield process
    if process.returncode is None:
        process.kill()
    output, _ = await process.communicate()
    canaries.hear("converter", output.splitlines())


@pytest.fixture
async def projector(broker: Broker, database: Database) -> AsyncIterator[None]:
    """Keeps the views in step with the log, as a gateway does."""
    await topology.declare(broker.url)
    projector, stop = Projector(database, broker.stream_url, holder="test"), asyncio.Event()
    projecting = asyncio.create_task(projector.run(stop))
    yield
    stop.set()
    await projecting


async def tell(broker: Broker, job_id: str, payload: JobPayload) -> None:
    async with Publisher(broker.url, name="test") as publisher:
        await publisher.publish(job_event(payload, job_id=job_id, account="me", source="test"))


async def upload(broker: Broker, database: Database, video: Path, options: Options = DEFAULT) -> str:
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
    await tell(broker, job_id, uploaded)
    return job_id


async def test_videos_come_out_of_the_queue_and_their_ends_go_into_the_log(
    converter: asyncio.subprocess.Process,
    broker: Broker,
    database: Database,
    told: list[Event],
    studio: Studio,
) -> None:
    good = await upload(broker, database, studio.make("moov-last.mp4"))
    bad = await upload(broker, database, studio.make("silent.mp4"))
    await wait_for(lambda: len(told) == 8)
    story = {job: [event.type for event in told if event.subject == job] for job in (good, bad)}
    assert story[good] == ["job.uploaded", "job.started", "job.probed", "job.converted"]
    assert story[bad] == ["job.uploaded", "job.started", "job.probed", "job.failed"]
    ends = [event.payload() for event in told if event.type in (JobConverted.TYPE, JobFailed.TYPE)]
    assert {end.code for end in ends if isinstance(end, JobFailed)} == {FailureCode.NO_AUDIO}
    assert await wait_for(lambda: _empty(broker))


async def test_a_stop_in_the_middle_hands_the_video_back_and_leaves_nothing(
    converter: asyncio.subprocess.Process,
    broker: Broker,
    database: Database,
    told: list[Event],
    studio: Studio,
    tmp_path: Path,
) -> None:
    encoded = Options(copy=False)  # to copy even four hours may be done before the worker has to stop
    job_id = await upload(broker, database, studio.endless(), encoded)
    await wait_for(lambda: _under_way(told, job_id) and _programs(converter))
    helpers = processes_of(converter.pid)
    converter.send_signal(signal.SIGTERM)
    async with asyncio.timeout(8):
        output, _ = await converter.communicate()
    assert converter.returncode == 0
    assert b'"event":"started"' in output.splitlines()[0]
    assert b"ffmpeg n" in output.splitlines()[0]
    assert b'"event":"stopped"' in output.splitlines()[-1]
    await wait_for(lambda: not [pid for pid in helpers if Path(f"/proc/{pid}").exists()])
    assert list((tmp_path / "work").iterdir()) == []
    assert await wait_for(lambda: broker.depth(topology.VIDEO)) == 1
    assert await database["audio.chunks"].count_documents({}) == 0


@pytest.mark.parametrize(
    "withdrawal", [JobCancelled(run=1), JobDeleted(reason=DeletionReason.USER)], ids=_type
)
async def test_who_withdraws_a_job_stops_all_that_is_at_work_on_it_and_the_next_one_begins(
    projector: None,
    converter: asyncio.subprocess.Process,
    broker: Broker,
    database: Database,
    told: list[Event],
    studio: Studio,
    tmp_path: Path,
    withdrawal: JobPayload,
) -> None:
    job_id = await upload(broker, database, studio.endless(), Options(copy=False))
    await wait_for(lambda: _under_way(told, job_id) and _programs(converter))
    await tell(broker, job_id, withdrawal)
    await wait_for(lambda: not _programs(converter))
    await wait_for(lambda: not _held(converter, tmp_path / "work"))
    other = await upload(broker, database, studio.make("silent.mp4"))
    await wait_for(lambda: (other, JobFailed.TYPE) in [(event.subject, event.type) for event in told])
    assert not {JobConverted.TYPE, JobFailed.TYPE, JobRetrying.TYPE} & {
        event.type for event in told if event.subject == job_id
    }
    assert await database["audio.chunks"].count_documents({}) == 0
    assert await wait_for(lambda: _empty(broker))


def _under_way(told: list[Event], job_id: str) -> bool:
    """Return True once a job was begun: a converter that starts tries ffmpeg, too."""
    return (job_id, JobStarted.TYPE) in [(event.subject, event.type) for event in told]


def _programs(converter: asyncio.subprocess.Process) -> list[int]:
    """Return the processes of ffmpeg that a converter has."""
    return [pid for pid in processes_of(converter.pid) if _is_ffmpeg(pid)]


def _held(converter: asyncio.subprocess.Process, folder: Path) -> list[str]:
    """Return the files in a folder, named or not, that a converter or its programs have open."""
    found = []
    for pid in (converter.pid, *processes_of(converter.pid)):
        with suppress(OSError):
            links = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()]
            found += [link for link in links if link.startswith(str(folder))]
    return found


def _is_ffmpeg(pid: int) -> bool:
    try:
        return b"ffmpeg" in Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0]
    except OSError:
        return False


async def _empty(broker: Broker) -> bool:
    return await broker.depth(topology.VIDEO) == 0


async def test_a_bad_setting_is_named_and_nothing_starts() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.converter"),
        env={"RABBITMQ_URL": "amqp://x", "MONGODB_URL": "mongodb://x", "CONVERTER_SLOTS": "0"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"CONVERTER_SLOTS" in errors
