"""The fold of a job's events: each becomes an entry of the timeline, which `join` merges into the view."""

from collections.abc import Iterable
from typing import assert_never, cast

from events.envelope import Recorded
from events.payload import Aggregate
from events.projections.job_view import (
    Audio,
    Deletion,
    Entry,
    Erasure,
    Failure,
    GivenTranscript,
    JobView,
    Link,
    Probe,
    Removal,
    Revocation,
    State,
    Video,
)
from events.projections.join import join
from events.types import (
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobLinked,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobPayload,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobTranscriptAdded,
    JobTranscriptRemoved,
    JobUnlinked,
    JobUploaded,
    JobVideoRemoved,
    Unknown,
)


def evolve(view: JobView | None, recorded: Recorded) -> JobView | None:
    """Return the view with one more event seen.

    None stays None for events about no job. Raises InvalidEvent when the data of a known type
    does not fit it.
    """
    told = recorded.event.payload()
    if isinstance(told, Unknown) or told.AGGREGATE is not Aggregate.JOB:
        return view
    payload = cast("JobPayload", told)
    match payload:
        case JobUploaded(filename=filename):
            entry = _entry(recorded, State.UPLOADED, 1, 1, filename)
            return join(view, recorded, entry, video=_video(payload, 1, recorded.offset))
        case JobRequeued(run=run):
            entry = _entry(recorded, State.UPLOADED, run, 1, f"run {run}")
            return join(view, recorded, entry, video=_video(payload, run, recorded.offset))
        case JobStarted(run=run, attempt=attempt):
            return join(
                view, recorded, _entry(recorded, State.CONVERTING, run, attempt, f"attempt {attempt}")
            )
        case JobProbed(run=run, media=media):
            note = f"{media.container}, {len(media.tracks)} audio tracks"
            probe = Probe(run=run, offset=recorded.offset, media=media)
            return join(view, recorded, _entry(recorded, None, run, 0, note), probe=probe)
        case JobRetrying(run=run, attempt=attempt):
            note = f"{payload.reason}; again in {payload.delay_seconds:g} s"
            return join(view, recorded, _entry(recorded, State.RETRYING, run, attempt, note))
        case JobConverted(run=run, attempt=attempt):
            files = f" in {payload.parts} files" if payload.parts else ""
            note = f"{payload.duration_seconds:.1f} s of audio{files} in {payload.seconds_spent:.1f} s"
            if payload.left_out:
                note += f"; without sound: {', '.join(payload.left_out)}"
            entry = _entry(recorded, State.CONVERTED, run, attempt, note)
            return join(view, recorded, entry, audio=_audio(payload, recorded))
        case JobFailed(run=run, attempt=attempt, code=code, message=message):
            error = Failure(run=run, offset=recorded.offset, code=code, message=message)
            entry = _entry(recorded, State.FAILED, run, attempt, f"{code}: {message}")
            return join(view, recorded, entry, error=error)
        case JobNotified(run=run, about=about):
            # A mail about a failure leaves the job failed.
            state = State.NOTIFIED if about == JobConverted.TYPE else None
            return join(view, recorded, _entry(recorded, state, run, 0, f"about {about}"))
        case JobNotificationFailed(run=run, reason=reason):
            return join(view, recorded, _entry(recorded, None, run, 0, reason))
        case JobNotificationDeclined(run=run, about=about):
            return join(view, recorded, _entry(recorded, None, run, 0, f"about {about}"))
        case JobCancelled(run=run, by=by):
            return join(view, recorded, _entry(recorded, State.CANCELLED, run, 0, f"by {by}"))
        case JobDeleted(reason=reason):
            entry = _entry(recorded, State.DELETED, 0, 0, f"reason: {reason}")
            return join(view, recorded, entry, deletion=_deletion(payload, recorded))
        case JobVideoRemoved(reason=reason):
            entry = _entry(recorded, None, 0, 0, f"reason: {reason}")
            return join(view, recorded, entry, video_removal=_removal(payload, 0, recorded))
        case JobAudioRemoved(run=run, reason=reason):
            entry = _entry(recorded, None, run, 0, f"reason: {reason}")
            return join(view, recorded, entry, audio_removal=_removal(payload, run, recorded))
        case JobErased(about=about):
            # Only that of a deletion ends something; of the others the removal has told all.
            erasure = _erasure(payload, recorded)
            return join(
                view,
                recorded,
                _entry(recorded, None, 0, 0, f"about {about}"),
                erasure=erasure if about == JobDeleted.TYPE else None,
                video_erasure=erasure if payload.videos and not payload.video_kept else None,
            )
        case JobLinked(link_id=id_):
            entry = _entry(recorded, None, 0, 0, id_)
            return join(view, recorded, entry, links=(_link(payload, recorded),))
        case JobTranscriptAdded(transcript_id=id_):
            entry = _entry(recorded, None, 0, 0, id_)
            return join(view, recorded, entry, given_transcripts=(_given(payload, recorded),))
        case JobUnlinked(link_id=id_) | JobTranscriptRemoved(transcript_id=id_):
            entry = _entry(recorded, None, 0, 0, id_)
            return join(view, recorded, entry, revocations=(_revocation(id_, recorded),))
        case _:
            assert_never(payload)


def fold(events: Iterable[Recorded], view: JobView | None = None) -> JobView | None:
    """Evolve over many events of one job."""
    for recorded in events:
        view = evolve(view, recorded)
    return view


def _entry(recorded: Recorded, state: State | None, run: int, attempt: int, note: str) -> Entry:
    event = recorded.event
    return Entry(
        id=event.id,
        type=event.type,
        time=event.time,
        offset=recorded.offset,
        run=run,
        attempt=attempt,
        state=state,
        note=note,
    )


def _video(payload: JobUploaded | JobRequeued, run: int, offset: int) -> Video:
    return Video(
        run=run,
        offset=offset,
        filename=payload.filename,
        content_type=payload.content_type,
        bytes=payload.bytes,
        sha256=payload.sha256,
        video_id=payload.video_id,
        options=payload.options,
        family=payload.family,
        bulk=payload.bulk,
        imported=payload.imported,
    )


def _audio(payload: JobConverted, recorded: Recorded) -> Audio:
    return Audio(
        run=payload.run,
        offset=recorded.offset,
        audio_id=payload.audio_id,
        bytes=payload.bytes,
        sha256=payload.sha256,
        duration_seconds=payload.duration_seconds,
        bit_rate=payload.bit_rate,
        sample_rate=payload.sample_rate,
        channels=payload.channels,
        time=recorded.event.time,
        format=payload.format,
        copied=payload.copied,
        partial=payload.partial,
        parts=payload.parts,
        left_out=payload.left_out,
        peaks=payload.peaks,
        cover_at=payload.cover_at,
        cover_bytes=payload.cover_bytes,
        silence_cut=payload.silence_cut,
        crc32=payload.crc32,
        transcripts=payload.transcripts,
        pauses=payload.pauses,
        pauses_at=payload.pauses_at,
        pauses_bytes=payload.pauses_bytes,
        seconds_saved=payload.seconds_saved,
    )


def _removal(payload: JobVideoRemoved | JobAudioRemoved, run: int, recorded: Recorded) -> Removal:
    return Removal(run=run, offset=recorded.offset, time=recorded.event.time, reason=payload.reason)


def _deletion(payload: JobDeleted, recorded: Recorded) -> Deletion:
    return Deletion(
        offset=recorded.offset,
        time=recorded.event.time,
        reason=payload.reason,
        video_sha256=payload.video_sha256,
        audio_sha256=payload.audio_sha256,
    )


def _erasure(payload: JobErased, recorded: Recorded) -> Erasure:
    return Erasure(offset=recorded.offset, time=recorded.event.time, video_kept=payload.video_kept)


def _link(payload: JobLinked, recorded: Recorded) -> Link:
    return Link(
        id=payload.link_id,
        offset=recorded.offset,
        made=recorded.event.time,
        expires=payload.expires,
        start=payload.start,
        end=payload.end,
        mailed=payload.mailed,
    )


def _given(payload: JobTranscriptAdded, recorded: Recorded) -> GivenTranscript:
    return GivenTranscript(
        id=payload.transcript_id,
        offset=recorded.offset,
        given=recorded.event.time,
        bytes=payload.bytes,
        sha256=payload.sha256,
        cues=payload.cues,
        language=payload.language,
    )


def _revocation(id_: str, recorded: Recorded) -> Revocation:
    return Revocation(id=id_, offset=recorded.offset, time=recorded.event.time)
