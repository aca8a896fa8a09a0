"""Jobs as their owners see them. Pure; nothing in here reveals how jobs are stored."""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil, floor
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from events.log.progress import Progress
from events.options import Format, Options, offered_as
from events.projections.job_view import Entry, JobView, State
from events.types import INCOMPLETE, FailureCode
from events.views.selection import family_of, options_of
from gateway.http.filenames import audio_name
from gateway.jobs.ending import finished_at, is_done
from gateway.jobs.outcome import audio_path, cover_path, pauses_path, peaks_path
from gateway.jobs.retention import Expiry
from gateway.line.line import Forecast

Time = Annotated[datetime, Meta(tz=True)]


class Video(Struct, frozen=True, kw_only=True):
    """The uploaded video. `removed_at`: when it was let go of, so that there can be no other run."""

    bytes: int
    content_type: str
    sha256: str
    removed_at: Time | None


class Audio(Struct, frozen=True, kw_only=True):
    """The result and its file name. `url` is its path at this gateway, as in `Location`.

    `copied`: the source's own sound, not encoded again. `partial`: the source was incomplete or damaged, and
    `notice` says so; else that is empty. `parts`: the number of files in a ZIP; 0: it is no ZIP. `left_out`:
    titles of chapters without sound, which have no file in it. `peaks_url`, `cover_url`: the paths of its
    waveform and its picture; null: it has none. `silence_cut`: seconds of silence that `trim_silence` has
    taken from its beginning, so that a second of it is `start + (second + silence_cut) * speed` of the video;
    null: not asked for, or not known. `pauses_url`: the path of its pauses; null: nobody looked for any.
    `seconds_saved`: seconds of pauses that `shorten_pauses` has left out.
    """

    url: str
    format: Format
    media_type: str
    filename: str
    parts: int
    bytes: int
    duration_seconds: float
    bit_rate: int
    sample_rate: int
    channels: int
    sha256: str
    copied: bool
    partial: bool
    notice: str
    left_out: tuple[str, ...] = ()
    peaks_url: str | None = None
    cover_url: str | None = None
    silence_cut: float | None = None
    pauses_url: str | None = None
    pauses: int = 0
    seconds_saved: float = 0.0


class Failure(Struct, frozen=True, kw_only=True):
    """Why nothing came out: a code for programs, a sentence for people."""

    code: FailureCode
    message: str


class TimelineEntry(Struct, frozen=True, kw_only=True):
    """One event of the job; `offset` is its place in the log."""

    id: str
    type: str
    time: Time
    offset: int
    run: int
    attempt: int
    note: str


class Queue(Struct, frozen=True, kw_only=True):
    """The way of a job that is not over: its place among those that wait, and the seconds until it is done.

    `place`: from 1; 0 while it is worked on. The seconds are a range that holds for most jobs, null while
    nothing is known to judge by.
    """

    place: int
    seconds_min: int | None
    seconds_max: int | None


class QueueOf(Queue, frozen=True, kw_only=True):
    """The way of one of several jobs."""

    job_id: str


class ListedJob(Struct, frozen=True, kw_only=True):
    """A job. Jobs of one video have one family. The timeline is there where it was asked for.

    `done`: no work is under way or waiting; `finished_at`: when it ended, null before.
    """

    job_id: str
    state: State
    done: bool
    filename: str
    run: int
    attempt: int
    created: Time
    updated: Time
    finished_at: Time | None
    video: Video | None
    family: str
    options: Options
    audio: Audio | None
    error: Failure | None
    queue: Queue | None = None
    timeline: tuple[TimelineEntry, ...] | UnsetType = UNSET


class Expires(Struct, frozen=True, kw_only=True):
    """The times when video, audio and all of the job go; null: never, not known yet, or gone already."""

    video: Time | None
    audio: Time | None
    job: Time | None


class Job(ListedJob, frozen=True, kw_only=True):
    """A job, with everything that happened to it. `GET /jobs/{job_id}` also shows when it goes."""

    timeline: tuple[TimelineEntry, ...]
    expires: Expires | UnsetType = UNSET


class Jobs(Struct, frozen=True, kw_only=True):
    """A page of jobs, newest first; the next one begins at `next_cursor`, the last one has none."""

    items: list[ListedJob]
    next_cursor: str | None


class Counts(Struct, frozen=True, kw_only=True):
    """The number of jobs, and of those in each state. Deleted ones do not count."""

    total: int
    states: dict[State, int]


class Accepted(Struct, frozen=True, kw_only=True):
    """A video that is stored and whose event is in the log."""

    job_id: str
    state: State
    filename: str
    bytes: int
    sha256: str


def present(view: JobView, forecast: Forecast | None = None) -> Job:
    """Return the job as its owner sees it.

    Audio of an earlier run stays until it is replaced; an earlier run's error is history.
    """
    video, audio, error = view.video, view.result, view.failure
    return Job(
        job_id=view.job_id,
        state=view.state,
        done=is_done(view),
        filename=view.filename,
        run=view.run,
        attempt=view.attempt,
        created=view.created,
        updated=view.updated,
        finished_at=finished_at(view),
        video=None
        if video is None
        else Video(
            bytes=video.bytes,
            content_type=video.content_type,
            sha256=video.sha256,
            removed_at=view.video_removal.time if view.video_removal else None,
        ),
        family=family_of(view),
        options=options_of(view),
        audio=None
        if audio is None or view.deletion is not None or view.audio_gone is not None
        else Audio(
            url=audio_path(view.job_id),
            format=audio.format,
            media_type=offered_as(audio.format, audio.parts)[0],
            filename=audio_name(view.filename, offered_as(audio.format, audio.parts)[1]),
            parts=audio.parts,
            bytes=audio.bytes,
            duration_seconds=audio.duration_seconds,
            bit_rate=audio.bit_rate,
            sample_rate=audio.sample_rate,
            channels=audio.channels,
            sha256=audio.sha256,
            copied=audio.copied,
            partial=audio.partial,
            left_out=audio.left_out,
            peaks_url=peaks_path(view.job_id) if audio.peaks else None,
            cover_url=cover_path(view.job_id) if audio.cover_bytes else None,
            silence_cut=audio.silence_cut,
            pauses_url=pauses_path(view.job_id) if audio.pauses_bytes else None,
            pauses=audio.pauses,
            seconds_saved=audio.seconds_saved,
            notice=INCOMPLETE if audio.partial else "",
        ),
        error=None
        if error is None or error.run < view.run
        else Failure(code=error.code, message=error.message),
        queue=None if forecast is None or is_done(view) else present_queue(forecast),
        timeline=tuple(map(_entry, view.timeline)),
    )


def listed(view: JobView, forecast: Forecast | None = None, *, timeline: bool) -> ListedJob:
    """Return the job as a list shows it."""
    job = present(view, forecast)
    fields = {name: getattr(job, name) for name in ListedJob.__struct_fields__}
    return ListedJob(**(fields if timeline else fields | {"timeline": UNSET}))


def expiring(job: Job, at: Expiry) -> Job:
    """Return the job with the times at which it goes."""
    return replace(job, expires=Expires(video=at.video, audio=at.audio, job=at.record))


def counts(found: Mapping[State, int]) -> Counts:
    """Return the counts as they are shown: of every state, those without jobs among them."""
    shown: dict[State, int] = {state: found.get(state, 0) for state in State}
    del shown[State.DELETED]
    return Counts(total=sum(shown.values()), states=shown)


def present_queue(forecast: Forecast) -> Queue:
    """Return the way of a job. Seconds have two digits: more would be false, and change at every look."""
    left = forecast.left
    return Queue(
        place=forecast.place,
        seconds_min=None if left is None else _rough(left.least, floor),
        seconds_max=None if left is None else _rough(left.most, ceil),
    )


def _rough(seconds: float, rounded: Callable[[float], int]) -> int:
    unit: int = 10 ** max(0, len(str(int(seconds))) - 2)
    return rounded(seconds / unit) * unit


def present_progress(progress: Progress) -> dict[str, Any]:
    """Return the progress as its owner sees it."""
    shown: dict[str, Any] = msgspec.to_builtins(progress)
    del shown["account"]
    if progress.bytes_done is None:
        del shown["bytes_done"], shown["bytes_total"]
    return shown


def _entry(entry: Entry) -> TimelineEntry:
    return TimelineEntry(
        id=entry.id,
        type=entry.type,
        time=entry.time,
        offset=entry.offset,
        run=entry.run,
        attempt=entry.attempt,
        note=entry.note,
    )
