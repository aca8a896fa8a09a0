"""The deletion of jobs and of files, as events: from then on nobody reaches them. The bytes go next."""

import asyncio
from collections.abc import Iterable

import structlog

from events.envelope import job_event
from events.log.publisher import Publisher
from events.projections.job_view import JobView
from events.types import DeletionReason, JobAudioRemoved, JobDeleted, JobPayload, JobVideoRemoved
from gateway.http import trace_context
from gateway.jobs.live import LiveJobs

log = structlog.get_logger()

_SEEN_WITHIN = 2.0
_AT_ONCE = 50


class Deletions:
    """Publishes deletions. Each is published once: what is repeated is the same event.

    Every method returns when its event is part of the answers here. Raises NotConfirmed, Unavailable.
    """

    def __init__(self, publisher: Publisher, live: LiveJobs) -> None:
        self._publisher, self._live = publisher, live

    async def delete(self, view: JobView, reason: DeletionReason) -> None:
        """Delete a job with all that belongs to it; work on it stops."""
        audio = view.result
        payload = JobDeleted(
            reason=reason,
            video_sha256=view.video.sha256 if view.video else None,
            audio_sha256=audio.sha256 if audio else None,
        )
        await self._tell(view, payload)
        log.info("job_deleted", job_id=view.job_id, reason=reason.value)

    async def delete_all(self, views: Iterable[JobView], reason: DeletionReason) -> None:
        """Delete several jobs, some at a time."""
        left = list(views)
        while left:
            some, left = left[:_AT_ONCE], left[_AT_ONCE:]
            await asyncio.gather(*(self.delete(view, reason) for view in some))

    async def remove_video(self, view: JobView, reason: DeletionReason) -> None:
        """Remove a job's video; other jobs of the family keep it."""
        if view.video is not None:
            await self._tell(view, JobVideoRemoved(reason=reason, sha256=view.video.sha256))

    async def remove_audio(self, view: JobView, reason: DeletionReason) -> None:
        """Remove a job's audio."""
        if (audio := view.result) is not None:
            await self._tell(view, JobAudioRemoved(run=audio.run, reason=reason, sha256=audio.sha256))

    async def _tell(self, view: JobView, payload: JobPayload) -> None:
        event = job_event(
            payload,
            job_id=view.job_id,
            account=view.account,
            source="gateway",
            traceparent=trace_context.current(),
        )
        await self._publisher.publish(event)
        if not await self._live.wait_for(event.id, _SEEN_WITHIN):
            log.warning("deletion_not_seen_yet", job_id=view.job_id, event_id=event.id)
