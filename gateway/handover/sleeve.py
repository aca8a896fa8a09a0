"""The sleeve of a job's audio, for players: the peaks of its waveform, and its cover."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from events.projections.job_view import Audio, JobView
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import (
    BlobDamaged,
    Crowded,
    JobGone,
    NoAudio,
    NoCover,
    NoPeaks,
    NoSuchJob,
    TooManyDownloads,
)
from gateway.handover.audio import Shelf
from gateway.http.conditional import IF_NONE_MATCH, private, unchanged
from gateway.http.contract import BYTES, Answer, Contract
from gateway.jobs.outcome import audio_of
from service.blobs import Blob
from service.http.streams import ClosedStream
from service.scopes import READ

_HEADERS = ("ETag", "Cache-Control", "Vary")
_PEAKS = "application/octet-stream"
PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
"""Media types by the first bytes of a picture."""
_MOST_FIRST = max(map(len, PICTURES))
_NOT_MODIFIED = Answer("You have it already", headers=_HEADERS)
COVER_ANSWERS = {
    200: Answer("The picture", dict.fromkeys(PICTURES.values(), BYTES), _HEADERS),
    304: _NOT_MODIFIED,
}
"""What `cover_of` answers, for the contract of a route."""


@get(
    "/jobs/{job_id:str}/peaks",
    operation_id="getJobPeaks",
    tags=["audio"],
    media_type=_PEAKS,
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, NoAudio, NoPeaks),
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer("BBC audiowaveform's data, version 2, 8 bits", {_PEAKS: BYTES}, _HEADERS),
            304: _NOT_MODIFIED,
        },
    ).opt,
)
async def peaks(request: AnyRequest, job_id: FromPath[str], shelf: NamedDependency[Shelf]) -> Response[Any]:
    """Get the waveform of a job's audio: lowest and highest sample of at most 2,048 parts of equal length."""
    made = await _made(request, job_id, shelf)
    known = _known(made, "peaks")
    if not_modified := unchanged(request, known):
        return not_modified
    found = (await shelf.audio.measured(made.audio_id))[: made.peaks] if made.peaks else b""
    if not found:
        raise NoPeaks("nobody has drawn the waveform of this audio")
    return Response(found, media_type=_PEAKS, headers=known)


@get(
    "/jobs/{job_id:str}/cover",
    operation_id="getJobCover",
    tags=["audio"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, NoAudio, NoCover, TooManyDownloads, Crowded),
        headers=(IF_NONE_MATCH,),
        answers=COVER_ANSWERS,
    ).opt,
)
async def cover(request: AnyRequest, job_id: FromPath[str], shelf: NamedDependency[Shelf]) -> Response[Any]:
    """Get the cover that lies in a job's audio."""
    return await cover_of(request, await shelf.own_jobs.get(caller_of(request).account, job_id), shelf)


async def cover_of(request: AnyRequest, view: JobView, shelf: Shelf) -> Response[Any]:
    """Answer with the cover of a job's audio, whoever may have it.

    Raises JobGone, NoAudio, NoCover, TooManyDownloads, Crowded, BlobDamaged, Unavailable.
    """
    made = audio_of(view)
    known = _known(made, "cover")
    if not_modified := unchanged(request, known):
        return not_modified
    blob = await shelf.audio.find(made.audio_id) if made.cover_bytes else None
    type_ = None if blob is None else await _picture_type(shelf, blob, made.cover_at)
    if blob is None or type_ is None:
        raise NoCover("this audio has no cover that a player could show")
    last = made.cover_at + made.cover_bytes - 1
    chunks = await shelf.begun(request, view.account, shelf.audio.read(blob, made.cover_at, last))
    headers = {**known, "Content-Length": str(made.cover_bytes)}
    return ClosedStream(chunks, status_code=200, headers=headers, media_type=type_)


async def _made(request: AnyRequest, job_id: str, shelf: Shelf) -> Audio:
    """Raise NoSuchJob, JobGone, NoAudio."""
    return audio_of(await shelf.own_jobs.get(caller_of(request).account, job_id))


def _known(made: Audio, part: str) -> dict[str, str]:
    return private(f'"{made.sha256}-{part}"')


async def _picture_type(shelf: Shelf, blob: Blob, at: int) -> str | None:
    """Return the media type by what is really there: a browser shall never guess."""
    end = min(at + _MOST_FIRST, blob.bytes) - 1
    try:
        first = b"".join([chunk async for chunk in shelf.audio.read(blob, at, end)])
    except BlobDamaged:
        return None
    return next((type_ for begin, type_ in PICTURES.items() if first.startswith(begin)), None)


ROUTES = [peaks, cover]
