"""Taking in a video: blob, event, answer, in this order (rule 3 of the log).

Before the event there is no job, and whatever was stored is the sweeper's after a while. After it the
job exists, whatever becomes of this process. In between, when the broker does not confirm, nobody
knows: the blob stays, and a repetition with the same Idempotency-Key settles it.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import structlog
from msgspec import Struct

from events import tracing
from events.envelope import job_event
from events.errors import NotConfirmed, TonearmError
from events.ids import new_id
from events.log.publisher import Publisher
from events.projections.job_view import JobView, State, Video
from events.types import JobUploaded
from gateway.errors import EmptyFile, KeyInUse, KeyReused, MaybeAccepted
from gateway.jobs.live import Live
from gateway.jobs.presentation import Accepted
from gateway.storage import Bucket, Content, Writer
from gateway.uploads.idempotency import Claim, Known, UploadKeys
from gateway.uploads.options import Wish

log = structlog.get_logger()

_SEEN_WITHIN = 2.0
_GIVE_UP_WITHIN = 2.0
_STOP_WITHIN = 0.8


class Upload(Struct, frozen=True, kw_only=True):
    """A video on its way in. `chunks` can be read once."""

    account: str
    filename: str
    content_type: str
    wish: Wish
    chunks: AsyncIterator[bytes]
    traceparent: str | None = None


class _Asked(NamedTuple):
    """Who asks for a job, and what it is related to."""

    account: str
    traceparent: str | None
    family: str = ""


def _asked(upload: Upload) -> _Asked:
    return _Asked(upload.account, upload.traceparent)


class Uploads:
    """Stores videos and tells the log."""

    def __init__(self, videos: Bucket, keys: UploadKeys, publisher: Publisher, live: Live) -> None:
        self._videos, self._keys, self._publisher, self._live = videos, keys, publisher, live

    async def accept(self, upload: Upload, key: str | None) -> Accepted:
        """Return once the job exists and is seen here.

        Raises UploadRefused, KeyRefused, MaybeAccepted, Unavailable; then nothing of it stays but what
        MaybeAccepted tells of.
        """
        if key is None:
            job_id = new_id()
            known = await self._store(upload, job_id, job_id)
            return await self._tell_surely(_asked(upload), known, job_id, job_id)
        async with self._claim(upload.account, key) as claim:
            return await self._claimed(upload, claim)

    @asynccontextmanager
    async def _claim(self, account: str, key: str) -> AsyncIterator[Claim]:
        """Hold the key; the next attempt may have it at once when this one comes to nothing."""
        claim = await self._keys.claim(account, key)
        try:
            yield claim
        except BaseException:
            with suppress(TonearmError, TimeoutError):
                await asyncio.shield(asyncio.wait_for(self._keys.release(claim), _GIVE_UP_WITHIN))
            raise

    async def _claimed(self, upload: Upload, claim: Claim) -> Accepted:
        if claim.known is not None and not claim.done and await self._videos.find(claim.video_id) is None:
            claim.known, claim.video_id = None, new_id()  # so late that the file was swept: it comes again
        if claim.known is None:
            known = await self._store(upload, claim.job_id, claim.video_id, claim)
            try:
                await self._keys.store(claim, known)
            except KeyInUse:
                await self._videos.remove(claim.video_id)  # another attempt took over; this file is nobody's
                raise
        else:
            known = claim.known
            if await _read(upload.chunks) != known.content or upload.filename != known.filename:
                raise KeyReused("this Idempotency-Key came with another file before; use a new key")
            _check_options(known, upload.wish)
            if claim.done:
                return _accepted(claim.job_id, known)
        return await self._tell_claimed(_asked(upload), known, claim)

    async def _tell_claimed(self, asked: "_Asked", known: Known, claim: Claim) -> Accepted:
        accepted = await self._tell_surely(asked, known, claim.job_id, claim.video_id)
        with suppress(TonearmError):  # the job exists; a repetition would publish the same event again
            await self._keys.finish(claim)
        return accepted

    async def _store(self, upload: Upload, job_id: str, video_id: str, claim: Claim | None = None) -> Known:
        writer = Writer(self._videos, video_id)
        try:
            with tracing.span("store video") as span:
                async for chunk in upload.chunks:
                    await writer.write(chunk)
                    if claim is not None:
                        await self._keys.renew(claim)
                if writer.content.bytes == 0:
                    raise EmptyFile("the file has no bytes: nothing was uploaded")
                content = await writer.finish(filename=upload.filename, account=upload.account, job_id=job_id)
                span.set("tonearm.bytes", content.bytes)
        except BaseException:
            with suppress(TimeoutError):
                await asyncio.shield(asyncio.wait_for(writer.discard(), _GIVE_UP_WITHIN))
            raise
        return Known(
            filename=upload.filename,
            content_type=upload.content_type,
            content=content,
            options=upload.wish.options,
            given=dict(upload.wish.given),
        )

    async def convert_again(
        self, view: JobView, video: Video, wish: Wish, traceparent: str, key: str | None
    ) -> Accepted:
        """Begin another job of a job's video. Raises KeyRefused, MaybeAccepted, Unavailable."""
        content = Content(bytes=video.bytes, sha256=video.sha256)
        known = Known(
            filename=video.filename,
            content_type=video.content_type,
            content=content,
            options=wish.options,
            given=dict(wish.given),
        )
        asked = _Asked(view.account, traceparent, video.family or view.job_id)
        if key is None:
            return await self._tell_surely(asked, known, new_id(), video.video_id)
        # Another key than an upload's, or another job's: a NUL is in none that is sent.
        async with self._claim(view.account, f"{key}\0{view.job_id}") as claim:
            if claim.known is None:
                claim.video_id = video.video_id
                await self._keys.store(claim, known)
            else:
                _check_options(claim.known, wish)
                known = claim.known
            if claim.done:
                return _accepted(claim.job_id, known)
            return await self._tell_claimed(asked, known, claim)

    async def _tell_surely(self, asked: "_Asked", known: Known, job_id: str, video_id: str) -> Accepted:
        """Tell the log, also when a stop cancels this upload: its job may exist already.

        Then the client learns what became of it, or that nobody knows yet. Raises MaybeAccepted.
        """
        telling = asyncio.ensure_future(self._tell(asked, known, job_id, video_id))
        try:
            return await asyncio.shield(telling)
        except asyncio.CancelledError:
            await asyncio.wait({telling}, timeout=_STOP_WITHIN)
            if not telling.done():
                telling.cancel()
                raise MaybeAccepted(
                    f"this server stops: job {job_id} may or may not exist. Look for it in a while",
                    job_id=job_id,
                ) from None
            return telling.result()

    async def _tell(self, asked: "_Asked", known: Known, job_id: str, video_id: str) -> Accepted:
        event = job_event(
            JobUploaded(
                filename=known.filename,
                content_type=known.content_type,
                bytes=known.content.bytes,
                sha256=known.content.sha256,
                video_id=video_id,
                options=known.options,
                family=asked.family,
            ),
            job_id=job_id,
            account=asked.account,
            source="gateway",
            traceparent=asked.traceparent,
        )
        try:
            await self._publisher.publish(event)
        except NotConfirmed as error:
            log.error("upload_unconfirmed", job_id=job_id, event_id=event.id, error=str(error))
            raise MaybeAccepted(
                f"the log did not confirm it in time: job {job_id} may or may not exist. Look for it in a"
                " while, or repeat the request; with the same Idempotency-Key it becomes one job at most",
                job_id=job_id,
            ) from error
        log.info("upload_accepted", job_id=job_id, event_id=event.id, bytes=known.content.bytes)
        if not await self._live.wait_for(event.id, _SEEN_WITHIN):
            log.warning("upload_not_seen_yet", job_id=job_id, event_id=event.id)
        return _accepted(job_id, known)


def _check_options(known: Known, wish: Wish) -> None:
    if not known.asks_for(wish):
        raise KeyReused("this Idempotency-Key came with other options before; use a new key")


def _accepted(job_id: str, known: Known) -> Accepted:
    return Accepted(
        job_id=job_id,
        state=State.UPLOADED,
        filename=known.filename,
        bytes=known.content.bytes,
        sha256=known.content.sha256,
    )


async def _read(chunks: AsyncIterator[bytes]) -> Content:
    """Read a file only to know it again."""
    seen, size = hashlib.sha256(), 0
    async for chunk in chunks:
        seen.update(chunk)
        size += len(chunk)
    return Content(bytes=size, sha256=seen.hexdigest())
