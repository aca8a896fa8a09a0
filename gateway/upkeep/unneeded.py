"""The condition for a video to go: nobody needs it, and nobody can come to need it any more.

Two sides exclude each other. Who begins work on a stored video holds it first, then looks whether it may be
had, and lets go once the log has the event. Who removes one condemns it first, where nobody holds it, then
reads the log to its end, and looks once more who needs it.
"""

from events.errors import Unavailable
from gateway.jobs.live import LiveJobs
from gateway.storage import Bucket

_READ_WITHIN = 5.0


async def condemn_unneeded(
    live: LiveJobs, videos: Bucket, account: str, video_id: str, job_id: str
) -> bool | None:
    """Condemn a video that no job needs, in the name of this job; None if one does.

    True if it was condemned before. Raises BlobHeld, Unavailable.
    """
    if await _needed(live, account, video_id):
        return None
    known = await videos.condemn(video_id, job_id)
    await live.catch_up(_READ_WITHIN)
    if await _needed(live, account, video_id):
        await videos.spare(video_id, job_id)
        return None
    return known


async def _needed(live: LiveJobs, account: str, video_id: str) -> bool:
    needed = await live.needs(account, video_id)
    if not await live.complete():
        raise Unavailable("the views fell behind the log in the middle of an erasure")
    return needed
