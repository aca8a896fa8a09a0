"""The errors of the gateway, grouped by who can act on them.

GatewayError
├── NotSignedIn            no token, or one that is not valid (any more)
├── NotAllowed             signed in, but not for this
├── FromElsewhere          a cookie's request that no page of ours has made
├── NoSuchJob              unknown, or somebody else's: the answer is the same
├── JobGone                deleted for good; `.receipt` has when and why
├── HistoryCut             retention has cut away events that would be needed
├── WrongState             over, or not; `.state` is the job's state
├── NoAudio                the job has no audio (yet); `.state` is the job's state
├── BadParameters          query parameters that do not fit; `.faults` describes each
├── BadFields              fields of a JSON body that do not fit; `.faults` describes each
├── NotJson                a body that is no JSON
├── QuotaExceeded          the account's limit is reached: `.limit`, `.allowed`, and the seconds to wait
│   └── StorageFull        that of bytes stored, which no waiting helps
├── TooManyDownloads       account or address have as many downloads under way as they may
├── TooManyOutputs         as many jobs of one video are not over as may be
├── TooManyStreams         the account has as many event streams as it may
├── TooManyTries           auth has had enough of this client; `.seconds` to wait, as auth has put it
├── UploadRefused          the caller's body is at fault
│   ├── NotAForm           not multipart/form-data
│   ├── BadForm            multipart that cannot be read
│   ├── TooManyFields      more fields than an upload can need
│   ├── NoFile             no part, or no single part, with the name `file`
│   ├── EmptyFile          zero bytes
│   ├── BodyTooLarge       longer than the limit
│   ├── BodyStalled        silent or slower than the minimum rate
│   └── BodyCutOff         the caller went away
├── TusRefused             a request at /files that does not go by tus
│   ├── UnknownTusVersion  of another version
│   ├── BadUploadHeader    a header is missing, or has a value that it does not take
│   ├── NotAPiece          the body is not application/offset+octet-stream
│   └── ChecksumMismatch   the bytes are not those that the client meant
├── NoSuchUpload           unknown, or somebody else's: the answer is the same
├── UploadGone             expired or terminated
├── OtherOffset            another place than the stored bytes end at; `.offset`
├── UploadBusy             another request is writing to the upload
├── ImportsOff             the operator has not switched imports on
├── AddressRefused         an address that this server does not ask
├── NoSuchImport           unknown, or somebody else's: the answer is the same
├── TooManyImports         the account has as many imports that are not over as it may
├── BadOptions             options that cannot be had; `.faults` describes each
├── NoSuchArchive          unknown, not kept any more, or somebody else's: the answer is the same
├── NoSuchFeed             unknown, or somebody else's: the answer is the same
├── FeedRevoked            its owner has ended it
├── NoSuchWebhook          unknown, or somebody else's: the answer is the same
├── NoSuchDelivery         nothing of this id was to be delivered to the webhook
├── WebhookDisabled        it gets nothing more
├── NotProbed              no worker has looked into the video yet
├── NoMedia                the job ended, and no worker ever looked
├── NoPeaks                nobody has drawn the waveform of the audio
├── NoPauses               nobody has looked for pauses in the audio
├── NoCover                the audio holds no picture
├── NoSuchLink             no link of ours, or somebody else's: the answer is the same
├── LinkEnded              it has expired, was taken back, or its audio is gone
├── TooManyLinks           the job has as many as it may have
├── NoClip                 no part can be cut out of this audio
├── NoSuchTranscript       the job has none with this id
├── BadTranscript          a file that is neither WebVTT nor SubRip, or says nothing in the audio's time
├── TooManyTranscripts     the job has as many of its owner's as it may
├── NotGiven               a transcript that is the video's own
├── KeyRefused             the Idempotency-Key cannot be used
│   ├── BadKey             not a key at all
│   ├── KeyInUse           its first upload is still under way
│   └── KeyReused          it belongs to another file, or to other options
├── MaybeAccepted          the log did not confirm the upload: unknown, ask again with the same key
├── ShuttingDown           this process takes no uploads any more
├── Crowded                too many at once
├── BlobRemoved            a file was deleted while it was being read
└── BlobDamaged            a stored file lacks a part: ours to repair

Unavailable
├── NoRoom                 the storage is full
└── NotSeenYet             the log has the event, and nobody knows yet what it has changed

`problems` maps each to its HTTP answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from events.errors import TonearmError, Unavailable


class GatewayError(TonearmError):
    """Every error of the gateway's own. Its text is the caller's."""

    sentence = None


class NotSignedIn(GatewayError):
    """No token, or one that is not valid (any more). The reason stays secret."""

    def __init__(
        self,
        message: str = "send a valid access token or API key: Authorization: Bearer …",
        *,
        takes_password: bool = False,
    ) -> None:
        """`takes_password`: e-mail and password would do, too."""
        super().__init__(message)
        self.takes_password = takes_password


class NotAllowed(GatewayError):
    """Signed in, but the account's roles do not suffice."""


class FromElsewhere(GatewayError):
    """A request with a cookie that may have been made by another site."""


class NoSuchJob(GatewayError):
    """No job with this id, or none the caller may know of."""


class Receipt(NamedTuple):
    """The proof of a deletion: when and why, what it was, and when its bytes were gone. None: not yet.

    `video_kept`: other jobs of the family still need the video.
    """

    deleted_at: datetime
    reason: str
    video_sha256: str | None
    audio_sha256: str | None
    erased_at: datetime | None
    video_kept: bool


class JobGone(GatewayError):
    """The job was deleted, or the file that is asked for. `receipt` is None where nothing was deleted on
    purpose.
    """

    def __init__(self, message: str, receipt: Receipt | None = None) -> None:
        super().__init__(message)
        self.receipt = receipt


class HistoryCut(GatewayError):
    """The log holds the job's first events no more."""


class WrongState(GatewayError):
    """A job that is over cannot be cancelled, and only one that failed or was cancelled is repeated."""

    def __init__(self, message: str, *, state: str) -> None:
        super().__init__(message)
        self.state = state


class NoAudio(GatewayError):
    """The job has no audio: not yet, or never. `waiting`: not yet. `code`: of its failure, if it failed."""

    def __init__(
        self, message: str, job_id: str, state: str, *, waiting: bool = False, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.job_id, self.state, self.waiting, self.code = job_id, state, waiting, code


class UploadRefused(GatewayError):
    """The upload's body is at fault."""


class NotAForm(UploadRefused):
    """The content type is not multipart/form-data with a boundary."""


class BadForm(UploadRefused):
    """The multipart body cannot be read."""


class TooManyFields(UploadRefused):
    """The form has more fields than an upload can need."""


class NoFile(UploadRefused):
    """The form holds no part, or more than one, with the name `file`."""


class EmptyFile(UploadRefused):
    """The file has no bytes."""


class BodyTooLarge(UploadRefused):
    """The body is longer than the limit."""


class BodyStalled(UploadRefused):
    """Nothing came for too long, or too little."""


class BodyCutOff(UploadRefused):
    """The client went away before the end."""


class TusRefused(GatewayError):
    """A request at /files does not go by tus 1.0."""


class UnknownTusVersion(TusRefused):
    """The client speaks another version of tus, or does not name one."""


class BadUploadHeader(TusRefused):
    """A header of tus is missing, or has a value that it does not take."""


class NotAPiece(TusRefused):
    """The body's type is not that of a piece of a file."""


class ChecksumMismatch(TusRefused):
    """The bytes that came are not those of Upload-Checksum."""


class NoSuchUpload(GatewayError):
    """No upload with this id, or none the caller may know of."""


class UploadGone(GatewayError):
    """The upload has expired, or was terminated."""


class OtherOffset(GatewayError):
    """A piece does not begin where the stored bytes end, or another request has gone on meanwhile."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"{offset} bytes of this upload are stored: go on from there")
        self.offset = offset


class UploadBusy(GatewayError):
    """Another request is writing to the upload at this moment."""


class ImportsOff(GatewayError):
    """The operator has not switched imports on."""


class AddressRefused(GatewayError):
    """The address is none, or leads to where this server does not ask."""


class NoSuchImport(GatewayError):
    """No import with this id, or none the caller may know of."""


class TooManyImports(GatewayError):
    """The account has as many imports that are not over as it may."""


class Fault(NamedTuple):
    """One option or parameter that cannot be had as asked, and what would be right."""

    name: str
    detail: str


MOST_FAULTS = 20
"""Faults that one answer names."""


class Faulty(GatewayError):
    """The base of errors that name what does not fit, one by one."""

    def __init__(self, faults: Sequence[Fault], hint: str = "") -> None:
        """Keep the first faults: there may be very many. `hint` is what would help against all."""
        self.faults = tuple(faults[:MOST_FAULTS])
        said = [f"{fault.name}: {fault.detail}" for fault in self.faults]
        if len(faults) > MOST_FAULTS:
            said.append(f"and {len(faults) - MOST_FAULTS} more")
        super().__init__("; ".join([*said, hint] if hint else said))


class BadOptions(Faulty):
    """Options that do not exist, do not fit, or do not go together."""


class BadParameters(Faulty):
    """Query parameters that do not exist, are missing, or do not fit."""


class BadFields(Faulty):
    """Fields of a JSON body that are missing, or do not fit."""


class NotJson(GatewayError):
    """The body is not JSON."""


class QuotaExceeded(GatewayError):
    """A limit of the account is reached: `limit` is its name, `allowed` its amount."""

    def __init__(self, message: str, *, limit: str, allowed: int, seconds: int | None = None) -> None:
        """`seconds`: when it may help to ask again; None: not by waiting."""
        super().__init__(message)
        self.limit, self.allowed, self.seconds = limit, allowed, seconds


class StorageFull(QuotaExceeded):
    """The account may store no more bytes."""


class TooManyDownloads(GatewayError):
    """The account or the client's address has as many downloads under way as it may."""


class TooManyOutputs(GatewayError):
    """As many jobs of one video wait or are under way as may be."""


class TooManyStreams(GatewayError):
    """The account has as many event streams open as it may."""


class TooManyTries(GatewayError):
    """Auth refuses this client for a while. `seconds` is the text of its Retry-After."""

    def __init__(self, message: str, seconds: str) -> None:
        super().__init__(message)
        self.seconds = seconds


class NoSuchArchive(GatewayError):
    """No archive with this id, or none the caller may know of; they are kept for a while only."""


class NoSuchFeed(GatewayError):
    """No feed with this id or this token, or none the caller may know of."""


class FeedRevoked(GatewayError):
    """The feed was revoked: its token opens nothing any more."""


class NoSuchWebhook(GatewayError):
    """No webhook with this id, or none the caller may know of."""


class NoSuchDelivery(GatewayError):
    """Nothing with this id was to be delivered to the webhook, or it is too long ago."""


class WebhookDisabled(GatewayError):
    """The webhook is disabled: its receiver is gone, or has failed for days."""


class NotProbed(GatewayError):
    """No worker has looked into the video yet."""


class NoPauses(GatewayError):
    """Nobody has looked for pauses in the audio."""


class NoPeaks(GatewayError):
    """Nobody has drawn the waveform of the audio."""


class NoSuchLink(GatewayError):
    """No link with this id or this token, or none the caller may know of."""


class LinkEnded(GatewayError):
    """The link was good once."""


class TooManyLinks(GatewayError):
    """The job has as many links as it may have."""


class NoClip(GatewayError):
    """No part can be cut out of this audio: it is no MP3, or the part lies outside of it."""


class NoCover(GatewayError):
    """The audio holds no picture, or none that is known by its place."""


class NoSuchTranscript(GatewayError):
    """No transcript of the job has this id."""


class BadTranscript(GatewayError):
    """A file that is neither WebVTT nor SubRip, or has no words in the time of the audio."""


class TooManyTranscripts(GatewayError):
    """The job's owner has given it as many transcripts as it may have."""


class NotGiven(GatewayError):
    """The transcript is the video's own, and cannot be taken back by itself."""


class NoMedia(GatewayError):
    """The job ended, and no worker ever looked into its video."""


class KeyRefused(GatewayError):
    """The Idempotency-Key cannot be used for this upload."""


class BadKey(KeyRefused):
    """The Idempotency-Key header is empty, too long or holds other characters than printable ASCII."""


class KeyInUse(KeyRefused):
    """The first upload with this key is still under way."""


class KeyReused(KeyRefused):
    """The key was used for another file, or the same with other options."""


class MaybeAccepted(GatewayError):
    """The event of the upload was never confirmed: the job may or may not exist."""

    def __init__(self, message: str, *, job_id: str) -> None:
        super().__init__(message)
        self.job_id = job_id


class NoRoom(Unavailable):
    """The storage of this service is full."""

    sentence = "The storage of this service is full: tell the operator."


class NotSeenYet(Unavailable):
    """The log has the event, and it was not read in time: nobody knows yet what it has changed."""

    sentence = "The log has it, and it was not read in time: it may have been done or not."


class ShuttingDown(GatewayError):
    """This process takes no uploads any more."""


class Crowded(GatewayError):
    """Too many want the same at once."""


class BlobDamaged(GatewayError):
    """A stored file lacks a part."""


class BlobHeld(Unavailable):
    """A file is not to be removed now: a request is about to ask for work on it."""


class BlobRemoved(GatewayError):
    """A file was deleted while it was being read."""
