"""Removes files of no job: uploads that never became one, audio no view refers to, orphan chunks.

Everything here errs on the side of keeping. A blob goes only when it is older than the grace time, or its job
was deleted, and the job's view, as of a moment after the sweep began, does not refer to it; a video only when
no other job of its account does either, since the jobs of a family share it. A sweep only runs while this
process follows the log and the views are complete, and one gateway sweeps at a time. That a job has no
view proves nothing for a file from before the log's oldest event: retention may have cut the job's story.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec import Struct

from events.errors import Unavailable
from events.projections.job_view import JobView
from gateway.errors import BlobHeld
from gateway.jobs.live import LiveJobs, needs_video
from gateway.storage import Bucket
from gateway.upkeep.unfinished import UnfinishedUploads
from gateway.upkeep.unneeded import condemn_unneeded
from service.blobs import WITHOUT_PEAKS, Blob

_AT_ONCE = 50


class Erased(Protocol):
    """The accounts that were erased."""

    def __contains__(self, account: str) -> bool: ...

    async def reopen(self, account: str) -> None:
        """Note that the account has jobs again. Raises Unavailable."""


class Swept(Struct, kw_only=True):
    """The result of a sweep: the numbers of files removed, and of chunks that belonged to no file.

    `uploads` are videos, whole or not.
    """

    uploads: int = 0
    audio: int = 0
    chunks: int = 0


class Sweeper:
    """Sweeps both buckets; `grace` is the age in seconds that protects a file that belongs to no job."""

    def __init__(
        self,
        live: LiveJobs,
        videos: Bucket,
        audio: Bucket,
        accounts: Erased,
        unfinished: UnfinishedUploads,
        *,
        grace: float,
    ) -> None:
        """`accounts` are those that were erased; one that still has files is opened again."""
        self._unfinished = unfinished
        self._live, self._videos, self._audio = live, videos, audio
        self._accounts, self._grace = accounts, grace

    async def sweep(self) -> Swept:
        """Sweep once. Raises Unavailable, PyMongoError."""
        before = datetime.now(UTC) - timedelta(seconds=self._grace)
        cut = await self._live.cut_at()
        expired = await self._unfinished.sweep(datetime.now(UTC))
        return Swept(
            uploads=expired + await self._unreferenced(self._videos, before, cut),
            audio=await self._unreferenced(self._audio, before, cut),
            chunks=await self._orphans(self._videos, before) + await self._orphans(self._audio, before),
        )

    async def _unreferenced(self, bucket: Bucket, before: datetime, cut: datetime | None) -> int:
        removed = 0
        refers = needs_video if bucket is self._videos else refers_to_audio
        async for blobs in _some(bucket):
            views, damaged = await self._live.views([blob.job_id for blob in blobs])
            if not await self._live.complete():
                raise Unavailable("the views fell behind the log in the middle of a sweep")
            for blob in blobs:
                view = views.get(blob.job_id)
                if blob.job_id in damaged:
                    continue
                if view is not None and view.deletion is None and blob.account in self._accounts:
                    await self._accounts.reopen(blob.account)
                if blob.uploaded >= before and not self._is_given_up(blob, view):
                    continue
                unknown = view is None and (cut is None or blob.uploaded > cut)
                if not unknown and (view is None or refers(view, blob.id)):
                    continue
                if bucket is self._videos and not await self._is_unneeded(blob):
                    continue
                await bucket.remove(blob.id)
                removed += 1
        return removed

    def _is_given_up(self, blob: Blob, view: JobView | None) -> bool:
        """Return True if nobody can want this file any more, however young it is."""
        return blob.account in self._accounts if view is None else view.deletion is not None

    async def _is_unneeded(self, blob: Blob) -> bool:
        try:
            known = await condemn_unneeded(self._live, self._videos, blob.account, blob.id, blob.job_id)
        except BlobHeld:
            return False
        return known is not None

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


def refers_to_audio(view: JobView, audio_id: str) -> bool:
    """Return True if this is the audio of the job; that of a run that had ended otherwise is nobody's."""
    if view.deletion is not None or view.audio_gone is not None:
        return False
    return view.result is not None and view.result.audio_id == audio_id


async def _some(bucket: Bucket) -> AsyncIterator[list[Blob]]:
    """Yield the files, some at a time."""
    blobs: list[Blob] = []
    async for document in bucket.files.find({}, WITHOUT_PEAKS, batch_size=_AT_ONCE):
        blobs.append(Blob.of(document))
        if len(blobs) == _AT_ONCE:
            yield blobs
            blobs = []
    if blobs:
        yield blobs
