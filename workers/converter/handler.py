"""From `job.uploaded` or `job.requeued` to `job.converted` or `job.failed`.

In order: the view says whether the log has lost the work, and whether the run is over already;
`job.started`; the video is fetched; `job.probed`, what it holds; it is converted and the audio stored under a
new id; the answer. The answer's
id is drawn from the run alone, so when two workers end the same run, the log's first answer counts and the
other's audio is an orphan for the sweeper.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Protocol

import msgspec
import structlog

from events import tracing
from events.envelope import Event, consequence
from events.errors import TonearmError
from events.ids import new_id
from events.log.progress import INTERVAL, Progress
from events.media import Media, fitting
from events.options import offered_as
from events.projections.job_view import SETTLED, JobView, State
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
)
from events.work import Publishes, Work, WorkerKeepsDying
from workers.converter.conversion.album import convert
from workers.converter.errors import ConversionError
from workers.converter.ffmpeg.command import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.transcript import Mark
from workers.converter.parallel.encoding import Sharing
from workers.converter.recovery import Retelling
from workers.converter.source.source import open_source
from workers.converter.storage import Storage
from workers.converter.workshop import Workshop

log = structlog.get_logger()

MOST_ARGUMENTS = 32 * 1024
"""Bytes, as JSON: an event may have 64 KiB, and the options in it take up to 21."""


class Views(Protocol):
    """Where the job views are read."""

    async def get(self, job_id: str) -> JobView | None:
        """Return the stored view, None when there is none yet."""
        ...


class Sends(Protocol):
    """Where progress goes."""

    async def send(self, progress: Progress) -> None:
        """Send it or lose it; never raises."""
        ...


Ended = Callable[[Event, JobConverted | JobFailed], None]
"""Hears of a run's end, and the event that began it."""


class Converter:
    """Handles the work of queue `video`. `name` tells this worker from others in the log.

    `sharing`: the cores that may help with a long MP3; None: none but the one that a conversion has.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        limits: Limits,
        storage: Storage,
        workshop: Workshop,
        views: Views,
        publisher: Publishes,
        progress: Sends,
        source: str,
        name: str,
        sharing: Sharing | None = None,
        on_end: Ended = lambda cause, end: None,
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._storage = storage
        self._workshop = workshop
        self._views = views
        self._publisher = publisher
        self._retelling = Retelling(publisher)
        self._progress = progress
        self._source = source
        self._name = name
        self._sharing = sharing
        self._on_end = on_end

    async def handle(self, work: Work) -> Event | None:
        """Convert the video, unless nobody needs it any more. Returns what the log shall be told."""
        if not isinstance(work.payload, JobUploaded | JobRequeued):
            log.warning("not_a_video", type=work.event.type, event_id=work.event.id)
            return None
        view = await self._views.get(work.event.subject)
        await self._retelling.if_lost(work.event, view)
        if view and is_over(view, work.run):
            log.info("conversion_not_needed", job_id=view.job_id, state=view.state, run=work.run)
            return None
        started = JobStarted(run=work.run, attempt=work.attempt, worker=self._name)
        await self._publisher.publish(self._event(work, started))
        try:
            return self._end(work, await self._convert(work, work.payload))
        except ConversionError as error:
            log.info("video_refused", job_id=work.event.subject, code=error.code, error=str(error))
            return self._end(work, _failed(work, error.code, str(error)))

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Tell the owner that it goes on. Foreign errors may hold an address: only their name is told."""
        reason = str(error) if isinstance(error, TonearmError) else type(error).__name__
        return self._event(
            work, JobRetrying(run=work.run, attempt=work.attempt, reason=reason, delay_seconds=delay)
        )

    def gave_up(self, work: Work, error: Exception) -> Event:
        """End the run. The cause is in our logs; the owner is told what it means."""
        if isinstance(error, WorkerKeepsDying):
            message = "Converting this video stopped our converter again and again, so we gave up."
        else:
            message = "We could not convert this video because of trouble on our side; it may work later."
        return self._end(work, _failed(work, FailureCode.INTERNAL, message))

    async def _convert(self, work: Work, video: JobUploaded | JobRequeued) -> JobConverted:
        begin = time.monotonic()
        job_id, audio_id = work.event.subject, new_id()
        with self._workshop.bench() as (scratch, target):
            with tracing.span("fetch video") as span:
                stored_video = await self._storage.open(video.video_id, size=video.bytes)
                source = await open_source(
                    stored_video,
                    scratch,
                    sha256=video.sha256,
                    room=self._workshop.room,
                    options=video.options,
                )
                span.set("tonearm.bytes", source.fetched)
            fetched = time.monotonic()

            async def found(media: Media) -> None:
                await self._publisher.publish(
                    self._event(work, JobProbed(run=work.run, media=fitting(media)))
                )

            with tracing.span("convert"):
                made = await convert(
                    self._engine,
                    source.file,
                    target,
                    limits=self._limits,
                    tell=_Teller(self._progress, work),
                    options=video.options,
                    found=found,
                    structure=source.structure,
                    stream=source.stream,
                    folder=self._workshop.directory,
                    sharing=self._sharing,
                )
            converted = time.monotonic()
            _, ending = offered_as(made.format, made.parts)
            with tracing.span("store audio") as span:
                stored = await self._storage.keep(
                    audio_id,
                    target,
                    filename=f"{PurePath(video.filename).stem or 'audio'}.{ending}",
                    account=work.event.account,
                    job_id=job_id,
                )
                span.set("tonearm.bytes", stored.bytes)
        spent = time.monotonic() - begin
        log.info(
            "video_converted",
            job_id=job_id,
            audio_id=audio_id,
            bytes=stored.bytes,
            fetched_bytes=source.fetched,
            fetch_seconds=round(fetched - begin, 3),
            ffmpeg_seconds=round(converted - fetched, 3),
            seconds=round(spent, 3),
        )
        return JobConverted(
            run=work.run,
            attempt=work.attempt,
            audio_id=audio_id,
            bytes=stored.bytes,
            sha256=stored.sha256,
            duration_seconds=made.duration_seconds,
            bit_rate=round(stored.bytes * 8 / made.duration_seconds) if made.duration_seconds else 0,
            sample_rate=made.sample_rate,
            channels=made.channels,
            seconds_spent=round(spent, 3),
            engine=self._engine.name,
            format=made.format,
            source_sha256=video.sha256,
            options=video.options,
            arguments=tellable(made.arguments),
            copied=made.copied,
            partial=made.partial,
            parts=made.parts,
        )

    def _end(self, work: Work, end: JobConverted | JobFailed) -> Event:
        self._on_end(work.event, end)
        return self._event(work, end)

    def _event(self, work: Work, payload: JobPayload) -> Event:
        return consequence(work.event, payload, source=self._source)


def is_over(view: JobView, run: int) -> bool:
    """Tell whether nobody waits for this run any more: it has ended, or a later one has begun."""
    if view.state is State.DELETED or view.run > run:
        return True
    return view.run == run and view.state in SETTLED


def tellable(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return arguments as an event can hold them: all, or none of what a file's many titles make too long."""
    return arguments if len(msgspec.json.encode(arguments)) <= MOST_ARGUMENTS else ()


def _failed(work: Work, code: FailureCode, message: str) -> JobFailed:
    return JobFailed(run=work.run, attempt=work.attempt, code=code, message=message)


class _Teller:
    """Sends how far a conversion is, at most once an interval."""

    def __init__(self, progress: Sends, work: Work) -> None:
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
