"""Ends uploads at /files that nobody ends: those that are whole become jobs, the others are removed.

An upload is whole and no job where the process died between the last byte and the event, or had no broker,
and the client never came back. What is removed has expired, was terminated, or is of an erased account. An
upload is shut first, so that no writer goes on with it, then its chunks go. A chunk that was on its way all
the while is found by its note, as any orphan.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from events.errors import NotConfirmed
from gateway.errors import BlobDamaged, MaybeAccepted
from gateway.files.records import Record, Records
from gateway.jobs.live import LiveJobs
from gateway.storage import Bucket

log = structlog.get_logger()

REMEMBERED = timedelta(days=7)
"""For so long an upload that is gone is told from one that never was."""
LEFT_ALONE = timedelta(minutes=1)
"""For so long after its last byte an upload is left to the request that has brought it."""

Accept = Callable[[Record], Awaitable[object]]
"""Makes a job of an upload that is whole. Raises MaybeAccepted, BlobDamaged, Unavailable."""


class UnfinishedUploads:
    """The uploads that are not jobs. Every method raises Unavailable, and may be repeated."""

    def __init__(
        self, records: Records[Record], videos: Bucket, live: LiveJobs, accept: Accept, *, life: float
    ) -> None:
        """`life`: seconds without a byte until an upload expires."""
        self._records, self._videos, self._live, self._accept = records, videos, live, accept
        self._life = timedelta(seconds=life)

    async def settle(self, now: datetime) -> None:
        """Make jobs of the uploads that have been whole for a while, while this process knows all jobs."""
        untouched = self._records.expired(now + self._life - LEFT_ALONE, gone=False)
        for record in [each async for each in untouched if each.is_whole]:
            await self._has_video(record)

    async def sweep(self, now: datetime) -> int:
        """Remove what has expired by now, while this process knows all jobs; return the number of uploads."""
        removed = 0
        async for record in self._records.expired(now):
            if record.gone is None:
                is_lost = record.is_whole and not await self._has_video(record)
                if is_lost:
                    log.error("upload_damaged", upload_id=record.id)
                if is_lost or not record.is_whole:
                    removed += await self._remove(record)
            elif not record.emptied:
                await self._empty(record.id)
            elif record.expires < now - REMEMBERED:
                await self._records.remove(record.id)
        return removed

    async def _has_video(self, record: Record) -> bool:
        """Make a job of an upload that is whole; False if some of its bytes are lost."""
        try:
            await self._accept(record)
        except BlobDamaged:
            return False
        except MaybeAccepted as error:
            raise NotConfirmed(str(error)) from error
        return True

    async def forget(self, job_id: str) -> None:
        """Forget an upload that had become a job, which was deleted."""
        await self._records.remove(job_id)

    async def forget_account(self, account: str) -> None:
        """Remove all uploads of an account whose jobs are deleted."""
        for upload_id in await self._records.of_account(account):
            if await self._live.view(upload_id) is None:
                await self._records.bury(upload_id, "terminated")
                await self._videos.remove(upload_id, surely=False)
            await self._records.remove(upload_id)

    async def _remove(self, record: Record) -> bool:
        """Remove an expired upload; False if it is a job, or somebody has gone on with it."""
        if await self._live.view(record.id) is not None:
            await self._records.remove(record.id)
            return False
        if not await self._records.bury(record.id, "expired", as_of=record):
            return False
        await self._empty(record.id)
        return True

    async def _empty(self, upload_id: str) -> None:
        await self._videos.remove(upload_id, surely=False)
        await self._records.note_emptied(upload_id)
