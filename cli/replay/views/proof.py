"""Events that a view still proves, should the log have lost them. Pure.

A view keeps the last run's video, probe, audio and error whole, and of every event its id. An event is made
anew from that and believed only when it comes to the same id. It does not prove which worker started an
attempt, why one is tried again, or the ends of runs before the last.
"""

from typing import Any

from events.envelope import Event, job_event
from events.options import Options
from events.projections.job_view import Entry, GivenTranscript, JobView, Link, State
from events.types import (
    Actor,
    DeletionReason,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobLinked,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobPayload,
    JobProbed,
    JobRequeued,
    JobTranscriptAdded,
    JobTranscriptRemoved,
    JobUnlinked,
    JobUploaded,
    JobVideoRemoved,
)

SOURCE = "/replay"
_ENDS = (JobConverted.TYPE, JobFailed.TYPE)
ABOUT, REASON, BY = "about ", "reason: ", "by "
"""The notes of a mail, of a deletion and of a cancellation begin so (`events.projections.jobs`)."""
_MAILS = (JobNotified.TYPE, JobNotificationFailed.TYPE, JobNotificationDeclined.TYPE)


def proven_event(view: JobView, entry: Entry, *, message_id: str = "") -> Event | None:
    """Return the event that a line of the timeline is about; None when the view does not prove it.

    `message_id` is that of the mail, for `job.notified`. Of a conversion the arguments, the encoder's build
    and the time it took are not known any more, and stay empty.
    """
    for payload in _payloads(view, entry, message_id):
        event = job_event(payload, job_id=view.job_id, account=view.account, source=SOURCE, time=entry.time)
        if event.id == entry.id:
            return event
    return None


def asks_for_work(view: JobView, entry: Entry) -> bool:
    """Return True if something is still to be done about this event: to convert, or to send a mail."""
    if view.state in (State.CANCELLED, State.DELETED):
        return False
    of_its_run = {each.type for each in view.timeline if each.run == entry.run}
    match entry.type:
        case JobUploaded.TYPE | JobRequeued.TYPE:
            return entry.run == view.run and of_its_run.isdisjoint(_ENDS)
        case JobConverted.TYPE | JobFailed.TYPE:
            return of_its_run.isdisjoint(_MAILS) and entry is view.end_of(entry.run)
        case _:
            return False


def _payloads(view: JobView, entry: Entry, message_id: str) -> list[JobPayload]:
    """Return the payloads that it may have been: several only for a mail that failed."""
    run, note = entry.run, entry.note
    match entry.type:
        case JobUploaded.TYPE if view.video:
            return [JobUploaded(**_video(view))]
        case JobRequeued.TYPE if view.video:
            return [JobRequeued(run=run, **_video(view))]
        case JobProbed.TYPE if view.probe and view.probe.run == run:
            return [JobProbed(run=run, media=view.probe.media)]
        case JobConverted.TYPE if view.audio and view.audio.run == run:
            return [_converted(view, entry)]
        case JobFailed.TYPE if view.error and view.error.run == run:
            error = view.error
            return [JobFailed(run=run, attempt=entry.attempt, code=error.code, message=error.message)]
        case JobNotified.TYPE if note.startswith(ABOUT):
            return [JobNotified(run=run, about=note.removeprefix(ABOUT), message_id=message_id)]
        case JobNotificationFailed.TYPE:
            return [JobNotificationFailed(run=run, about=end, reason=note) for end in _ENDS]
        case JobNotificationDeclined.TYPE if note.startswith(ABOUT):
            return [JobNotificationDeclined(run=run, about=note.removeprefix(ABOUT))]
        case JobCancelled.TYPE if note.startswith(BY):
            return [JobCancelled(run=run, by=Actor(note.removeprefix(BY)))]
        case JobCancelled.TYPE:
            return [JobCancelled(run=run)]
        case JobDeleted.TYPE if view.deletion:
            told = view.deletion
            return [
                JobDeleted(reason=told.reason, video_sha256=told.video_sha256, audio_sha256=told.audio_sha256)
            ]
        case JobVideoRemoved.TYPE if note.startswith(REASON) and view.video:
            reason = DeletionReason(note.removeprefix(REASON))
            return [JobVideoRemoved(reason=reason, sha256=view.video.sha256)]
        case JobLinked.TYPE:
            return [_linked(each) for each in view.links if each.id == note]
        case JobUnlinked.TYPE:
            return [JobUnlinked(link_id=note)]
        case JobTranscriptAdded.TYPE:
            return [_given(each) for each in view.given_transcripts if each.id == note]
        case JobTranscriptRemoved.TYPE:
            return [JobTranscriptRemoved(transcript_id=note)]
        case JobAudioRemoved.TYPE if note.startswith(REASON) and view.audio and view.audio.run == run:
            reason = DeletionReason(note.removeprefix(REASON))
            return [JobAudioRemoved(run=run, reason=reason, sha256=view.audio.sha256)]
        case _:
            return []


def _video(view: JobView) -> dict[str, Any]:
    video = view.video
    assert video is not None  # noqa: S101
    kept = (
        "filename",
        "content_type",
        "bytes",
        "sha256",
        "video_id",
        "options",
        "family",
        "bulk",
        "imported",
    )
    return {name: getattr(video, name) for name in kept}


def _linked(told: Link) -> JobLinked:
    return JobLinked(
        link_id=told.id, expires=told.expires, start=told.start, end=told.end, mailed=told.mailed
    )


def _given(told: GivenTranscript) -> JobTranscriptAdded:
    return JobTranscriptAdded(
        transcript_id=told.id, bytes=told.bytes, sha256=told.sha256, cues=told.cues, language=told.language
    )


def _converted(view: JobView, entry: Entry) -> JobConverted:
    audio, video = view.audio, view.video
    assert audio is not None  # noqa: S101
    kept = ("audio_id", "bytes", "sha256", "duration_seconds", "bit_rate", "sample_rate", "channels")
    later = ("format", "copied", "partial", "parts", "left_out")
    beside = ("peaks", "cover_at", "cover_bytes", "silence_cut", "pauses", "pauses_at", "pauses_bytes")
    since = ("crc32", "transcripts", "seconds_saved")
    return JobConverted(
        run=entry.run,
        attempt=entry.attempt,
        seconds_spent=0.0,
        engine="",
        source_sha256=video.sha256 if video else "",
        options=video.options if video else Options(),
        **{name: getattr(audio, name) for name in (*kept, *later, *beside, *since)},
    )
