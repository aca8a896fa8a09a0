"""From `job.uploaded` or `job.requeued` to `job.converted` or `job.failed`.

In order: the view shows if the log has lost the event, and if the run is over already. `job.started` is
published, the video fetched, `job.probed` published with its content. The audio is made and stored under a
new id, and the result returned. The result's id depends on the run alone. So when two workers end the same
run, the first result in the log counts, and the other's audio is an orphan for the sweeper. The same holds
when the run is cancelled at the moment of its end: the log decides.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import FileIO
from typing import Protocol

import msgspec
import structlog
from msgspec.structs import replace

from events import tracing
from events.envelope import Event, consequence
from events.filenames import divided
from events.ids import new_id
from events.log.progress import INTERVAL, Progress
from events.media import fitting
from events.options import offered_as
from events.timing.pauses import packed
from events.types import (
    FailureCode,
    JobConverted,
    JobFailed,
    JobPayload,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobUploaded,
    Transcript,
)
from events.work.task import Publishes, Work, WorkerKeepsDying
from service.transcripts.cues import searchable
from service.transcripts.writing import as_webvtt
from workers.converter import SERVICE
from workers.converter.conversion.conversion import begin
from workers.converter.conversion.result import Result, Text
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg.messages import Mark
from workers.converter.recovery import Recovery
from workers.converter.source.source import Source, open_source
from workers.converter.storage import Maker, Storage, Stored
from workers.converter.withdrawals import Withdrawals, Withdrawn, is_over
from workers.errors import publishable
from workers.views import Views

log = structlog.get_logger()

MOST_ARGUMENTS = 12 * 1024
"""Bytes, as JSON: an event may have 64 KiB, its options take up to 25, and sealed they are a third longer."""


class ProgressSink(Protocol):
    """A way to the clients that watch the progress."""

    async def send(self, progress: Progress) -> None:
        """Send it or lose it; never raises."""


Ended = Callable[[Event, JobConverted | JobFailed], None]
"""Takes the event that began a run, and the run's end."""


class Converter:
    """Handles the work of queue `video`. `name` identifies this worker in the log."""

    def __init__(
        self,
        *,
        equipment: Equipment,
        storage: Storage,
        views: Views,
        withdrawals: Withdrawals,
        publisher: Publishes,
        progress: ProgressSink,
        name: str,
        on_end: Ended = lambda cause, end: None,
    ) -> None:
        self._equipment = equipment
        self._storage = storage
        self._views = views
        self._withdrawals = withdrawals
        self._publisher = publisher
        self._recovery = Recovery(publisher)
        self._progress = progress
        self._name = name
        self._on_end = on_end

    async def handle(self, work: Work) -> Event | None:
        """Convert the video, unless the run is over or withdrawn. Returns the result's event."""
        payload, job_id = work.payload, work.event.subject
        if not isinstance(payload, JobUploaded | JobRequeued):
            log.warning("not_a_video", type=work.event.type, event_id=work.event.id)
            return None
        while not await self._is_over(work):
            try:
                return await self._withdrawals.unless_withdrawn(
                    (job_id, work.run), self._attempt(work, payload)
                )
            except Withdrawn:
                log.info("conversion_stopped", job_id=job_id, run=work.run)
        log.info("conversion_not_needed", job_id=job_id, run=work.run)
        return None

    async def _is_over(self, work: Work) -> bool:
        """Return True if nobody waits for the run any more. Raises Unavailable, NotConfirmed."""
        job_id = work.event.subject
        view = await self._views.get(job_id)
        await self._recovery.publish_if_lost(work.event, view)
        over = view is not None and is_over(view, work.run)
        return over or await self._withdrawals.settled((job_id, work.run))

    async def _attempt(self, work: Work, video: JobUploaded | JobRequeued) -> Event:
        started = JobStarted(run=work.run, attempt=work.attempt, worker=self._name)
        await self._publisher.publish(self._event(work, started))
        try:
            return self._end(work, await self._convert(work, video))
        except ConversionError as error:
            log.info("video_refused", job_id=work.event.subject, code=error.code, error=str(error))
            return self._end(work, _failed(work, error.code, str(error)))

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return the event by which the owner learns that there will be another attempt."""
        reason = publishable(error)
        return self._event(
            work, JobRetrying(run=work.run, attempt=work.attempt, reason=reason, delay_seconds=delay)
        )

    def gave_up(self, work: Work, error: Exception) -> Event:
        """Return the event that ends the run. The owner gets its meaning; the cause is in our logs."""
        if isinstance(error, WorkerKeepsDying):
            message = "Converting this video stopped our converter again and again, so we gave up."
        else:
            message = "We could not convert this video because of trouble on our side; it may work later."
        return self._end(work, _failed(work, FailureCode.INTERNAL, message))

    async def _convert(self, work: Work, video: JobUploaded | JobRequeued) -> JobConverted:
        started = time.monotonic()
        with self._equipment.workshop.bench() as (scratch, target):
            source = await self._fetch(video, scratch)
            fetched = time.monotonic()
            progress = _ProgressReport(self._progress, work)
            made = await self._make(
                work, Task(self._equipment, source.input, target, video.options, progress)
            )
            converted = time.monotonic()
            stored = await self._store(work, target, _filename(video, made), _measured(made))
            transcripts = await self._store_texts(work, made.texts)
        seconds = round(time.monotonic() - started, 3)
        log.info(
            "video_converted",
            job_id=work.event.subject,
            audio_id=stored.blob_id,
            bytes=stored.bytes,
            fetched_bytes=source.fetched,
            fetch_seconds=round(fetched - started, 3),
            ffmpeg_seconds=round(converted - fetched, 3),
            seconds=seconds,
        )
        end = _converted(work, video, made, stored, seconds, self._equipment.engine.name)
        return replace(end, transcripts=transcripts)

    async def _fetch(self, video: JobUploaded | JobRequeued, scratch: FileIO) -> Source:
        """Bring as much of the video as the conversion needs at first. Raises VideoLost, Unavailable."""
        with tracing.span("fetch video") as span:
            stored = await self._storage.open(video.video_id, size=video.bytes)
            room = self._equipment.workshop.room
            source = await open_source(stored, scratch, sha256=video.sha256, room=room, options=video.options)
            span.set("tonearm.bytes", source.fetched)
        return source

    async def _make(self, work: Work, task: Task) -> Result:
        """Convert, and publish `job.probed` as soon as the content is known. Raises ConversionError."""
        with tracing.span("convert"):
            conversion = begin(task)
            if (media := await conversion.probe()) is not None:
                probed = JobProbed(run=work.run, media=fitting(media))
                await self._publisher.publish(self._event(work, probed))
            return await conversion.finish()

    async def _store(self, work: Work, audio: FileIO, filename: str, measured: bytes) -> Stored:
        """Store the audio under a new id. Raises Unavailable."""
        with tracing.span("store audio") as span:
            stored = await self._storage.keep(
                new_id(), audio, _maker(work), filename=filename, peaks=measured
            )
            span.set("tonearm.bytes", stored.bytes)
        return stored

    async def _store_texts(self, work: Work, texts: tuple[Text, ...]) -> tuple[Transcript, ...]:
        """Store what is spoken in the audio, each track under a new id. Raises Unavailable."""
        stored = []
        for each in texts:
            words = searchable(each.cues)
            blob = await self._storage.keep_transcript(
                new_id(), as_webvtt(each.cues), _maker(work), words=words
            )
            stored.append(
                Transcript(
                    transcript_id=blob.blob_id,
                    track=each.track,
                    bytes=blob.bytes,
                    sha256=blob.sha256,
                    cues=len(each.cues),
                    language=each.language,
                )
            )
        return tuple(stored)

    def _end(self, work: Work, end: JobConverted | JobFailed) -> Event:
        self._on_end(work.event, end)
        return self._event(work, end)

    def _event(self, work: Work, payload: JobPayload) -> Event:
        return consequence(work.event, payload, source=SERVICE)


def _measured(made: Result) -> bytes:
    """Return what is stored beside the audio: the waveform, then the pauses."""
    return made.peaks + _pauses(made)


def _pauses(made: Result) -> bytes:
    return packed(made.pauses) if made.pauses is not None else b""


def _maker(work: Work) -> Maker:
    event = work.event
    return Maker(account=event.account, job_id=event.subject, run=work.run, attempt=work.attempt)


def _filename(video: JobUploaded | JobRequeued, made: Result) -> str:
    _, ending = offered_as(made.format, made.parts)
    return f"{divided(video.filename)[0] or 'audio'}.{ending}"


def recordable(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return all arguments, or none where a file's many titles make them too long for an event."""
    return arguments if len(msgspec.json.encode(arguments)) <= MOST_ARGUMENTS else ()


def _converted(
    work: Work, video: JobUploaded | JobRequeued, made: Result, stored: Stored, seconds: float, engine: str
) -> JobConverted:
    return JobConverted(
        run=work.run,
        attempt=work.attempt,
        audio_id=stored.blob_id,
        bytes=stored.bytes,
        sha256=stored.sha256,
        crc32=stored.crc32,
        duration_seconds=made.duration_seconds,
        bit_rate=round(stored.bytes * 8 / made.duration_seconds) if made.duration_seconds else 0,
        sample_rate=made.sample_rate,
        channels=made.channels,
        seconds_spent=seconds,
        engine=engine,
        format=made.format,
        source_sha256=video.sha256,
        options=video.options,
        arguments=recordable(made.arguments),
        copied=made.copied,
        partial=made.partial,
        parts=made.parts,
        left_out=made.left_out,
        peaks=len(made.peaks),
        pauses=len(made.pauses.pauses) if made.pauses else 0,
        pauses_at=len(made.peaks) if made.pauses else 0,
        pauses_bytes=len(_pauses(made)),
        seconds_saved=made.seconds_saved,
        cover_at=made.cover.at,
        cover_bytes=made.cover.bytes,
        silence_cut=made.silence_cut,
    )


def _failed(work: Work, code: FailureCode, message: str) -> JobFailed:
    return JobFailed(run=work.run, attempt=work.attempt, code=code, message=message)


class _ProgressReport:
    """Sends a conversion's progress, at most once an interval."""

    def __init__(self, progress: ProgressSink, work: Work) -> None:
        self._progress, self._work = progress, work
        self._not_before = 0.0

    async def __call__(self, mark: Mark, length: float | None) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._not_before:
            return
        self._not_before = now + INTERVAL
        event = self._work.event
        await self._progress.send(
            Progress(
                job_id=event.subject,
                account=event.account,
                run=self._work.run,
                attempt=self._work.attempt,
                percent=min(100.0, round(100 * mark.seconds / length, 1)) if length else None,
                seconds_done=mark.seconds,
                seconds_total=length,
                speed=mark.speed,
                time=datetime.now(UTC),
            )
        )
