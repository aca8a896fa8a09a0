"""The event by which a job begins another run: with the same video and options as the run before."""

from events.projections.job_view import Video
from events.types import JobRequeued


def another_run(video: Video, run: int, *, bulk: bool) -> JobRequeued:
    """Return the request for the run after this one; `bulk` as in `events.work.turns`."""
    return JobRequeued(
        run=run + 1,
        filename=video.filename,
        content_type=video.content_type,
        bytes=video.bytes,
        sha256=video.sha256,
        video_id=video.video_id,
        options=video.options,
        family=video.family,
        bulk=bulk,
        imported=video.imported,
    )
