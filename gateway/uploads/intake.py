"""Taking in a video: blob, event, answer, in this order.

Before the event there is no job, and the sweeper removes the stored file after a while. After it the job
exists, also if this process ends. In between, when the broker does not confirm, the outcome is unknown: the
blob stays, and a repetition with the same Idempotency-Key settles it.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple
from weakref import WeakValueDictionary

import structlog
from msgspec import Struct

from events import tracing
from events.envelope import job_event
from events.errors import NotConfirmed
from events.ids import new_id
from events.log.publisher import Publisher
from events.projections.job_view import JobView, State, Video
from events.types import JobUploaded
from gateway.errors import EmptyFile, JobGone, KeyInUse, KeyReused, MaybeAccepted, TooManyOutputs
from gateway.http import trace_context
from gateway.jobs.live import LiveJobs
from gateway.jobs.presentation import Accepted
from gateway.quotas.door import OPEN, Admission, Entrance
from gateway.storage import CHUNK, Bucket, Content, Writer
from gateway.uploads.idempotency import Claim, IdempotencyKeys, Submission
from gateway.uploads.options import Wish
from service.blobs import Blob

log = structlog.get_logger()

MOST_NOT_OVER = 4
"""Jobs of one video that may wait or be under way at a time. Each costs the caller one small request."""
_SEEN_WITHIN = 2.0
_GIVE_UP_WITHIN = 2.0
_STOP_WITHIN = 0.8


class Upload(Struct, frozen=True, kw_only=True):
    """A video on its way in. `chunks` can be read once.

    `announced`: its bytes, 0 if that is not known; `most`: how many they may be, as far as that is known.
    """

    account: str
    filename: str
    content_type: str
    wish: Wish
    chunks: AsyncIterator[bytes]
    announced: int = 0
    most: int | None = None
    entrance: Entrance = OPEN

    def admitted(self, job_id: str) -> AbstractAsyncContextManager[Admission]:
        """Let it in as this job's (see `Entrance.admitted`)."""
        return self.entrance.admitted(job_id, size=self.announced, most=self.most, is_upload=True)


class _NewJob(NamedTuple):
    """The ids of a job to begin. `family` is empty for the first job of a video."""

    account: str
    job_id: str
    video_id: str
    family: str = ""


class Intake:
    """Stores videos, and publishes the event by which each becomes a job."""

    def __init__(self, videos: Bucket, keys: IdempotencyKeys, publisher: Publisher, live: LiveJobs) -> None:
        self._videos, self._keys, self._publisher, self._live = videos, keys, publisher, live
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By video: who asks for more of one video at once is counted one by one."""

    async def accept(self, upload: Upload, key: str | None) -> Accepted:
        """Return once the job exists and is seen here.

        Raises UploadRefused, QuotaExceeded, KeyRefused, JobGone (the key's job was deleted) and Unavailable,
        which leave nothing behind, and MaybeAccepted, after which the job may exist.
        """
        if key is None:
            job = _new_job(upload.account)
            async with upload.admitted(job.job_id) as admission:
                return await self._begin(job, await self._store(upload, job, admission))
        async with self._keys.held(upload.account, key) as claim:
            return await self._claimed(upload, claim)

    async def _claimed(self, upload: Upload, claim: Claim) -> Accepted:
        refuse_deleted(claim)
        if (
            claim.submission is not None
            and not claim.done
            and await self._videos.find(claim.video_id) is None
        ):
            claim.submission, claim.video_id = (
                None,
                new_id(),
            )  # so late that the file was swept: it comes again
        job = _NewJob(upload.account, claim.job_id, claim.video_id)
        if claim.submission is None:
            async with upload.admitted(job.job_id) as admission:
                submission = await self._store(upload, job, admission, claim)
                try:
                    await self._keys.store(claim, submission)
                except KeyInUse:
                    # Another attempt took over; this file is nobody's.
                    await self._videos.remove(claim.video_id)
                    raise
                return await self._begin_claimed(job, submission, claim)
        submission = claim.submission
        if await _read(upload.chunks) != submission.content or upload.filename != submission.filename:
            raise KeyReused("this Idempotency-Key came with another file before; use a new key")
        _check_options(submission, upload.wish)
        if claim.done:
            return _accepted(job, submission)
        async with upload.entrance.admitted(job.job_id, size=submission.content.bytes):
            return await self._begin_claimed(job, submission, claim)

    async def _begin_claimed(self, job: _NewJob, submission: Submission, claim: Claim) -> Accepted:
        accepted = await self._begin(job, submission)
        await self._keys.finish(claim)
        return accepted

    async def _store(
        self, upload: Upload, job: _NewJob, admission: Admission, claim: Claim | None = None
    ) -> Submission:
        writer = Writer(self._videos, job.video_id)
        try:
            with tracing.span("store video") as span:
                size = 0
                async for chunk in upload.chunks:
                    size += len(chunk)
                    await admission.reach(size)
                    await writer.write(chunk)
                    if claim is not None:
                        await self._keys.renew(claim)
                if writer.content.bytes == 0:
                    raise EmptyFile("the file has no bytes: nothing was uploaded")
                content, _ = await asyncio.gather(
                    writer.finish(filename=upload.filename, account=job.account, job_id=job.job_id),
                    self._publisher.expect(job.job_id, job.account),
                )
                span.set("tonearm.bytes", content.bytes)
        except BaseException:
            with suppress(TimeoutError):
                await asyncio.shield(asyncio.wait_for(writer.discard(), _GIVE_UP_WITHIN))
            raise
        return Submission(
            filename=upload.filename,
            content_type=upload.content_type,
            content=content,
            options=upload.wish.options,
            given=dict(upload.wish.given),
        )

    async def convert_again(
        self, view: JobView, video: Video, wish: Wish, key: str | None, entrance: Entrance = OPEN
    ) -> Accepted:
        """Begin another job of a job's video.

        Raises TooManyOutputs, QuotaExceeded, KeyRefused, JobGone, MaybeAccepted, Unavailable.
        """
        content = Content(bytes=video.bytes, sha256=video.sha256)
        submission = Submission(
            filename=video.filename,
            content_type=video.content_type,
            content=content,
            options=wish.options,
            given=dict(wish.given),
        )
        job = _new_job(view.account, video.video_id, video.family or view.job_id)
        if key is None:
            async with self._turn(job), entrance.admitted(job.job_id):
                return await self._begin(job, submission)
        # Another key than an upload's, or another job's: a NUL is in none that is sent.
        async with self._keys.held(view.account, f"{key}\0{view.job_id}") as claim:
            refuse_deleted(claim)
            job = job._replace(job_id=claim.job_id)
            if claim.submission is None:
                claim.video_id = video.video_id
                await self._keys.store(claim, submission)
            else:
                _check_options(claim.submission, wish)
                if claim.submission.filename != submission.filename:
                    raise KeyReused("this Idempotency-Key came with another name before; use a new key")
                submission = claim.submission
            if claim.done:
                return _accepted(job, submission)
            async with self._turn(job), entrance.admitted(job.job_id):
                return await self._begin_claimed(job._replace(video_id=claim.video_id), submission, claim)

    @asynccontextmanager
    async def _turn(self, job: _NewJob) -> AsyncIterator[None]:
        """Hold the video's turn for the block. Raises TooManyOutputs, Unavailable.

        Replicas do not wait for each other, so requests to several at the same moment may be a few too many.
        """
        turn = self._turns.setdefault(job.video_id, asyncio.Lock())
        async with turn:
            others = await self._live.not_over(job.account, job.video_id, job.family) - {job.job_id}
            if len(others) >= MOST_NOT_OVER:
                raise TooManyOutputs(
                    f"{len(others)} jobs of this video are not over yet; ask again when one is"
                )
            yield

    async def accept_stored(self, account: str, job_id: str, submission: Submission) -> Accepted | None:
        """Begin the job of a video whose chunks are stored under the job's id. Twice is once.

        None if there is that job already. Raises MaybeAccepted, Unavailable.
        """
        if await self._live.view(job_id) is not None:
            return None
        blob = Blob(
            id=job_id,
            bytes=submission.content.bytes,
            chunk_size=CHUNK,
            uploaded=datetime.now(UTC),
            filename=submission.filename,
            account=account,
            job_id=job_id,
        )
        await asyncio.gather(self._videos.keep(blob), self._publisher.expect(job_id, account))
        return await self._begin(_NewJob(account, job_id, job_id), submission)

    async def _begin(self, job: _NewJob, submission: Submission) -> Accepted:
        """Publish the job's first event, also when a stop cancels this upload: the job may exist already.

        Then the client learns how it ended, or that this is not known yet. Raises MaybeAccepted.
        """
        publishing = asyncio.ensure_future(self._publish(job, submission))
        try:
            return await asyncio.shield(publishing)
        except asyncio.CancelledError:
            await asyncio.wait({publishing}, timeout=_STOP_WITHIN)
            if not publishing.done():
                publishing.cancel()
                raise MaybeAccepted(
                    f"this server stops: job {job.job_id} may or may not exist. Look for it in a while",
                    job_id=job.job_id,
                ) from None
            return publishing.result()

    async def _publish(self, job: _NewJob, submission: Submission) -> Accepted:
        with self._live.line.joining(job.account, job.job_id) as bulk:
            return await self._publish_as(job, submission, bulk=bulk)

    async def _publish_as(self, job: _NewJob, submission: Submission, *, bulk: bool) -> Accepted:
        event = job_event(
            JobUploaded(
                filename=submission.filename,
                content_type=submission.content_type,
                bytes=submission.content.bytes,
                sha256=submission.content.sha256,
                video_id=job.video_id,
                options=submission.options,
                family=job.family,
                bulk=bulk,
                imported=submission.imported,
            ),
            job_id=job.job_id,
            account=job.account,
            source="gateway",
            traceparent=trace_context.current(),
        )
        note = log.bind(job_id=job.job_id, event_id=event.id)
        try:
            await self._publisher.publish(event)
        except NotConfirmed as error:
            note.error("upload_unconfirmed", error=str(error))
            raise MaybeAccepted(
                f"the log did not confirm it in time: job {job.job_id} may or may not exist. Look for it in a"
                " while, or repeat the request; with the same Idempotency-Key it becomes one job at most",
                job_id=job.job_id,
            ) from error
        note.info("upload_accepted", bytes=submission.content.bytes)
        if not await self._live.wait_for(event.id, _SEEN_WITHIN):
            note.warning("upload_not_seen_yet")
        return _accepted(job, submission)


def _new_job(account: str, video_id: str = "", family: str = "") -> _NewJob:
    """Return a job with a new id. A video of its own has the same id."""
    job_id = new_id()
    return _NewJob(account, job_id, video_id or job_id, family)


def refuse_deleted(claim: Claim) -> None:
    """Raise JobGone if the job that a key stands for was deleted."""
    if claim.done and claim.submission is None:
        raise JobGone("the job that this Idempotency-Key stands for was deleted; use a new key")


def _check_options(submission: Submission, wish: Wish) -> None:
    if not submission.asks_for(wish):
        raise KeyReused("this Idempotency-Key came with other options before; use a new key")


def _accepted(job: _NewJob, submission: Submission) -> Accepted:
    return Accepted(
        job_id=job.job_id,
        state=State.UPLOADED,
        filename=submission.filename,
        bytes=submission.content.bytes,
        sha256=submission.content.sha256,
    )


async def _read(chunks: AsyncIterator[bytes]) -> Content:
    """Read a file only for its size and hash."""
    seen, size = hashlib.sha256(), 0
    async for chunk in chunks:
        seen.update(chunk)
        size += len(chunk)
    return Content(bytes=size, sha256=seen.hexdigest())
