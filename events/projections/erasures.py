"""The erasures that a job's events ask for, and those that are still owed. Pure.

A deletion, and the removal of a file, ask that bytes go. `job.erased` is named by the event that asked, so
its id shows whether it was published.
"""

from events.envelope import Event, job_event
from events.ids import event_id
from events.projections.job_view import Entry, JobView
from events.types import DeletionReason, JobAudioRemoved, JobDeleted, JobErased, JobPayload, JobVideoRemoved

_ASKING = frozenset({JobDeleted.TYPE, JobVideoRemoved.TYPE, JobAudioRemoved.TYPE})


def owed(view: JobView) -> list[Entry]:
    """Return the events of a job that asked for an erasure that no event reports yet."""
    if not (view.deletion or view.video_removal or view.audio_removal):
        return []
    known = {entry.id for entry in view.timeline}
    return [
        entry
        for entry in view.timeline
        if entry.type in _ASKING and event_id(view.job_id, JobErased.TYPE, entry.id) not in known
    ]


def cause(view: JobView, entry: Entry) -> Event:
    """Return an event with the id of this one: what else it held does not matter to its consequence."""
    payload: JobPayload
    match entry.type:
        case JobVideoRemoved.TYPE:
            payload = JobVideoRemoved(reason=DeletionReason.EXPIRED, sha256="")
        case JobAudioRemoved.TYPE:
            payload = JobAudioRemoved(run=entry.run, reason=DeletionReason.EXPIRED, sha256="")
        case _:
            payload = JobDeleted(reason=DeletionReason.USER)
    return job_event(payload, job_id=view.job_id, account=view.account, source="gateway", time=entry.time)
