"""A log, a tail of it, all buckets, and those who look after them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Recorded, job_event
from events.ids import new_id
from events.log import topology
from events.log.publisher import Publisher
from events.projections.job_view import JobView
from events.tasks import cancelled
from events.types import JobConverted, JobPayload, JobUploaded
from events.views.leases import Lease
from events.views.store import JobViews
from gateway.files.reception import Reception
from gateway.files.records import Record, Records
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.retention import Retention
from gateway.life.deletions import Deletions
from gateway.storage import BATCH, Bucket, Buckets, Writer
from gateway.upkeep.caretaker import Caretaker
from gateway.upkeep.erased_accounts import ErasedAccounts
from gateway.upkeep.eraser import Eraser
from gateway.upkeep.expiry import Expiries
from gateway.upkeep.sweeper import Sweeper
from gateway.upkeep.unfinished import UnfinishedUploads
from gateway.uploads.idempotency import IdempotencyKeys
from gateway.uploads.intake import Intake
from gateway.uploads.presets import Presets
from tests.gateway.running import STARTED, converted

ACCOUNT = new_id()
LIFE = 3600.0
"""Seconds until an upload expires."""
CONTENT = b"content"
HASH = hashlib.sha256(CONTENT).hexdigest()


class World:
    """Nothing in it is spared for its age alone."""

    def __init__(self, broker: Any, database: AsyncDatabase[Any], publisher: Publisher) -> None:
        self.database, self.publisher, self.stream_url = database, publisher, broker.stream_url
        self.hears: list[Callable[[Recorded], None]] = []
        self.connected = asyncio.Event()
        self.live = LiveJobs(
            JobViews(database),
            broker.stream_url,
            on_event=lambda recorded: [hear(recorded) for hear in self.hears] and None,
            on_state=lambda _: self.connected.set(),
        )
        self.buckets = Buckets.of(database)
        self.videos, self.audio = self.buckets.videos, self.buckets.audio
        self.transcripts = self.buckets.transcripts
        self.keys, self.presets = IdempotencyKeys(database), Presets(database, {})
        self.deletions = Deletions(publisher, self.live)
        self.accounts = ErasedAccounts(database, broker.stream_url)
        self.records = Records(database, Record)
        self.unfinished = UnfinishedUploads(
            self.records, self.videos, self.live, self.reception().accept, life=LIFE
        )
        forget = (self.keys.forget, self.unfinished.forget)
        self.eraser = Eraser(self.live, self.buckets, publisher, forget)

    def sweeper(self, grace: float = 0.0) -> Sweeper:
        return Sweeper(self.live, self.buckets, self.accounts, [self.unfinished], grace=grace)

    def caretaker(self, retention: Retention = Retention(), interval: float = 3600.0) -> Caretaker:  # noqa: B008
        views = JobViews(self.database)
        return Caretaker(
            Lease(self.database, "sweeper", new_id(), 30.0),
            views,
            self.live,
            deletions=self.deletions,
            eraser=self.eraser,
            accounts=self.accounts,
            expiries=self.expiries(retention, interval),
            sweeper=self.sweeper(),
            unfinished=[self.unfinished],
            forget_account=(
                self.presets.forget_account,
                self.keys.forget_account,
                self.unfinished.forget_account,
            ),
            interval=interval,
        )

    def expiries(self, retention: Retention, interval: float = 3600.0) -> Expiries:
        return Expiries(JobViews(self.database), self.live, self.deletions, retention, interval)

    @asynccontextmanager
    async def cared_for(self, **terms: Any) -> AsyncIterator[None]:
        """Let a caretaker work for the block."""
        caretaker = self.caretaker(**terms)
        self.hears.append(caretaker.hear)
        caring = asyncio.create_task(caretaker.run())
        try:
            await wait_for(lambda: caretaker.holds)
            yield
        finally:
            self.hears.remove(caretaker.hear)
            await cancelled([caring])

    async def store(self, bucket: Bucket, job_id: str, blob_id: str | None = None) -> str:
        blob_id = blob_id or new_id()
        writer = Writer(bucket, blob_id)
        await writer.write(CONTENT)
        await writer.finish(filename="a", account=ACCOUNT, job_id=job_id)
        # A second ago: the times in ids are whole seconds.
        before = datetime.now(UTC) - timedelta(seconds=2)
        await bucket.files.update_one({"_id": blob_id}, {"$set": {"uploadDate": before}})
        return blob_id

    async def tell(self, job_id: str, *payloads: JobPayload, account: str = ACCOUNT) -> None:
        for payload in payloads:
            event = job_event(payload, job_id=job_id, account=account, source="test")
            await self.publisher.publish(event)
            assert await self.live.wait_for(event.id, 45)

    def reception(
        self,
        life: float = LIFE,
        *,
        records: Records | None = None,
        videos: Bucket | None = None,
        intake: Intake | None = None,
    ) -> Reception:
        own_jobs = OwnJobs(self.live, JobViews(self.database), self.videos)
        intake = intake or Intake(self.videos, self.keys, self.publisher, self.live)
        return Reception(
            records or self.records, videos or self.videos, intake, own_jobs, most=2**40, life=life
        )

    async def job(self, **more: Any) -> str:
        job_id = new_id()
        await self.store(self.videos, job_id, job_id)
        await self.tell(job_id, uploaded(job_id, **more))
        return job_id

    async def sibling(self, first: str, **more: Any) -> str:
        """Begin another job of a job's video."""
        job_id = new_id()
        await self.tell(job_id, uploaded(first, family=first, **more))
        return job_id

    async def convert(self, job_id: str) -> str:
        audio = await self.store(self.audio, job_id)
        await self.tell(job_id, STARTED, result(audio))
        return audio

    async def view(self, job_id: str) -> JobView:
        view = await self.live.view(job_id)
        assert view is not None
        return view

    async def told(self, job_id: str, type_: str) -> bool:
        return any(entry.type == type_ for entry in (await self.view(job_id)).timeline)

    async def erased(self, job_id: str) -> JobView:
        """Wait until the log says that the job's files are gone."""

        async def gone() -> JobView | None:
            view = await self.view(job_id)
            return view if view.erasure else None

        return await wait_for(gone)

    async def crash(self, bucket: Bucket, blob_id: str) -> None:
        """Leave what a process leaves that is killed after its first chunk."""
        writer = Writer(bucket, blob_id)
        await writer.write(b"x" * BATCH)
        await wait_for(lambda: bucket.chunks.count_documents({"files_id": blob_id}))

    async def stored(self, bucket: Bucket) -> set[str]:
        files = {file["_id"] async for file in bucket.files.find()}
        assert {chunk["files_id"] async for chunk in bucket.chunks.find()} == files
        return files

    async def holds(self, bucket: Bucket, blob_ids: set[str]) -> bool:
        """Return True if these files are stored, and not a chunk of another."""
        files = {file["_id"] async for file in bucket.files.find()}
        return files == blob_ids == {chunk["files_id"] async for chunk in bucket.chunks.find()}

    async def has_no_notes(self) -> bool:
        """Return True if no file is noted as being written or removed."""
        pending = [self.database[f"{name}.pending"] for name in ("videos", "audio", "transcripts")]
        return not any([await each.count_documents({}) for each in pending])

    async def project(self, *job_ids: str) -> None:
        """Keep these jobs in the stored views, as a projector does, and no more in memory."""
        store = await JobViews(self.database).live()
        await store.prepare()
        await store.save((await self.live.views(list(job_ids))).views.values())


def uploaded(video_id: str, **more: Any) -> JobUploaded:
    return JobUploaded(
        filename="a.mp4", content_type="video/mp4", bytes=7, sha256=HASH, video_id=video_id, **more
    )


def result(audio_id: str) -> JobConverted:
    return converted(audio_id, CONTENT)


@asynccontextmanager
async def world_of(broker: Any, database: AsyncDatabase[Any]) -> AsyncIterator[World]:
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test") as publisher:
        world = World(broker, database, publisher)
        following = asyncio.create_task(world.live.run())
        try:
            await wait_for(lambda: world.live.caught_up)
            await world.connected.wait()  # which ends any trouble, also one that a test has set
            yield world
        finally:
            await cancelled([following])
