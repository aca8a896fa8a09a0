"""The job view: all that the events of one job add up to.

The structs are not tracked by the garbage collector (`gc=False`): they hold nothing that could lead back
to them, and a replay makes millions.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from events.media import Media
from events.options import Format, Options
from events.types import DeletionReason, FailureCode, Transcript

COLLECTION = "jobs"
"""The projection's name: its collections are `jobs_v1`, `jobs_v2`, …"""


class State(StrEnum):
    """The state of a job. `uploaded` means waiting for a worker, also after a requeue."""

    UPLOADED = "uploaded"
    CONVERTING = "converting"
    RETRYING = "retrying"
    CONVERTED = "converted"
    NOTIFIED = "notified"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"


ENDS = frozenset({State.CONVERTED, State.FAILED, State.CANCELLED})
"""The ways in which a run ends. A run ends once: by the first of them in the log."""

SETTLED = frozenset({State.CONVERTED, State.NOTIFIED, State.FAILED, State.CANCELLED, State.DELETED})
"""States in which no work is under way or waiting."""


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One line of the timeline: an event, and the state that it means (None: none).

    `run` is 0 outside a run, `attempt` is 0 outside an attempt.
    """

    id: str
    type: str
    time: datetime
    offset: int
    run: int
    attempt: int
    state: State | None
    note: str


class Video(Struct, frozen=True, kw_only=True, gc=False):
    """The upload, and the options of its conversion."""

    run: int
    offset: int
    filename: str
    content_type: str
    bytes: int
    sha256: str
    video_id: str
    options: Options = Options()
    family: str = ""
    bulk: bool = False
    imported: bool = False


class Probe(Struct, frozen=True, kw_only=True, gc=False):
    """The contents of the video."""

    run: int
    offset: int
    media: Media


class Audio(Struct, frozen=True, kw_only=True, gc=False):
    """The result of a run."""

    run: int
    offset: int
    audio_id: str
    bytes: int
    sha256: str
    duration_seconds: float
    bit_rate: int
    sample_rate: int
    channels: int
    time: datetime
    format: Format = Format.MP3
    copied: bool = False
    partial: bool = False
    parts: int = 0
    left_out: tuple[str, ...] = ()
    peaks: int = 0
    cover_at: int = 0
    cover_bytes: int = 0
    silence_cut: float | None = None
    crc32: int | None = None
    transcripts: tuple[Transcript, ...] = ()
    pauses: int = 0
    pauses_at: int = 0
    pauses_bytes: int = 0
    seconds_saved: float = 0.0


class Failure(Struct, frozen=True, kw_only=True, gc=False):
    """The reason for which a run has no result."""

    run: int
    offset: int
    code: FailureCode
    message: str


class Removal(Struct, frozen=True, kw_only=True, gc=False):
    """The removal of a file, while the job stays. `run` is that of the audio; 0: it was the video."""

    run: int
    offset: int
    time: datetime
    reason: DeletionReason


class Deletion(Struct, frozen=True, kw_only=True, gc=False):
    """The deletion of the job, with the hashes of its files. `run` is always 0."""

    run: int = 0
    offset: int
    time: datetime
    reason: DeletionReason
    video_sha256: str | None
    audio_sha256: str | None


class Erasure(Struct, frozen=True, kw_only=True, gc=False):
    """The moment since which a deleted job's files are gone. `run` is always 0."""

    run: int = 0
    offset: int
    time: datetime
    video_kept: bool


class Link(Struct, frozen=True, kw_only=True, gc=False):
    """A link to the audio, or to a part of it (see `JobLinked`)."""

    id: str
    offset: int
    made: datetime
    expires: datetime
    start: float | None = None
    end: float | None = None
    mailed: bool = False


class GivenTranscript(Struct, frozen=True, kw_only=True, gc=False):
    """A transcript that the owner gave."""

    id: str
    offset: int
    given: datetime
    bytes: int
    sha256: str
    cues: int
    language: str = ""


class Revocation(Struct, frozen=True, kw_only=True, gc=False):
    """The end of a link or of a given transcript, by its id."""

    id: str
    offset: int
    time: datetime


class JobView(Struct, frozen=True, kw_only=True, gc=False):
    """A job after the events seen so far. `seen` is the highest offset among them.

    `audio` and `error` are what the last run's worker came to, even where the run had ended otherwise before:
    it was cancelled, or another worker was first. `result` and `failure` are those that count.
    """

    job_id: str
    account: str
    state: State
    run: int
    attempt: int
    created: datetime
    updated: datetime
    seen: int
    timeline: tuple[Entry, ...]
    video: Video | None = None
    probe: Probe | None = None
    audio: Audio | None = None
    error: Failure | None = None
    video_removal: Removal | None = None
    audio_removal: Removal | None = None
    deletion: Deletion | None = None
    erasure: Erasure | None = None
    video_erasure: Erasure | None = None
    """The erasure that removed the video itself: of a family's jobs the last one has it."""
    links: tuple[Link, ...] = ()
    given_transcripts: tuple[GivenTranscript, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    """Of links and of given transcripts: what was ever made stays in those."""

    @property
    def filename(self) -> str:
        """The name the video was uploaded under; empty until `job.uploaded` is seen."""
        return self.video.filename if self.video else ""

    @property
    def result(self) -> Audio | None:
        """The audio, if its run ended with it."""
        return self.audio if self.audio and self._is_end(self.audio) else None

    @property
    def audio_gone(self) -> Removal | None:
        """The removal of the present audio."""
        removal = self.audio_removal
        return removal if removal and self.audio and removal.run >= self.audio.run else None

    @property
    def standing_links(self) -> tuple[Link, ...]:
        """The links that were not taken back. Some may have expired. A deleted job has none."""
        return () if self.deletion else tuple(each for each in self.links if not self.is_revoked(each.id))

    @property
    def own_transcripts(self) -> tuple[GivenTranscript, ...]:
        """The transcripts that the owner gave and did not take back. A deleted job has none."""
        if self.deletion:
            return ()
        return tuple(each for each in self.given_transcripts if not self.is_revoked(each.id))

    @property
    def failure(self) -> Failure | None:
        """The failure, if its run ended with it."""
        return self.error if self.error and self._is_end(self.error) else None

    def end_of(self, run: int) -> Entry | None:
        """Return the end of a run: the first event in the log that ends it."""
        return next((each for each in self.timeline if each.run == run and each.state in ENDS), None)

    def is_revoked(self, id_: str) -> bool:
        """Return True if the link or given transcript of this id was taken back."""
        return any(each.id == id_ for each in self.revocations)

    def _is_end(self, end: Audio | Failure) -> bool:
        first = self.end_of(end.run)
        return first is None or first.offset >= end.offset

    def has(self, event_id: str) -> bool:
        """Return True if this event is in the view."""
        return any(entry.id == event_id for entry in self.timeline)
