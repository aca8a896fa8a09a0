"""Removes files of no job: uploads that never became one, results no view refers to, orphan chunks.

Everything here errs on the side of keeping. A blob goes only when it is older than the grace time, or its job
was deleted, and the job's view, as of a moment after the sweep began, does not refer to it; a video only when
no other job of its account does either, since the jobs of a family share it. A sweep only runs while this
process follows the log and the views are complete, and one gateway sweeps at a time. That a job has no
view proves nothing for a file from before the log's oldest event: retention may have cut the job's story.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec import Struct

from events.errors import Unavailable
from events.projections.job_view import JobView
from gateway.errors import BlobHeld
from gateway.jobs.live import LiveJobs, needs_video
from gateway.storage import Bucket, Buckets
from gateway.upkeep.unfinished import UnfinishedUploads
from gateway.upkeep.unneeded import condemn_unneeded
from service.blobs import BARE, Blob

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
    transcripts: int = 0
    chunks: int = 0


class Sweeper:
    """Sweeps all buckets; `grace` is the age in seconds that protects a file that belongs to no job."""

    def __init__(
        self,
        live: LiveJobs,
        buckets: Buckets,
        accounts: Erased,
        unfinished: Sequence[UnfinishedUploads],
        *,
        grace: float,
    ) -> None:
        """`accounts` are those that were erased; one that still has files is opened again."""
        self._unfinished = unfinished
        self._live, self._buckets, self._videos = live, buckets, buckets.videos
        self._accounts, self._grace = accounts, grace

    async def sweep(self) -> Swept:
        """Sweep once. Raises Unavailable, PyMongoError."""
        before = datetime.now(UTC) - timedelta(seconds=self._grace)
        cut = await self._live.cut_at()
        expired = sum([await each.sweep(datetime.now(UTC)) for each in self._unfinished])
        videos, audio, transcripts = self._buckets.videos, self._buckets.audio, self._buckets.transcripts
        return Swept(
            uploads=expired + await self._unreferenced(videos, needs_video, before, cut),
            audio=await self._unreferenced(audio, refers_to_audio, before, cut),
            transcripts=await self._unreferenced(transcripts, refers_to_transcript, before, cut),
            chunks=sum([await self._orphans(each, before) for each in (videos, audio, transcripts)]),
        )

    async def _unreferenced(
        self, bucket: Bucket, refers: Callable[[JobView, str], bool], before: datetime, cut: datetime | None
    ) -> int:
        removed = 0
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
        if view is None:
            return blob.account in self._accounts
        return view.deletion is not None or view.is_revoked(blob.id)

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


def refers_to_transcript(view: JobView, transcript_id: str) -> bool:
    """Return True if this is what the job's audio says, or what its owner gave and did not take back."""
    if any(each.id == transcript_id for each in view.own_transcripts):
        return True
    if view.deletion is not None or view.audio_gone is not None or view.result is None:
        return False
    return any(each.transcript_id == transcript_id for each in view.result.transcripts)


async def _some(bucket: Bucket) -> AsyncIterator[list[Blob]]:
    """Yield the files, some at a time."""
    blobs: list[Blob] = []
    async for document in bucket.files.find({}, BARE, batch_size=_AT_ONCE):
        blobs.append(Blob.of(document))
        if len(blobs) == _AT_ONCE:
            yield blobs
            blobs = []
    if blobs:
        yield blobs
