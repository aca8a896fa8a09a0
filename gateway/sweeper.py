"""Removes files of no job: uploads that never became one, audio no view refers to, orphan chunks.

Everything here errs on the side of keeping. A blob goes only when it is older than the grace time and
the job's view, as of a moment after the sweep began, does not refer to it; a video only when no other job
of its account does either, since the jobs of a family share it. A sweep only runs while this
process follows the log and the views are complete, and one gateway sweeps at a time. That a job has no
view proves nothing for a file from before the log's oldest event: retention may have cut the job's story.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

from events.errors import Unavailable
from events.mongodb_errors import translated
from events.projections.job_view import JobView, State
from events.views.leases import Lease
from gateway.jobs.live import LiveJobs
from gateway.storage import Bucket
from service.blobs import Blob

log = structlog.get_logger()

_AT_ONCE = 50


class Swept(Struct, kw_only=True):
    """The result of a sweep: the numbers of files removed, and of chunks that belonged to no file."""

    uploads: int = 0
    audio: int = 0
    chunks: int = 0


class Sweeper:
    """Sweeps both buckets every `interval` seconds; `grace` is the age in seconds that protects."""

    def __init__(
        self,
        database: AsyncDatabase[Any],
        live: LiveJobs,
        videos: Bucket,
        audio: Bucket,
        *,
        holder: str,
        interval: float,
        grace: float,
    ) -> None:
        self._live, self._videos, self._audio = live, videos, audio
        self._lease = Lease(database, "sweeper", holder, 30.0)
        self._interval, self._grace = interval, grace

    async def run(self) -> None:
        """Sweep for ever; trouble is logged and left to the next time."""
        while True:
            await asyncio.sleep(self._interval)
            try:
                with translated("the storage"):
                    async with self._lease.held() as lost:
                        if lost.is_set() or not await self._live.complete():
                            continue
                        swept = await self.sweep()
                log.info("swept", uploads=swept.uploads, audio=swept.audio, chunks=swept.chunks)
            except Unavailable as error:
                log.warning("sweep_interrupted", error=str(error))

    async def sweep(self) -> Swept:
        """Sweep once. Raises Unavailable, PyMongoError."""
        before = datetime.now(UTC) - timedelta(seconds=self._grace)
        cut = await self._live.cut_at()
        return Swept(
            uploads=await self._unreferenced(self._videos, before, cut, refers_to_video),
            audio=await self._unreferenced(self._audio, before, cut, refers_to_audio),
            chunks=await self._orphans(self._videos, before) + await self._orphans(self._audio, before),
        )

    async def _unreferenced(
        self, bucket: Bucket, before: datetime, cut: datetime | None, refers: Callable[[JobView, str], bool]
    ) -> int:
        removed = 0
        async for blobs in _older(bucket, before):
            views, damaged = await self._live.views([blob.job_id for blob in blobs])
            if not await self._live.complete():
                raise Unavailable("the views fell behind the log in the middle of a sweep")
            for blob in blobs:
                view = views.get(blob.job_id)
                if blob.job_id in damaged:
                    continue
                unknown = view is None and (cut is None or blob.uploaded > cut)
                if not unknown and (view is None or refers(view, blob.id)):
                    continue
                if bucket is self._videos and await self._live.needs(blob.account, blob.id):
                    continue
                await bucket.remove(blob.id)
                removed += 1
        return removed

    async def _orphans(self, bucket: Bucket, before: datetime) -> int:
        """Remove the chunks that a crash left in the middle of writing or removing a file."""
        removed = 0
        async for blob_id in bucket.pending.older(before):
            if not await bucket.pending.mark_swept(blob_id, before):
                continue  # it is being written after all
            if await bucket.files.find_one({"_id": blob_id}, {"_id": 1}) is None:
                removed += await bucket.remove(blob_id)
            else:
                await bucket.pending.drop(blob_id)
        return removed


def refers_to_video(view: JobView, video_id: str) -> bool:
    """Return True if the job still needs this video. Before `job.uploaded` is seen, it may."""
    if view.state is State.DELETED:
        return False
    return view.video is None or view.video.video_id == video_id


def refers_to_audio(view: JobView, audio_id: str) -> bool:
    """Return True if this is the audio of the job; that of a run that had ended otherwise is nobody's."""
    return view.state is not State.DELETED and view.result is not None and view.result.audio_id == audio_id


async def _older(bucket: Bucket, before: datetime) -> AsyncIterator[list[Blob]]:
    """Yield the files from before this time, some at a time."""
    blobs: list[Blob] = []
    async for document in bucket.files.find({"uploadDate": {"$lt": before}}, batch_size=_AT_ONCE):
        blobs.append(Blob.of(document))
        if len(blobs) == _AT_ONCE:
            yield blobs
            blobs = []
    if blobs:
        yield blobs
