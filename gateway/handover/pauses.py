"""The pauses of a job's audio, and the map of time from its video to it."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from events.projections.job_view import Audio, JobView
from events.timing.pauses import Pauses, unpacked
from events.timing.time_map import TimeMap
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import JobGone, NoAudio, NoPauses, NoSuchJob
from gateway.handover.audio import Shelf
from gateway.http import conditional
from gateway.http.contract import Contract
from gateway.jobs.outcome import audio_of
from gateway.storage import Bucket
from service.scopes import READ


class ShownPause(Struct, frozen=True):
    """A pause, in seconds of the audio."""

    start: float
    end: float


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
    made = audio_of(await shelf.own_jobs.get(caller_of(request).account, job_id))
    found = await pauses_of(shelf.audio, made)
    if found is None:
        raise NoPauses("nobody has looked for pauses in this audio")
    shown = AudioPauses(
        pauses=[ShownPause(each.start, each.end) for each in found.pauses],
        seams=[ShownSeam(each.at, each.left_out) for each in found.seams],
    )
    return conditional.view(request, shown)


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
    if made is None or video is None or made.parts:
        return None
    options, found = video.options, None
    if options.shorten_pauses is not None and (found := await pauses_of(bucket, made)) is None:
        return None
    if options.trim_silence and made.silence_cut is None:
        return None
    return TimeMap(
        options,
        found.seams if found else (),
        silence_cut=made.silence_cut or 0.0,
        length=made.duration_seconds,
    )


ROUTES: list[Any] = [pauses]
