"""The transcripts that a job has. Pure."""

from msgspec import Struct

from events.media import Subtitle
from events.projections.job_view import JobView
from gateway.errors import NoSuchTranscript


class Transcript(Struct, frozen=True, kw_only=True):
    """One transcript, in the time of the job's audio. `given`: by its owner, else the video's own.

    `language`: by BCP 47, or as the owner names it; empty where it is not known. `forced`:
    only what a viewer of the video could not do without.
    """

    transcript_id: str
    given: bool
    language: str
    title: str
    forced: bool
    cues: int
    bytes: int
    sha256: str


def transcripts_of(view: JobView) -> tuple[Transcript, ...]:
    """Return a job's transcripts: those that its owner gave, the last one first, then the video's.

    The video's go with the audio. Forced ones are the last.
    """
    given = tuple(
        Transcript(
            transcript_id=each.id,
            given=True,
            language=each.language,
            title="",
            forced=False,
            cues=each.cues,
            bytes=each.bytes,
            sha256=each.sha256,
        )
        for each in sorted(view.own_transcripts, key=lambda each: each.offset, reverse=True)
    )
    if view.deletion is not None or view.audio_gone is not None or view.result is None:
        return given
    tracks = {each.index: each for each in view.probe.media.subtitles} if view.probe else {}
    own = [
        Transcript(
            transcript_id=each.transcript_id,
            given=False,
            language=each.language,
            title=track.title,
            forced=track.forced,
            cues=each.cues,
            bytes=each.bytes,
            sha256=each.sha256,
        )
        for each in view.result.transcripts
        for track in (tracks.get(each.track, Subtitle(index=each.track, codec="")),)
    ]
    return (*given, *sorted(own, key=lambda each: each.forced))


def transcript_of(view: JobView, transcript_id: str) -> Transcript:
    """Return one of a job's transcripts. Raises NoSuchTranscript."""
    for each in transcripts_of(view):
        if each.transcript_id == transcript_id:
            return each
    raise NoSuchTranscript("the job has no transcript with this id")
