"""Events for tests, with the least to type."""

from events.envelope import Event, job_event
from events.types import JobPayload, JobStarted, JobUploaded

ACCOUNT = "account-1"


def uploaded(job_id: str, filename: str = "talk.mp4", *, bulk: bool = False) -> Event:
    payload = JobUploaded(
        filename=filename, content_type="video/mp4", bytes=3, sha256="0" * 64, video_id=job_id, bulk=bulk
    )
    return event(payload, job_id)


def started(job_id: str, attempt: int = 1) -> Event:
    return event(JobStarted(run=1, attempt=attempt, worker="w"), job_id)


def event(payload: JobPayload, job_id: str) -> Event:
    return job_event(payload, job_id=job_id, account=ACCOUNT, source="/tests")
