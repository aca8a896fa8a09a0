"""The order of things, with the real ffmpeg and the real database; only the log is a list."""

import hashlib
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gridfs import AsyncGridFSBucket
from media import Studio, listen
from pymongo.asynchronous.database import AsyncDatabase
from structlog.testing import capture_logs

from events.envelope import Event, Recorded, job_event
from events.ids import new_id
from events.log.progress import INTERVAL, Progress
from events.options import Cover, Format, Options
from events.projections.job_view import JobView
from events.projections.jobs import fold
from events.timing.pauses import Pauses, unpacked
from events.types import (
    DeletionReason,
    FailureCode,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobPayload,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobUploaded,
)
from events.work.task import Work, WorkerKeepsDying
from workers.converter.conversion.task import Equipment
from workers.converter.errors import EngineFailed
from workers.converter.ffmpeg.engine import Engine
from workers.converter.handler import Converter, recordable
from workers.converter.storage import Storage
from workers.converter.withdrawals import Withdrawals
from workers.converter.workshop import Workshop

pytestmark = pytest.mark.servers

Database = AsyncDatabase[dict[str, Any]]


class Log(list[Event]):
    """A log that is a list, and the views of it."""

    async def publish(self, event: Event) -> None:
        self.append(event)

    async def get(self, job_id: str) -> JobView | None:
        return fold(Recorded(at, event) for at, event in enumerate(self) if event.subject == job_id)

    async def send(self, progress: Progress) -> None:
        self.progress.append(progress)

    def __init__(self) -> None:
        super().__init__()
        self.progress: list[Progress] = []


class Scene:
    """A job whose video is stored, and a converter."""

    def __init__(self, database: Database, engine: Engine, workshop: Workshop) -> None:
        self.database, self.job_id, self.log = database, new_id(), Log()
        self.converter = Converter(
            equipment=Equipment(engine, workshop=workshop),
            storage=Storage(database),
            views=self.log,
            withdrawals=Withdrawals("", self.log),
            publisher=self.log,
            progress=self.log,
            name="test",
        )
        self.facts: dict[str, Any] = {}

    async def upload(self, video: Path, options: Options = Options()) -> Work:  # noqa: B008
        content = video.read_bytes()
        bucket = AsyncGridFSBucket(self.database, "videos")
        await bucket.upload_from_stream_with_id(self.job_id, video.name, content)
        self.facts = {
            "filename": video.name,
            "content_type": "video/mp4",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "video_id": self.job_id,
            "options": options,
        }
        return self.work(JobUploaded(**self.facts))

    def requeue(self, run: int) -> Work:
        return self.work(JobRequeued(run=run, **self.facts))

    def work(self, payload: JobUploaded | JobRequeued, attempt: int = 1) -> Work:
        return Work(self.tell(payload), payload, attempt)

    def tell(self, payload: JobPayload, time: datetime | None = None) -> Event:
        event = job_event(payload, job_id=self.job_id, account="me", source="test", time=time)
        self.log.append(event)
        return event

    async def audio(self) -> list[dict[str, Any]]:
        return await self.database["audio.files"].find({}).to_list()


@pytest.fixture
async def scene(database: Database, engine: Engine, workshop: Workshop) -> Scene:
    return Scene(database, engine, workshop)


async def test_a_video_becomes_an_mp3_and_the_log_knows_it(
    scene: Scene, studio: Studio, tmp_path: Path
) -> None:
    work = await scene.upload(studio.make("moov-first.mp4"))
    result = await scene.converter.handle(work)
    assert result is not None
    converted = result.payload()
    assert isinstance(converted, JobConverted)
    assert (result.causationid, result.account) == (work.event.id, "me")
    assert [event.type for event in scene.log] == ["job.uploaded", "job.started", "job.probed"]
    (stored,) = await scene.audio()
    assert stored["_id"] == converted.audio_id
    assert stored["filename"] == "moov-first.mp3"
    assert stored["metadata"].pop("peaks")
    assert stored["metadata"] == {"account": "me", "job_id": scene.job_id, "run": 1, "attempt": 1}
    out = await AsyncGridFSBucket(scene.database, "audio").open_download_stream(converted.audio_id)
    content = await out.read()
    assert (converted.bytes, converted.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert converted.crc32 == zlib.crc32(content)
    assert converted.bit_rate == pytest.approx(len(content) * 8 / converted.duration_seconds, abs=1)
    (tmp_path / "out.mp3").write_bytes(content)
    with (tmp_path / "out.mp3").open("rb", buffering=0) as mp3:
        assert listen(mp3)[0] == pytest.approx(converted.duration_seconds, abs=0.01)


async def test_what_was_asked_for_is_made_and_the_log_holds_all_to_make_it_again(
    scene: Scene, studio: Studio
) -> None:
    work = await scene.upload(studio.make("moov-first.mp4"), Options(format=Format.FLAC, start=1, end=2))
    result = await scene.converter.handle(work)
    assert result is not None
    converted, probed = result.payload(), scene.log[-1].payload()
    assert isinstance(converted, JobConverted)
    assert isinstance(probed, JobProbed)
    assert (converted.format, converted.duration_seconds) == (Format.FLAC, pytest.approx(1, abs=0.001))
    assert converted.options == Options(format=Format.FLAC, start=1, end=2)
    assert (converted.source_sha256, "flac" in converted.arguments) == (scene.facts["sha256"], True)
    assert [track.codec for track in probed.media.tracks] == ["aac"]
    (stored,) = await scene.audio()
    assert stored["filename"] == "moov-first.flac"


async def test_a_frame_is_had_also_of_a_video_whose_pictures_are_not_fetched_otherwise(
    scene: Scene, studio: Studio
) -> None:
    for cover, share in ((Cover.NONE, (0, 0.2)), (Cover.FRAME, (1, 1))):
        scene.job_id = new_id()
        work = await scene.upload(studio.make("heavy.mp4"), Options(cover=cover))
        with capture_logs() as told:
            result = await scene.converter.handle(work)
        assert result is not None
        converted = result.payload()
        assert isinstance(converted, JobConverted)
        fetched = next(each["fetched_bytes"] for each in told if each["event"] == "video_converted")
        assert share[0] <= fetched / scene.facts["bytes"] <= share[1]
        out = await AsyncGridFSBucket(scene.database, "audio").open_download_stream(converted.audio_id)
        assert (b"APIC" in await out.read()) == (cover is Cover.FRAME)


async def test_a_video_without_sound_fails_at_once_with_a_sentence(scene: Scene, studio: Studio) -> None:
    result = await scene.converter.handle(await scene.upload(studio.make("silent.mp4")))
    assert result is not None
    failed = result.payload()
    assert isinstance(failed, JobFailed)
    assert failed.code is FailureCode.NO_AUDIO
    assert failed.message == "This video has no sound: there is no audio track in it."
    assert await scene.audio() == []


async def test_a_video_that_was_removed_meanwhile_fails_the_run(scene: Scene, studio: Studio) -> None:
    work = await scene.upload(studio.make("silent.mp4"))
    await scene.database["videos.files"].delete_many({})
    result = await scene.converter.handle(work)
    assert result is not None
    failed = result.payload()
    assert isinstance(failed, JobFailed)
    assert (failed.code, failed.message) == (
        FailureCode.INTERNAL,
        "The video is no longer stored. Please upload it again.",
    )


ENDS: list[JobPayload] = [
    JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="x"),
    JobCancelled(run=1),
    JobDeleted(reason=DeletionReason.USER),
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.TYPE)
async def test_nothing_is_done_for_a_run_that_is_over(scene: Scene, studio: Studio, end: JobPayload) -> None:
    work = await scene.upload(studio.make("moov-first.mp4"))
    scene.tell(end)
    assert await scene.converter.handle(work) is None
    assert "job.started" not in [event.type for event in scene.log]


async def test_a_requeue_begins_a_run_that_is_not_over(scene: Scene, studio: Studio) -> None:
    first = await scene.upload(studio.make("moov-first.mp4"))
    scene.tell(JobFailed(run=1, attempt=1, code=FailureCode.INTERNAL, message="x"))
    second = scene.requeue(2)
    assert await scene.converter.handle(first) is None
    result = await scene.converter.handle(second)
    assert result is not None
    converted, started = result.payload(), scene.log[-2].payload()
    assert isinstance(converted, JobConverted)
    assert isinstance(started, JobStarted)
    assert (started.run, converted.run) == (2, 2)


async def test_the_waveform_lies_beside_the_audio_and_the_event_says_where_the_cover_is(
    scene: Scene, studio: Studio
) -> None:
    work = await scene.upload(studio.make("moov-first.mp4"), Options(cover=Cover.FRAME))
    result = await scene.converter.handle(work)
    assert result is not None
    converted = result.payload()
    assert isinstance(converted, JobConverted)
    stored = await scene.database["audio.files"].find_one({"_id": converted.audio_id})
    assert stored is not None
    measured = stored["metadata"]["peaks"]
    assert len(measured) == converted.pauses_at + converted.pauses_bytes
    assert converted.pauses_at == converted.peaks > 24
    assert unpacked(measured[converted.pauses_at :]) == Pauses()
    out = await AsyncGridFSBucket(scene.database, "audio").open_download_stream(converted.audio_id)
    audio = await out.read()
    picture = audio[converted.cover_at :][: converted.cover_bytes]
    assert (picture[:3], picture[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")


async def test_work_that_the_log_has_lost_is_told_before_its_start(scene: Scene, studio: Studio) -> None:
    payload = (await scene.upload(studio.make("aac.mkv"))).payload
    assert isinstance(payload, JobUploaded)
    lost = scene.tell(payload, datetime.now(UTC) - timedelta(minutes=5))
    scene.log.clear()
    assert await scene.converter.handle(Work(lost, payload, 1))
    assert [event.type for event in scene.log] == ["job.uploaded", "job.started", "job.probed"]
    assert scene.log[0] == lost


async def test_the_same_work_done_twice_ends_in_the_same_event(scene: Scene, studio: Studio) -> None:
    work = await scene.upload(studio.make("aac.mkv"))
    first, second = await scene.converter.handle(work), await scene.converter.handle(work)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    payloads = [first.payload(), second.payload()]
    assert len({getattr(payload, "sha256") for payload in payloads}) == 1  # noqa: B009
    assert len({getattr(payload, "audio_id") for payload in payloads}) == 2  # noqa: B009


async def test_progress_is_told_at_most_twice_a_second(scene: Scene, studio: Studio) -> None:
    work, begin = await scene.upload(studio.make("long.flac")), time.monotonic()
    await scene.converter.handle(work)
    took, told = time.monotonic() - begin, scene.log.progress
    assert told
    assert len(told) - 1 <= took / INTERVAL  # one by one they may be late, and so nearer to the next one
    assert [each.percent for each in told] == sorted(each.percent or 0 for each in told)
    assert all(0 <= (each.percent or 0) <= 100 and each.seconds_total == 600 for each in told)


async def test_trouble_of_ours_is_not_told_as_a_result(scene: Scene, studio: Studio, tmp_path: Path) -> None:
    scene.converter._equipment = Equipment(Engine(str(tmp_path / "missing"), "test"))
    with pytest.raises(EngineFailed):
        await scene.converter.handle(await scene.upload(studio.make("aac.mkv")))
    assert await scene.audio() == []


def test_arguments_with_too_many_titles_are_left_out_of_the_event() -> None:
    assert recordable(("-i", "fd:")) == ("-i", "fd:")
    assert recordable(tuple(f"CHAPTER{at:03}NAME={'a' * 300}" for at in range(200))) == ()


async def test_retries_and_giving_up_are_told_without_an_address(scene: Scene, studio: Studio) -> None:
    work = await scene.upload(studio.make("aac.mkv"))
    secret = OSError("mongodb://root:secret@10.0.0.1 said no")
    retrying = scene.converter.retrying(work, secret, 30.0)
    assert retrying is not None
    reason = "Something went wrong on our side."
    assert retrying.payload() == JobRetrying(run=1, attempt=1, reason=reason, delay_seconds=30.0)
    gave_up = scene.converter.gave_up(work, secret).payload()
    poison = scene.converter.gave_up(work, WorkerKeepsDying("10 times")).payload()
    assert isinstance(gave_up, JobFailed)
    assert isinstance(poison, JobFailed)
    assert gave_up.code is poison.code is FailureCode.INTERNAL
    assert "secret" not in gave_up.message
    assert "again and again" in poison.message
