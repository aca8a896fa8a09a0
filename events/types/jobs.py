"""The facts of jobs.

A job's story has *runs* and *attempts*. The upload begins run 1, each requeue begins the next.
Within a run the work is attempted 1, 2, … times. A run ends once: converted, failed or cancelled.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from events.media import Media
from events.options import Format, Options
from events.payload import Aggregate, Given, Payload
from events.types.values import Actor, Count, Ordinal


class FailureCode(StrEnum):
    """The reason why a run failed, for programs; the sentence for people stands beside it."""

    NO_AUDIO = "no_audio"
    TRACK_MISSING = "track_missing"
    ONLY_SILENCE = "only_silence"
    OUT_OF_RANGE = "out_of_range"
    NOT_MEDIA = "not_media"
    UNSUPPORTED_CODEC = "unsupported_codec"
    UNSUPPORTED_LAYOUT = "unsupported_layout"
    ENCRYPTED = "encrypted"
    TRUNCATED = "truncated"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    INTERNAL = "internal"


INCOMPLETE = "The video was incomplete or damaged: this is the part of its sound that could be read."
"""What a result's owner is told when it is `partial`."""


class DeletionReason(StrEnum):
    """The cause of a deletion: of a job, or of its video or audio alone."""

    USER = "user"
    EXPIRED = "expired"
    ADMIN = "admin"
    ACCOUNT_ERASED = "account_erased"


class JobFact(Payload, frozen=True, kw_only=True):
    """Something that happened to a job."""

    AGGREGATE: ClassVar[Aggregate] = Aggregate.JOB


class RunFact(JobFact, frozen=True, kw_only=True):
    """Something that happened in a run, or that began or ended it."""

    run: Ordinal


class JobUploaded(JobFact, frozen=True, kw_only=True, omit_defaults=True):
    """A video is stored whole and its work may begin: run 1, attempt 1.

    Jobs of one video are a family, named by the job that it was uploaded for; empty: this one. `bulk`: the
    work waits behind the first jobs of every account. `imported`: it was fetched from an address.
    """

    TYPE: ClassVar[str] = "job.uploaded"
    NAMED_BY = ()
    filename: str
    content_type: str
    bytes: Count
    sha256: str
    video_id: str
    options: Options = Options()
    family: str = ""
    bulk: bool = False
    imported: bool = False


class JobStarted(RunFact, frozen=True, kw_only=True):
    """A worker began an attempt. A redelivered attempt starts once in the log."""

    TYPE: ClassVar[str] = "job.started"
    NAMED_BY = ("run", "attempt")
    attempt: Ordinal
    worker: str


class JobProbed(RunFact, frozen=True, kw_only=True):
    """A worker looked at what the video holds, before it began to convert."""

    TYPE: ClassVar[str] = "job.probed"
    NAMED_BY = ("run",)
    media: Media


class JobRetrying(RunFact, frozen=True, kw_only=True):
    """An attempt met trouble of ours; the next one comes after `delay_seconds`."""

    TYPE: ClassVar[str] = "job.retrying"
    NAMED_BY = ("run", "attempt")
    attempt: Ordinal
    reason: str
    delay_seconds: float


Crc32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
"""The CRC-32 of ISO-HDLC, which ZIP and gzip use."""


class Transcript(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The text of one subtitle track, as a blob of WebVTT, in the audio's own time.

    `track` is the index of the `Subtitle` in the video. `cues`: how many lines of text there are.
    """

    transcript_id: str
    track: Count
    bytes: Count
    sha256: str
    cues: Count
    language: str = ""


class JobConverted(RunFact, frozen=True, kw_only=True, omit_defaults=True):
    """The audio is stored whole. `engine` names the build of ffmpeg.

    With the source's hash, the options and the arguments it was made with, it can be made again, and must
    then have the same hash. `partial`: the source was incomplete or damaged, see `INCOMPLETE`.
    `parts`: it is a ZIP of so many files, one for each chapter; 0: one file of the format, and no ZIP. Of
    several parts the duration is that of all, the arguments are the first one's. `left_out`: titles of the
    first twenty chapters that have no sound, and so no file.
    `peaks`: bytes of the waveform that is stored with the audio. `cover_bytes` of it, from `cover_at` on, are
    a picture, JPEG or PNG. 0: there is none. `silence_cut`: seconds of silence that `trim_silence` has taken
    from the beginning, as the audio plays them. So a second of it is `start + (second + silence_cut) * speed`
    of the video.
    `crc32`: of the audio's bytes (ZIP needs it); None: it was not recorded. `pauses`: how many pauses of the
    sound stand in `pauses_bytes` of what is stored with the waveform, from `pauses_at` on. `seconds_saved`:
    seconds of pauses that `shorten_pauses` has taken out, as the audio plays them.
    """

    TYPE: ClassVar[str] = "job.converted"
    NAMED_BY = ("run",)
    attempt: Ordinal
    audio_id: str
    bytes: Count
    sha256: str
    duration_seconds: float
    bit_rate: Count
    sample_rate: Count
    channels: Count
    seconds_spent: float
    engine: str
    format: Format = Format.MP3
    source_sha256: str = ""
    options: Options = Options()
    arguments: tuple[str, ...] = ()
    copied: bool = False
    partial: bool = False
    parts: Count = 0
    left_out: tuple[str, ...] = ()
    peaks: Count = 0
    cover_at: Count = 0
    cover_bytes: Count = 0
    silence_cut: float | None = None
    crc32: Crc32 | None = None
    transcripts: tuple[Transcript, ...] = ()
    pauses: Count = 0
    pauses_at: Count = 0
    pauses_bytes: Count = 0
    seconds_saved: float = 0.0


class JobFailed(RunFact, frozen=True, kw_only=True):
    """The run ended without audio. `message` is one sentence for the person who uploaded."""

    TYPE: ClassVar[str] = "job.failed"
    NAMED_BY = ("run",)
    attempt: Ordinal
    code: FailureCode
    message: str


class JobNotified(RunFact, frozen=True, kw_only=True, omit_defaults=True):
    """The mail about the run's end was accepted by the mail server, at this attempt to send it."""

    TYPE: ClassVar[str] = "job.notified"
    NAMED_BY = ("run", "about")
    about: str
    message_id: str
    attempt: Count = 0
    """0: it was not recorded."""


class JobNotificationFailed(RunFact, frozen=True, kw_only=True, omit_defaults=True):
    """The mail about the run's end will never be sent; this was the last attempt."""

    TYPE: ClassVar[str] = "job.notification_failed"
    NAMED_BY = ("run", "about")
    about: str
    reason: str
    attempt: Count = 0
    """0: it was not recorded."""


class JobNotificationDeclined(RunFact, frozen=True, kw_only=True):
    """No mail about the run's end goes out, as the owner wants none."""

    TYPE: ClassVar[str] = "job.notification_declined"
    NAMED_BY = ("run", "about")
    about: str


class JobCancelled(RunFact, frozen=True, kw_only=True, omit_defaults=True):
    """The run was called off. It counts only where the run had no end yet."""

    TYPE: ClassVar[str] = "job.cancelled"
    NAMED_BY = ("run",)
    by: Actor = Actor.USER


class JobRequeued(RunFact, frozen=True, kw_only=True, omit_defaults=True):
    """Another run was asked for. Carries all that the work needs, as `job.uploaded` does."""

    TYPE: ClassVar[str] = "job.requeued"
    NAMED_BY = ("run",)
    filename: str
    content_type: str
    bytes: Count
    sha256: str
    video_id: str
    options: Options = Options()
    family: str = ""
    bulk: bool = False
    imported: bool = False


class JobDeleted(JobFact, frozen=True, kw_only=True):
    """From now on nobody reaches the job. The hashes are of its files, whose erasure `job.erased` reports."""

    TYPE: ClassVar[str] = "job.deleted"
    NAMED_BY = ()
    reason: DeletionReason
    video_sha256: str | None = None
    audio_sha256: str | None = None


class JobVideoRemoved(JobFact, frozen=True, kw_only=True):
    """From now on the job has no video, so no further run. `job.erased` follows once the file is gone."""

    TYPE: ClassVar[str] = "job.video_removed"
    NAMED_BY = ()
    reason: DeletionReason
    sha256: str


class JobAudioRemoved(RunFact, frozen=True, kw_only=True):
    """From now on the run's audio is not to be had. `job.erased` follows once the file is gone."""

    TYPE: ClassVar[str] = "job.audio_removed"
    NAMED_BY = ("run",)
    reason: DeletionReason
    sha256: str


class JobErased(JobFact, frozen=True, kw_only=True, omit_defaults=True):
    """Files of the job are gone for good: so many videos and audio files.

    `about` is the type of the event that asked for it: the job's deletion, or the removal of its video or
    of one run's audio. `video_kept`: other jobs of the family still need the video.
    """

    TYPE: ClassVar[str] = "job.erased"
    NAMED_BY = (Given.CAUSE,)
    about: str
    videos: Count
    audio: Count
    video_kept: bool = False


class JobLinked(JobFact, frozen=True, kw_only=True, omit_defaults=True):
    """A link leads whoever has it to the job's audio until it expires. The link itself is in no event.

    `start` and `end`, in seconds of the audio: it leads to that part alone. `mailed`: it went into the mail
    about the job's end.
    """

    TYPE: ClassVar[str] = "job.linked"
    NAMED_BY = ("link_id",)
    link_id: str
    expires: Annotated[datetime, Meta(tz=True)]
    start: float | None = None
    end: float | None = None
    mailed: bool = False


class JobUnlinked(JobFact, frozen=True, kw_only=True):
    """From now on the link leads nowhere."""

    TYPE: ClassVar[str] = "job.unlinked"
    NAMED_BY = ("link_id",)
    link_id: str


class JobTranscriptAdded(JobFact, frozen=True, kw_only=True, omit_defaults=True):
    """The owner gave the job a transcript of their own, stored as WebVTT."""

    TYPE: ClassVar[str] = "job.transcript_added"
    NAMED_BY = ("transcript_id",)
    transcript_id: str
    bytes: Count
    sha256: str
    cues: Count
    language: str = ""


class JobTranscriptRemoved(JobFact, frozen=True, kw_only=True):
    """From now on the job has this transcript no more, which its owner had given."""

    TYPE: ClassVar[str] = "job.transcript_removed"
    NAMED_BY = ("transcript_id",)
    transcript_id: str
