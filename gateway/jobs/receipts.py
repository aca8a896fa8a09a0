"""The receipt of a job that was deleted, or of its files. Pure."""

from datetime import datetime

from events.ids import event_id
from events.projections.job_view import JobView, Removal
from events.types import JobAudioRemoved, JobErased, JobVideoRemoved
from gateway.errors import JobGone, Receipt


def receipt_of(view: JobView) -> Receipt | None:
    """Return the receipt of a deleted job; None while it is there."""
    deletion, erasure = view.deletion, view.erasure
    if deletion is None:
        return None
    return Receipt(
        deleted_at=deletion.time,
        reason=deletion.reason,
        # Who deleted it may not have heard yet what had happened just before.
        video_sha256=deletion.video_sha256 or (view.video.sha256 if view.video else None),
        audio_sha256=deletion.audio_sha256 or (view.result.sha256 if view.result else None),
        erased_at=erasure.time if erasure else None,
        video_kept=erasure is not None and erasure.video_kept,
    )


def without_video(receipt: Receipt, erased_at: datetime) -> Receipt:
    """Return the receipt of a job whose video was kept for its family, and was erased later."""
    return receipt._replace(erased_at=max(erased_at, receipt.erased_at or erased_at), video_kept=False)


def refuse_deleted(view: JobView) -> None:
    """Raise JobGone, with the receipt, if the job was deleted."""
    if (receipt := receipt_of(view)) is not None:
        raise JobGone("this job was deleted", receipt)


def refuse_without_video(view: JobView) -> None:
    """Raise JobGone if the job's video was removed."""
    if view.video_removal is not None:
        sha256 = view.video.sha256 if view.video else None
        raise JobGone("the video of this job was removed", _removed(view, view.video_removal, video=sha256))


def refuse_without_audio(view: JobView) -> None:
    """Raise JobGone if the job's audio was removed."""
    if (removal := view.audio_gone) is not None:
        sha256 = view.audio.sha256 if view.audio else None
        raise JobGone("the audio of this job was removed", _removed(view, removal, audio=sha256))


def _removed(
    view: JobView, removal: Removal, *, video: str | None = None, audio: str | None = None
) -> Receipt:
    type_ = JobAudioRemoved.TYPE if removal.run else JobVideoRemoved.TYPE
    asked = next((e for e in view.timeline if e.type == type_ and e.run == removal.run), None)
    erased = asked and event_id(view.job_id, JobErased.TYPE, asked.id)
    done = next((entry for entry in view.timeline if entry.id == erased), None)
    return Receipt(
        deleted_at=removal.time,
        reason=removal.reason,
        video_sha256=video,
        audio_sha256=audio,
        erased_at=done.time if done else None,
        video_kept=False,
    )
