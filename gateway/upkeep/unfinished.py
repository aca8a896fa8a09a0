"""Removes uploads at /files that never became a job: expired, terminated, of an erased account.

An upload is shut first, so that no writer goes on with it, then its chunks go. A chunk that was on its way
all the while is found by its note, as any orphan.
"""

from datetime import datetime, timedelta

from gateway.files.records import Record, Records
from gateway.jobs.live import LiveJobs
from gateway.storage import Bucket

REMEMBERED = timedelta(days=7)
"""For so long an upload that is gone is told from one that never was."""
_MAKING_A_JOB = timedelta(hours=1)
"""For so long after its end an upload of which every byte came may still be on its way to a job."""


class UnfinishedUploads:
    """The uploads that are not jobs. Every method raises Unavailable, and may be repeated."""

    def __init__(self, records: Records, videos: Bucket, live: LiveJobs) -> None:
        self._records, self._videos, self._live = records, videos, live

    async def sweep(self, now: datetime) -> int:
        """Remove what has expired by now, while this process knows all jobs; return the number of uploads."""
        removed = 0
        async for record in self._records.expired(now):
            if record.gone is None and record.is_whole and record.expires > now - _MAKING_A_JOB:
                continue
            if record.gone is None:
                removed += await self._remove(record)
            elif not record.emptied:
                await self._empty(record.id)
            elif record.expires < now - REMEMBERED:
                await self._records.remove(record.id)
        return removed

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
