"""Erases the files of deleted jobs, and removed ones, and publishes `job.erased` when they are gone.

The order is what makes the receipt true. First a note that condemns a file, so that its writer cannot finish
it; then the file and its chunks; then a look whether anything has come meanwhile; then `job.erased`; then the
notes go. A crash in between leaves notes, by which the next round finds all of it again. Every step may be
done twice, so two holders of the lease do no harm.

A converter that did not hear of the deletion may store its audio after that. It is removed when its event is
heard, or by the sweep, and nobody can reach it meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

import structlog
from msgspec import Struct
from msgspec.structs import replace

from events.envelope import consequence
from events.log.publisher import Publisher
from events.projections.erasures import cause, owed
from events.projections.job_view import SETTLED, Entry, JobView
from events.types import JobAudioRemoved, JobErased, JobVideoRemoved
from gateway.errors import BlobHeld
from gateway.jobs.live import LiveJobs
from gateway.storage import Bucket, Buckets
from gateway.upkeep.unneeded import condemn_unneeded

log = structlog.get_logger()

_SEEN_WITHIN = 2.0
Forget = Callable[[str], Awaitable[None]]
"""Forgets what another store has of a job, by its id. May be asked twice. Raises Unavailable."""


class _Files(Struct):
    """The files that one erasure has removed; `kept`: a video that other jobs need."""

    videos: frozenset[str] = frozenset()
    audio: frozenset[str] = frozenset()
    transcripts: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


class Eraser:
    """Erases what jobs owe. Every method raises Unavailable; what is left then is done the next time."""

    def __init__(
        self, live: LiveJobs, buckets: Buckets, publisher: Publisher, forget: tuple[Forget, ...]
    ) -> None:
        """`forget` are the other stores that know of jobs."""
        self._live, self._videos, self._audio = live, buckets.videos, buckets.audio
        self._transcripts = buckets.transcripts
        self._publisher, self._forget = publisher, forget
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By video: jobs that share one and are erased together count it once."""

    async def settle(self, view: JobView) -> None:
        """Erase all that the job still owes, and publish that. Of a deleted job, erase also what came late.

        Where a writer is still at work, or a request for another run of the video, it returns: the job still
        owes, and comes again.
        """
        asked = owed(view)
        for entry in asked:
            if (files := await self._erase(view, entry)) is not None:
                await self._tell(view, entry, files)
        if view.deletion is not None and not asked and (late := await self._all(view)) is not None:
            await self._settled(view)
            if late.videos or late.audio or late.transcripts:
                log.warning(
                    "late_files_erased", job_id=view.job_id, videos=len(late.videos), audio=len(late.audio)
                )

    async def _erase(self, view: JobView, entry: Entry) -> _Files | None:
        """Erase what this event asked for; None while something may still be written, or be asked for."""
        match entry.type:
            case JobVideoRemoved.TYPE:
                return await self._video(view)
            case JobAudioRemoved.TYPE:
                return await self._audio_of(view, entry.run)
            case _:
                files = await self._all(view)
                for forget in self._forget if files else ():
                    await forget(view.job_id)
                return files

    async def _all(self, view: JobView) -> _Files | None:
        """Erase every file of the job, and its video if no other job needs it."""
        job_id = view.job_id
        files = await self._erase_videos(view, await self._videos.of_job(job_id) | await self._video_of(view))
        if files is None:
            return None
        audio, transcripts = await self._made(view, self._audio), await self._made(view, self._transcripts)
        if audio is None or transcripts is None:
            log.info("erasure_waits_for_a_writer", job_id=job_id)
            return None
        return replace(files, audio=audio, transcripts=transcripts)

    async def _made(self, view: JobView, bucket: Bucket) -> frozenset[str] | None:
        """Erase every file in this bucket that a worker has made for the job; None while it makes another."""
        job_id = view.job_id
        made = await bucket.of_job(job_id)
        gone = frozenset([each for each in made if await bucket.erase(each, job_id)])
        came = await bucket.of_job(job_id) - made
        return None if came or await bucket.written(job_id) else gone

    async def _video(self, view: JobView) -> _Files | None:
        """Erase the job's video if no other job needs it; None while a run of its own does."""
        files = await self._erase_videos(view, await self._video_of(view))
        now = await self._live.view(view.job_id)
        if files and files.kept and now is not None and now.deletion is None and now.state not in SETTLED:
            return None
        return files

    async def _erase_videos(self, view: JobView, videos: frozenset[str]) -> _Files | None:
        """Erase those of the videos that nobody needs; None while a request is about to need one."""
        gone, kept = set(), set()
        try:
            for each in videos:
                async with self._turns.setdefault(each, asyncio.Lock()):
                    known = await condemn_unneeded(self._live, self._videos, view.account, each, view.job_id)
                    if known is None:
                        kept.add(each)
                    elif await self._videos.erase(each, view.job_id, known=known):
                        gone.add(each)
        except BlobHeld:
            log.info("erasure_waits_for_a_request", job_id=view.job_id)
            return None
        return _Files(videos=frozenset(gone), kept=frozenset(kept))

    async def _audio_of(self, view: JobView, run: int) -> _Files:
        """Erase a run's audio and what it says, also where a later run has made another."""
        audio = await self._audio.of_run(view.job_id, run)
        if view.audio is not None and view.audio.run == run:  # it may not say of which run it is
            audio |= {view.audio.audio_id}
        for transcript in await self._transcripts.of_run(view.job_id, run):
            await self._transcripts.erase(transcript, view.job_id)
        return _Files(audio=frozenset([e for e in audio if await self._audio.erase(e, view.job_id)]))

    async def _video_of(self, view: JobView) -> frozenset[str]:
        """Return the job's video if any of it is stored. It may bear the id of the family's first job."""
        if view.video is None:
            return frozenset()
        video_id = view.video.video_id
        stored = await self._videos.find(video_id) is not None
        half_erased = not stored and video_id in await self._videos.of_job(view.job_id)
        return frozenset({video_id} if stored or half_erased else ())

    async def _tell(self, view: JobView, entry: Entry, files: _Files) -> None:
        payload = JobErased(
            about=entry.type,
            videos=len(files.videos),
            audio=len(files.audio),
            video_kept=bool(files.kept),
        )
        event = consequence(cause(view, entry), payload, source="gateway")
        await self._publisher.publish(event)
        await self._settled(view)
        log.info("files_erased", job_id=view.job_id, videos=payload.videos, audio=payload.audio)
        await self._live.wait_for(event.id, _SEEN_WITHIN)

    async def _settled(self, view: JobView) -> None:
        await self._videos.settle(view.job_id)
        await self._audio.settle(view.job_id)
        await self._transcripts.settle(view.job_id)
