"""Jobs as people read them: a line in a list, or all that is known of one."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cli.client.answers import Job, Queue
from cli.pretty import clock, size, visible
from cli.times import shown
from cli.tree.printer import Column, Kind


def facts(job: Job, url: str) -> Iterator[tuple[str, str]]:
    """Yield what is known of a job but its timeline; `url` is the gateway's."""
    yield "job", job.job_id
    again = f", run {job.run}" if job.run > 1 else ""
    tries = f", attempt {job.attempt}" if job.attempt > 1 else ""
    yield "state", f"{job.state}{again}{tries}"
    if job.video:
        yield "file", visible(f"{job.filename} ({size(job.video.bytes)})")
    yield "created", _time(job.created)
    if job.queue:
        yield "queue", ahead(job.queue)
    if job.finished_at:
        yield "ended", _time(job.finished_at)
    if job.audio:
        what = f"{clock(job.audio.duration_seconds)}, {size(job.audio.bytes)}"
        yield "audio", f"{what}  {url}{job.audio.url}"
        if job.audio.seconds_saved >= 1:
            yield "pauses", f"{clock(job.audio.seconds_saved)} left out"
        if job.audio.notice:
            yield "notice", visible(job.audio.notice)
    for what, time in (("video", job.expires.video), ("audio", job.expires.audio), ("job", job.expires.job)):
        if time:
            yield "expires", f"{_time(time)}, the {what}"
    if job.error:
        yield "error", visible(f"{job.error.message} ({job.error.code})")


def receipt(problem: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the gateway still knows of a job that is deleted."""
    names = {
        "deleted_at": "deleted",
        "reason": "reason",
        "video_sha256": "video",
        "audio_sha256": "audio",
        "erased_at": "erased",
    }
    for name, told in names.items():
        if value := problem.get(name):
            kind = "SHA-256 " if name.endswith("_sha256") else ""
            yield told, _time(value) if name.endswith("_at") else visible(f"{kind}{value}")
    if problem.get("erased_at", "") is None:
        yield "erased", "not yet"
    if problem.get("video_kept"):
        yield "kept", "the video, which other jobs need"


def ahead(queue: Queue) -> str:
    """Return the place of a job among those that wait, and when it will be done."""
    place = f"number {queue.place:,}" if queue.place else "at work"
    if queue.seconds_min is None or queue.seconds_max is None:
        return place
    return f"{place}, done in {clock(queue.seconds_min)} to {clock(queue.seconds_max)}"


def _time(text: str) -> str:
    return shown(datetime.fromisoformat(text)) if text else ""


COLUMNS = [
    Column[Job]("job", lambda job: job.job_id, kind=Kind.ID),
    Column[Job]("created", lambda job: _time(job.created), kind=Kind.TIME),
    Column[Job]("state", lambda job: job.state),
    Column[Job]("file", lambda job: job.filename, cut=True),
]
"""A job in a list."""
