"""The pauses of a job's audio, and the map of time from its video to it."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from events.options import Options
from events.projections.job_view import Audio, JobView
from events.timing.pauses import Pauses, Rest, rests, unpacked
from events.timing.time_map import TimeMap
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import JobGone, NoAudio, NoPauses, NoSuchJob
from gateway.handover.audio import Shelf
from gateway.http import conditional
from gateway.http.contract import Contract
from gateway.jobs.outcome import audio_of
from gateway.storage import Bucket
from service.scopes import READ


class ShownPause(Struct, frozen=True, kw_only=True):
    """A pause, in seconds of the audio. `length`: how long it was before it was shortened (`shorten_pauses`).

    `begins`: the second at which a chapter after it begins, and `video_begins` that of the video, as `marks`
    takes it; null: the pause is at an end, or it is not known.
    """

    start: float
    end: float
    length: float
    begins: float | None = None
    video_begins: float | None = None


class ShownSeam(Struct, frozen=True):
    """A second of the audio at which so many seconds of a pause were left out (`shorten_pauses`)."""

    at: float
    left_out: float


class AudioPauses(Struct, frozen=True, kw_only=True):
    """Pauses of a second and more (of very many the longest), and those that were shortened."""

    pauses: list[ShownPause]
    seams: list[ShownSeam]


@get(
    "/jobs/{job_id:str}/pauses",
    operation_id="getJobPauses",
    tags=["audio"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, NoAudio, NoPauses),
        headers=(conditional.IF_NONE_MATCH,),
        answers=conditional.answers(),
    ).opt,
)
async def pauses(
    request: AnyRequest, job_id: FromPath[str], shelf: NamedDependency[Shelf]
) -> Response[AudioPauses]:
    """Get the pauses of a job's audio."""
    view = await shelf.own_jobs.get(caller_of(request).account, job_id)
    made = audio_of(view)
    found = await pauses_of(shelf.audio, made)
    if found is None:
        raise NoPauses("nobody has looked for pauses in this audio")
    options = view.video.options if view.video else Options()
    time_map = _time_map(options, made, found)
    shown = AudioPauses(
        pauses=[
            _shown(each, time_map)
            for each in rests(found, options.shorten_pauses or 0.0, made.duration_seconds)
        ],
        seams=[ShownSeam(each.at, each.left_out) for each in found.seams],
    )
    return conditional.view(request, shown)


def _shown(rest: Rest, time_map: TimeMap | None) -> ShownPause:
    return ShownPause(
        start=rest.start,
        end=rest.end,
        length=rest.length,
        begins=rest.begins,
        video_begins=None
        if time_map is None or rest.begins is None
        else round(time_map.in_video(rest.begins), 3),
    )


async def pauses_of(bucket: Bucket, made: Audio) -> Pauses | None:
    """Return what is stored of an audio's pauses; None where nobody looked for any. Raises Unavailable."""
    if not made.pauses_bytes:
        return None
    stored = await bucket.measured(made.audio_id)
    return unpacked(stored[made.pauses_at : made.pauses_at + made.pauses_bytes])


async def time_map_of(bucket: Bucket, view: JobView) -> TimeMap | None:
    """Return the map of time from a job's video to its audio; None where it is not known.

    Raises Unavailable.
    """
    made, video = view.audio, view.video
    if made is None or video is None:
        return None
    found = await pauses_of(bucket, made) if video.options.shorten_pauses is not None else Pauses()
    return _time_map(video.options, made, found)


def _time_map(options: Options, made: Audio, found: Pauses | None) -> TimeMap | None:
    if made.parts or found is None or (options.trim_silence and made.silence_cut is None):
        return None
    return TimeMap(options, found.seams, silence_cut=made.silence_cut or 0.0, length=made.duration_seconds)


ROUTES: list[Any] = [pauses]
