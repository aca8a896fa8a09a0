"""Work that is withdrawn: heard by a real broker, stopped in a real ffmpeg; only the log is a list."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from media import Studio, caged, ffmpeg, open_files, tone
from pymongo.asynchronous.database import AsyncDatabase
from uuid_utils import uuid4
from waiting import wait_for

from events.envelope import Event, encode, job_event
from events.ids import new_id
from events.log import amqp, topology
from events.options import Chapters, Format, Options
from events.tasks import cancelled
from events.types import DeletionReason, JobCancelled, JobConverted, JobDeleted
from tests.workers.converter.test_handler import Scene
from workers.converter.cage.cage import keeper_of
from workers.converter.conversion.task import Equipment
from workers.converter.ffmpeg.engine import Engine
from workers.converter.parallel.encoding import Sharing
from workers.converter.parallel.lanes import Lanes
from workers.converter.withdrawals import Withdrawals
from workers.converter.workshop import Workshop

pytestmark = pytest.mark.servers

Database = AsyncDatabase[dict[str, Any]]
LONG_WORK = {
    "one encoder": (1, Options(copy=False, format=Format.FLAC)),
    "several encoders": (2, Options(copy=False)),
    "the first of two passes": (1, Options(loudness=-16.0)),
    "a file for each chapter": (1, Options(chapters=Chapters.SPLIT, format=Format.OPUS)),
}


@pytest.fixture
async def scene(broker: Broker, database: Database, engine: Engine, workshop: Workshop) -> Scene:
    await topology.declare(broker.url)
    await keeper_of(engine.path).cage()  # it tries its layers in processes that look like those in cages
    made = Scene(database, engine, workshop)
    lanes = Lanes(2, name=f"test-{uuid4()}", crowd=math.inf)
    made.converter._equipment = Equipment(engine, workshop=workshop, sharing=Sharing(lanes, patience=0))
    return made


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty minutes of sound in two chapters, made at once: an MP3 is frames, as often as one likes.

    So small that all of it is fetched, and several encoders can read it.
    """
    folder = tmp_path_factory.mktemp("recording")
    notes, sound, video = folder / "chapters.txt", folder / "long.mp3", folder / "long.mka"
    halves = ("START=0\nEND=1200000", "START=1200000\nEND=2400000")
    notes.write_text(
        ";FFMETADATA1\n" + "".join(f"[CHAPTER]\nTIMEBASE=1/1000\n{each}\ntitle=half\n" for each in halves)
    )
    ffmpeg(*tone(seconds=10), "-b:a", "24k", str(sound))
    sound.write_bytes(sound.read_bytes() * 240)
    ffmpeg("-i", str(sound), "-i", str(notes), "-map", "0:a", "-map_metadata", "1", "-c", "copy", str(video))
    return video


@asynccontextmanager
async def hearing(scene: Scene, broker: Broker, **settings: float) -> AsyncIterator[Withdrawals]:
    """Have the scene's converter listen for the block, which begins when it does."""
    withdrawals = scene.converter._withdrawals = Withdrawals(broker.url, scene.log, **settings)
    listening = asyncio.create_task(withdrawals.run())
    other = job_event(JobCancelled(run=1), job_id=new_id(), account="me", source="test")

    async def listens() -> bool:
        with suppress(amqp.Unroutable):
            await hand_on(broker, other)
        return withdrawals.was_heard((other.subject, 1))

    try:
        await wait_for(listens, 60)
        yield withdrawals
    finally:
        await cancelled([listening])


async def hand_on(broker: Broker, event: Event) -> None:
    """Bring an event to those who listen, as the broker does, and into no log."""
    async with amqp.connected(broker.url, name="test") as connection:
        channel = await connection.channel(confirms=True)
        await channel.publish(topology.WITHDRAWN, event.type, encode(event), {}, event.id)


@pytest.mark.parametrize(("programs", "options"), LONG_WORK.values(), ids=LONG_WORK)
async def test_all_that_works_on_a_cancelled_run_ends_and_no_file_stays_open(
    scene: Scene, broker: Broker, recording: Path, workshop: Workshop, programs: int, options: Options
) -> None:
    """By what it hears: nobody looks at the views for an hour."""
    work = await scene.upload(recording, options)
    async with hearing(scene, broker, look_every=3600):
        handling = asyncio.create_task(scene.converter.handle(work))
        await wait_for(lambda: len(caged()) >= programs, 30)
        await hand_on(broker, scene.tell(JobCancelled(run=1)))
        await wait_for(handling.done)
    assert await handling is None
    assert caged() == set()
    assert open_files(workshop.path) == []
    assert await scene.audio() == []


async def test_a_withdrawal_that_was_not_heard_is_found_in_the_view(
    scene: Scene, recording: Path, broker: Broker
) -> None:
    work = await scene.upload(recording, Options(copy=False))
    async with hearing(scene, broker, look_every=0.05):
        handling = asyncio.create_task(scene.converter.handle(work))
        await wait_for(caged, 30)
        scene.tell(JobCancelled(run=1))
        await wait_for(handling.done)
    assert await handling is None
    assert caged() == set()


@pytest.mark.parametrize(
    "payload",
    [JobCancelled(run=1), JobDeleted(reason=DeletionReason.USER, video_sha256=None, audio_sha256=None)],
    ids=lambda payload: payload.TYPE,
)
async def test_what_was_heard_while_it_waited_is_not_begun_when_its_turn_comes(
    scene: Scene, broker: Broker, studio: Studio, payload: JobCancelled | JobDeleted
) -> None:
    """Also when the view is behind: it gets the time to say the same."""
    work = await scene.upload(studio.make("moov-first.mp4"))
    withdrawal = job_event(payload, job_id=scene.job_id, account="me", source="test")
    async with hearing(scene, broker) as withdrawals:
        await hand_on(broker, withdrawal)
        await wait_for(lambda: withdrawals.was_heard((scene.job_id, 1)))
        handling = asyncio.create_task(scene.converter.handle(work))
        await asyncio.sleep(0)
        scene.log.append(withdrawal)
        assert await handling is None
    assert [event.type for event in scene.log] == ["job.uploaded", payload.TYPE]


async def test_what_was_heard_and_is_in_no_log_is_done_all_the_same(
    scene: Scene, broker: Broker, studio: Studio
) -> None:
    """A broker may hand on an event that it never confirms: then nobody has cancelled anything."""
    work = await scene.upload(studio.make("moov-first.mp4"))
    cancellation = job_event(JobCancelled(run=1), job_id=scene.job_id, account="me", source="test")
    async with hearing(scene, broker, patience=0.2) as withdrawals:
        await hand_on(broker, cancellation)
        await wait_for(lambda: withdrawals.was_heard((scene.job_id, 1)))
        result = await scene.converter.handle(work)
    assert result is not None
    assert isinstance(result.payload(), JobConverted)
