"""The vocabulary: one frozen struct for everything that can happen.

Past tense, few fields, ids and facts only: the log cannot be edited, so it never holds an e-mail
address, a token or a secret. New fields have defaults. A new meaning is a new version of the type and
an upcast in `registry`.

A job's story has *runs* and *attempts*. The upload begins run 1, each requeue begins the next.
Within a run the work is attempted 1, 2, … times. A run ends once: converted, failed or cancelled.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from events.media import Media
from events.options import Format, Options
from events.payload import Aggregate, Given, Payload

Ordinal = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""A run or an attempt: they are counted from 1."""

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A number of things; no more than a view's store can hold."""


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


class Actor(StrEnum):
    """The one who asked: the job's owner, or an administrator."""

    USER = "user"
    ADMIN = "admin"


class DeletionReason(StrEnum):
    """The cause of a deletion: of a job, or of its video or audio alone."""

    USER = "user"
    EXPIRED = "expired"
    ADMIN = "admin"
    ACCOUNT_ERASED = "account_erased"


class Letter(StrEnum):
    """The purpose of a mail about an account. The first three hold a link that is good once."""

    VERIFY = "verify"
    RESET = "reset"
    INVITATION = "invitation"
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name


class JobFact(Payload, frozen=True, kw_only=True):
    """Something that happened to a job."""

    AGGREGATE: ClassVar[Aggregate] = Aggregate.JOB


class RunFact(JobFact, frozen=True, kw_only=True):
    """Something that happened in a run, or that began or ended it."""

    run: Ordinal


class AccountFact(Payload, frozen=True, kw_only=True):
    """Something that happened to an account."""

    AGGREGATE: ClassVar[Aggregate] = Aggregate.ACCOUNT


class JobUploaded(JobFact, frozen=True, kw_only=True, omit_defaults=True):
    """A video is stored whole and its work may begin: run 1, attempt 1.

    Jobs of one video are a family, named by the job that it was uploaded for; empty: this one. `bulk`: the
    work waits behind the first jobs of every account.
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


class JobDeleted(JobFact, frozen=True, kw_only=True):
    """From now on nobody reaches the job. The hashes are of its files, which `job.erased` says are gone."""

    TYPE: ClassVar[str] = "job.deleted"
    NAMED_BY = ()
    reason: DeletionReason
    video_sha256: str | None = None
    audio_sha256: str | None = None


class JobVideoRemoved(JobFact, frozen=True, kw_only=True):
    """From now on the job has no video, so no further run. `job.erased` says when the file is gone."""

    TYPE: ClassVar[str] = "job.video_removed"
    NAMED_BY = ()
    reason: DeletionReason
    sha256: str


class JobAudioRemoved(RunFact, frozen=True, kw_only=True):
    """From now on the run's audio is not to be had. `job.erased` says when the file is gone."""

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


class AccountRegistered(AccountFact, frozen=True, kw_only=True):
    """An account exists from now on."""

    TYPE: ClassVar[str] = "account.registered"
    NAMED_BY = ()
    roles: tuple[str, ...]


class AccountSignedIn(AccountFact, frozen=True, kw_only=True, omit_defaults=True):
    """A token was issued. `token_id` is its `jti`, not the token.

    `provider` is the name of the OpenID Connect issuer; empty: it was a password.
    """

    TYPE: ClassVar[str] = "account.signed_in"
    NAMED_BY = ("token_id",)
    token_id: str
    provider: str = ""


class AccountSignInRefused(AccountFact, frozen=True, kw_only=True):
    """A sign-in to an existing account was refused."""

    TYPE: ClassVar[str] = "account.sign_in_refused"
    NAMED_BY = (Given.OCCASION,)
    reason: str


class AccountChanged(AccountFact, frozen=True, kw_only=True):
    """Fields of an account changed; their names, never their values."""

    TYPE: ClassVar[str] = "account.changed"
    NAMED_BY = (Given.OCCASION,)
    fields: tuple[str, ...]


LONGEST_TOKEN = 3600
"""Seconds that an access token lives at most, and so for which a revocation must be remembered."""


class AccountRevoked(AccountFact, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens of these sessions (or API keys) are void; none named: of all begun before the event's time."""

    TYPE: ClassVar[str] = "account.revoked"
    NAMED_BY = (Given.OCCASION,)
    reason: str
    sessions: tuple[str, ...] = ()


class AccountErased(AccountFact, frozen=True, kw_only=True):
    """The person is forgotten: nothing tells any more whose this id was. What happened stays, by its ids."""

    TYPE: ClassVar[str] = "account.erased"
    NAMED_BY = ()
    reason: str


class AccountLetterRequested(AccountFact, frozen=True, kw_only=True):
    """The account's holder shall get this mail. Its link is made when it is sent, and is in no event."""

    TYPE: ClassVar[str] = "account.letter_requested"
    NAMED_BY = (Given.OCCASION,)
    letter: Letter


class AccountNotified(AccountFact, frozen=True, kw_only=True):
    """The mail about the account was accepted by the mail server."""

    TYPE: ClassVar[str] = "account.notified"
    NAMED_BY = (Given.CAUSE,)
    letter: Letter
    message_id: str


class AccountNotificationFailed(AccountFact, frozen=True, kw_only=True):
    """The mail about the account will never be sent."""

    TYPE: ClassVar[str] = "account.notification_failed"
    NAMED_BY = (Given.CAUSE,)
    letter: Letter
    reason: str


class Unknown(Struct, frozen=True):
    """An event of a type or version this build does not know: carried as it is, skipped by folds."""

    type: str
    version: int


JobPayload = (
    JobUploaded
    | JobStarted
    | JobProbed
    | JobRetrying
    | JobConverted
    | JobFailed
    | JobNotified
    | JobNotificationFailed
    | JobNotificationDeclined
    | JobCancelled
    | JobRequeued
    | JobDeleted
    | JobVideoRemoved
    | JobAudioRemoved
    | JobErased
)
AccountPayload = (
    AccountRegistered
    | AccountSignedIn
    | AccountSignInRefused
    | AccountChanged
    | AccountRevoked
    | AccountErased
    | AccountLetterRequested
    | AccountNotified
    | AccountNotificationFailed
)
AnyPayload = JobPayload | AccountPayload
