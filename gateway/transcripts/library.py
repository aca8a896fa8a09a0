"""The texts of transcripts: they are read, given and taken back. Whose they are was looked at before."""

import asyncio
import hashlib

import structlog
from msgspec import Struct, field

from events.envelope import job_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.projections.job_view import JobView
from events.types import JobPayload, JobTranscriptAdded, JobTranscriptRemoved
from gateway.errors import BlobDamaged, NotSeenYet, TooManyTranscripts
from gateway.http import trace_context
from gateway.jobs.live import LiveJobs
from gateway.jobs.receipts import refuse_deleted
from gateway.storage import Bucket, Writer
from gateway.transcripts.listing import Transcript, transcript_of
from service.transcripts.cues import Cue, searchable
from service.transcripts.reading import MOST_BYTES, MOST_STORED, read
from service.transcripts.writing import as_webvtt

log = structlog.get_logger()

MOST_GIVEN = 20
"""Transcripts that a job has of its owner."""
MOST_EVER = 200
"""Those among them that were taken back: a view remembers each."""
_SEEN_WITHIN = 5.0


class Library(Struct, frozen=True):
    """The stored transcripts of all jobs."""

    texts: Bucket
    live: LiveJobs
    publisher: Publisher
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """One file is read at a time: the largest one takes two seconds of a core, which others need, too."""

    async def webvtt(self, transcript: Transcript) -> bytes:
        """Return the text as it is stored. Raises BlobDamaged, BlobRemoved, Unavailable."""
        blob = await self.texts.find(transcript.transcript_id)
        if blob is None:
            raise BlobDamaged(f"the transcript {transcript.transcript_id} is not stored")
        return b"".join([piece async for piece in self.texts.read(blob, 0, blob.bytes - 1)])

    async def cues(self, transcript: Transcript) -> tuple[Cue, ...]:
        """Return its cues. Raises as `webvtt` does."""
        return await self.read(await self.webvtt(transcript), most=MOST_STORED)

    async def read(self, data: bytes, *, most: int = MOST_BYTES) -> tuple[Cue, ...]:
        """Return the cues of a file. Raises NotATranscript."""
        async with self.reading:
            return await asyncio.to_thread(read, data, most=most)

    async def add(self, view: JobView, cues: tuple[Cue, ...], language: str) -> Transcript:
        """Store a transcript for a job. One that is there already, in this language, is not stored again.

        Raises TooManyTranscripts, JobGone, Unavailable; NotConfirmed or NotSeenYet: it is there or not.
        """
        text, given = as_webvtt(cues), view.own_transcripts
        sha256 = hashlib.sha256(text).hexdigest()
        for each in given:
            if (each.sha256, each.language) == (sha256, language):
                return transcript_of(view, each.id)
        if len(given) >= MOST_GIVEN:
            raise TooManyTranscripts(f"a job has {MOST_GIVEN} transcripts of yours at most; delete one first")
        if len(view.given_transcripts) >= MOST_EVER:
            raise TooManyTranscripts(
                f"a job is given {MOST_EVER} transcripts at most, deleted ones among them"
            )
        added = JobTranscriptAdded(
            transcript_id=new_id(), bytes=len(text), sha256=sha256, cues=len(cues), language=language
        )
        await self._store(view, added.transcript_id, text, searchable(cues))
        now = await self._told(view, added)
        log.info("transcript_added", job_id=view.job_id, transcript_id=added.transcript_id, cues=len(cues))
        return transcript_of(now, added.transcript_id)

    async def remove(self, view: JobView, transcript: Transcript) -> None:
        """Take back a transcript that was given. Raises as `add` does."""
        await self._told(view, JobTranscriptRemoved(transcript_id=transcript.transcript_id))
        await self.texts.remove(transcript.transcript_id)
        log.info("transcript_removed", job_id=view.job_id, transcript_id=transcript.transcript_id)

    async def _store(self, view: JobView, transcript_id: str, text: bytes, words: str) -> None:
        writer = Writer(self.texts, transcript_id)
        try:
            await writer.write(text)
            await writer.finish(filename="", account=view.account, job_id=view.job_id, words=words)
        except BaseException:
            await writer.discard()
            raise

    async def _told(self, view: JobView, payload: JobPayload) -> JobView:
        """Publish, and return the job as it stands then. What is stored and unpublished the sweeper finds."""
        event = job_event(
            payload,
            job_id=view.job_id,
            account=view.account,
            source="gateway",
            traceparent=trace_context.current(),
        )
        await self.publisher.publish(event)
        seen = await self.live.wait_for(event.id, _SEEN_WITHIN)
        now = await self.live.view(view.job_id)
        if not seen or now is None:
            raise NotSeenYet(f"the log has {event.type} of job {view.job_id}, and it was not read in time")
        refuse_deleted(now)
        return now
