"""The job view: what a job looks like after the events seen so far.

The events of one job come from several publishers, so they can be seen in any order, and more than
once. The fold must not care, and here is why it does not. Every part of the view is one of three:

- the *timeline*, a set of entries by event id, where of two with one id the lower offset stays;
- a *register* (video, probe, audio, error), where the higher run wins, and within a run the lower offset;
- the *standing* (state, run, attempt, times), a maximum over the entries of the timeline.

Sets, registers and maxima of that kind merge to the same value in any order and any number of times, so
any permutation and duplication of a job's events folds to the same view (a join semilattice). A maximum
need not look back, so an event costs the same however long the job's story is, nearly.

The structs are not tracked by the garbage collector (`gc=False`): they hold nothing that could lead back
to them, and a replay makes millions.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Protocol, TypeVar, assert_never

from msgspec import Struct

from events.envelope import Recorded
from events.media import Media
from events.options import Format, Options
from events.types import (
    AccountChanged,
    AccountErased,
    AccountRegistered,
    AccountRevoked,
    AccountSignedIn,
    AccountSignInRefused,
    FailureCode,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobNotificationFailed,
    JobNotified,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobUploaded,
    Unknown,
)

COLLECTION = "jobs"
"""The projection's name: its collections are `jobs_v1`, `jobs_v2`, …"""


class State(StrEnum):
    """Where a job stands. `uploaded` means waiting for a worker, also after a requeue."""

    UPLOADED = "uploaded"
    CONVERTING = "converting"
    RETRYING = "retrying"
    CONVERTED = "converted"
    NOTIFIED = "notified"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"


SETTLED = frozenset({State.CONVERTED, State.NOTIFIED, State.FAILED, State.CANCELLED, State.DELETED})
"""States in which no work is under way or waiting."""


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One line of the timeline: an event, and the state it speaks for (None: it has no say).

    `run` is 0 for what belongs to no run, `attempt` for what belongs to no attempt.
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
    """What was uploaded, and what is to be made of it."""

    run: int
    offset: int
    filename: str
    content_type: str
    bytes: int
    sha256: str
    video_id: str
    options: Options = Options()
    family: str = ""


class Probe(Struct, frozen=True, kw_only=True, gc=False):
    """What the video holds."""

    run: int
    offset: int
    media: Media


class Audio(Struct, frozen=True, kw_only=True, gc=False):
    """What came out."""

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


class Failure(Struct, frozen=True, kw_only=True, gc=False):
    """Why nothing came out."""

    run: int
    offset: int
    code: FailureCode
    message: str


class JobView(Struct, frozen=True, kw_only=True, gc=False):
    """A job after the events seen so far. `seen` is the highest offset among them."""

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

    @property
    def filename(self) -> str:
        """The name the video was uploaded under; empty until `job.uploaded` is seen."""
        return self.video.filename if self.video else ""

    def has(self, event_id: str) -> bool:
        """Tell whether this event is in the view."""
        return any(entry.id == event_id for entry in self.timeline)


def evolve(view: JobView | None, recorded: Recorded) -> JobView | None:
    """Return the view with one more event seen.

    None stays None for events that tell of no job. Raises InvalidEvent when the data of a known type
    does not fit it.
    """
    payload = recorded.event.payload()
    match payload:
        case JobUploaded(filename=filename):
            entry = _entry(recorded, State.UPLOADED, 1, 1, filename)
            return _join(view, recorded, entry, video=_video(payload, 1, recorded.offset))
        case JobRequeued(run=run):
            entry = _entry(recorded, State.UPLOADED, run, 1, f"run {run}")
            return _join(view, recorded, entry, video=_video(payload, run, recorded.offset))
        case JobStarted(run=run, attempt=attempt):
            return _join(
                view, recorded, _entry(recorded, State.CONVERTING, run, attempt, f"attempt {attempt}")
            )
        case JobProbed(run=run, media=media):
            note = f"{media.container}, {len(media.tracks)} audio tracks"
            probe = Probe(run=run, offset=recorded.offset, media=media)
            return _join(view, recorded, _entry(recorded, None, run, 0, note), probe=probe)
        case JobRetrying(run=run, attempt=attempt):
            note = f"{payload.reason}; again in {payload.delay_seconds:g} s"
            return _join(view, recorded, _entry(recorded, State.RETRYING, run, attempt, note))
        case JobConverted(run=run, attempt=attempt):
            files = f" in {payload.parts} files" if payload.parts else ""
            note = f"{payload.duration_seconds:.1f} s of audio{files} in {payload.seconds_spent:.1f} s"
            entry = _entry(recorded, State.CONVERTED, run, attempt, note)
            return _join(view, recorded, entry, audio=_audio(payload, recorded))
        case JobFailed(run=run, attempt=attempt, code=code, message=message):
            error = Failure(run=run, offset=recorded.offset, code=code, message=message)
            entry = _entry(recorded, State.FAILED, run, attempt, f"{code}: {message}")
            return _join(view, recorded, entry, error=error)
        case JobNotified(run=run, about=about):
            # A mail about a failure leaves the job failed.
            state = State.NOTIFIED if about == JobConverted.TYPE else None
            return _join(view, recorded, _entry(recorded, state, run, 0, f"about {about}"))
        case JobNotificationFailed(run=run, reason=reason):
            return _join(view, recorded, _entry(recorded, None, run, 0, reason))
        case JobCancelled(run=run):
            return _join(view, recorded, _entry(recorded, State.CANCELLED, run, 0, ""))
        case JobDeleted(reason=reason):
            return _join(view, recorded, _entry(recorded, State.DELETED, 0, 0, f"reason: {reason}"))
        case (
            AccountRegistered()
            | AccountSignedIn()
            | AccountSignInRefused()
            | AccountChanged()
            | AccountRevoked()
            | AccountErased()
            | Unknown()
        ):
            return view
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
    )


class _Register(Protocol):
    @property
    def run(self) -> int: ...
    @property
    def offset(self) -> int: ...


R = TypeVar("R", bound=_Register)


def _later(old: R | None, new: R | None) -> R | None:
    """Return the register of the higher run; within a run, the one the log held first."""
    if new is None:
        return old
    if old is None:
        return new
    return max(old, new, key=lambda register: (register.run, -register.offset))


def _join(
    view: JobView | None,
    recorded: Recorded,
    entry: Entry,
    *,
    video: Video | None = None,
    probe: Probe | None = None,
    audio: Audio | None = None,
    error: Failure | None = None,
) -> JobView:
    event, offset = recorded.event, recorded.offset
    timeline: tuple[Entry, ...]
    if view is None:
        account, seen, timeline, standing = event.account, offset, (entry,), _begin(entry)
    else:
        timeline = view.timeline
        standing = (view.state, view.run, view.attempt, view.created, view.updated)
        # The owner is whom the first event of the log names.
        account = view.account if timeline[0].offset < offset else event.account
        seen = view.seen if view.seen > offset else offset
        known = _find(timeline, entry.id)
        if known is None:
            timeline = _insert(timeline, entry)
            standing = _advance(standing, entry)
        elif offset < known.offset:
            # The later telling no longer counts, and a maximum cannot be taken back: look at all again.
            timeline = _insert(tuple(e for e in timeline if e is not known), entry)
            standing = reduce(_advance, timeline[1:], _begin(timeline[0]))
        video = _later(view.video, video)
        probe = _later(view.probe, probe)
        audio = _later(view.audio, audio)
        error = _later(view.error, error)
    state, run, attempt, created, updated = standing
    return JobView(
        job_id=event.subject,
        account=account,
        state=state,
        run=run,
        attempt=attempt,
        created=created,
        updated=updated,
        seen=seen,
        timeline=timeline,
        video=video,
        probe=probe,
        audio=audio,
        error=error,
    )


def _find(timeline: tuple[Entry, ...], event_id: str) -> Entry | None:
    for entry in timeline:
        if entry.id == event_id:
            return entry
    return None


def _insert(timeline: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """Return the timeline with the entry at its place by offset: almost always the end."""
    if not timeline or timeline[-1].offset < entry.offset:
        return (*timeline, entry)
    return tuple(sorted((*timeline, entry), key=lambda e: e.offset))


_Standing = tuple[State, int, int, datetime, datetime]
"""State, run, attempt, created, updated. No class of its own: one is made for every event."""


def _begin(entry: Entry) -> _Standing:
    return entry.state or State.UPLOADED, entry.run or 1, entry.attempt, entry.time, entry.time


def _advance(standing: _Standing, entry: Entry) -> _Standing:
    state, run, attempt, created, updated = standing
    if _rank(entry.state, entry.run, entry.attempt) > _rank(state, run, attempt):
        state = entry.state or State.UPLOADED
    if entry.run > run:
        run, attempt = entry.run, entry.attempt
    elif entry.run == run and entry.attempt > attempt:
        attempt = entry.attempt
    if entry.time < created:
        created = entry.time
    elif entry.time > updated:
        updated = entry.time
    return state, run, attempt, created, updated


_STRENGTH: dict[State | None, int] = {
    None: 0,
    State.UPLOADED: 1,
    State.CONVERTING: 2,
    State.RETRYING: 2,
    State.FAILED: 3,
    State.CONVERTED: 4,
    State.NOTIFIED: 5,
    State.CANCELLED: 6,
    State.DELETED: 7,
}


def _rank(state: State | None, run: int, attempt: int) -> tuple[bool, int, int, int, bool]:
    """Order what the entries of a job say by how much it decides.

    Deletion outweighs all; then the later run; then the end over the attempts; then the later attempt,
    where retrying comes after started. The highest attempt of a run stands for the deciding one: they
    differ only after the run's end, where the attempt decides nothing.
    """
    return state is State.DELETED, run, _STRENGTH[state], attempt, state is State.RETRYING
