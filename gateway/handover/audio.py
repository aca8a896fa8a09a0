"""The audio of a job, whole or in part."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, NamedTuple

from litestar import Response, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery
from litestar.types import OperationIDCreator
from msgspec import Struct

from events.options import MEDIA_TYPES, ZIP, offered_as
from events.projections.job_view import JobView
from gateway.callers.addresses import Origin
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import BlobDamaged, Crowded, JobGone, NoAudio, NoSuchJob, TooManyDownloads, TooManyTries
from gateway.http import ranges
from gateway.http.capacity import Downloads
from gateway.http.contract import BYTES, Answer, Contract, Header
from gateway.http.filenames import attachment, audio_name
from gateway.jobs.outcome import audio_of
from gateway.jobs.own_jobs import OwnJobs
from gateway.storage import Bucket
from service.blobs import Blob
from service.http.streams import ClosedStream
from service.known_problems import CHANGED, NO_RANGE
from service.problems import problem
from service.scopes import READ

_READ = [HttpMethod.GET, HttpMethod.HEAD]


class _Offered(NamedTuple):
    """The file's Content-Disposition and media type."""

    disposition: str
    media_type: str


class _Asked(NamedTuple):
    """A request for the audio of an account's job."""

    request: AnyRequest
    account: str
    shelf: "Shelf"


class Shelf(Struct, frozen=True):
    """The audio of jobs, for their owners, and the downloads that are under way."""

    own_jobs: OwnJobs
    audio: Bucket
    downloads: Downloads
    origin: Origin

    async def begun(
        self, request: AnyRequest, account: str, blob: Blob, first: int, last: int
    ) -> AsyncGenerator[bytes, None]:
        """Read the first chunk before the answer begins: its trouble is still a proper error then.

        It counts as a download of this account. Raises TooManyDownloads, Crowded, BlobDamaged, Unavailable.
        """

        async def all_of() -> AsyncGenerator[bytes, None]:
            with self.downloads.one(account, self.origin.client(request)):
                async with aclosing(self.audio.read(blob, first, last)) as chunks:
                    head = await anext(chunks, b"")
                    yield b""
                    yield head
                    async for chunk in chunks:
                        yield chunk

        download = all_of()
        await anext(download)  # from now on it is counted, until it is closed
        return download


_VERSION = ("ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Vary")
_REQUEST_HEADERS = (
    "Range",
    "If-Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
)
_BYTES = "application/octet-stream"
_AUDIO = dict.fromkeys((_BYTES, *MEDIA_TYPES.values(), ZIP), BYTES)
"""Bare bytes come where they are asked for. Generators of clients know how to read them, and no sound."""
_CONTRACT = Contract(
    scope=READ,
    errors=(
        NoSuchJob,
        JobGone,
        NoAudio,
        TooManyTries,
        TooManyDownloads,
        Crowded,
        CHANGED,
        NO_RANGE,
    ),
    schemes=("password",),
    headers=tuple(map(Header, _REQUEST_HEADERS)),
    answers={
        200: Answer("All of it", _AUDIO, (*_VERSION, "Content-Disposition", "Content-Length")),
        206: Answer("The range", _AUDIO, (*_VERSION, "Content-Disposition", "Content-Range")),
        304: Answer("You have it already", headers=_VERSION),
    },
)


def _named(name: str) -> OperationIDCreator:
    """Name the operation; HEAD is one of its own."""
    return lambda handler, method, path: name if method == HttpMethod.GET else f"{name}Head"


@route(
    "/jobs/{job_id:str}/audio",
    http_method=_READ,
    status_code=200,
    operation_id=_named("downloadJobAudio"),
    tags=["audio"],
    opt=_CONTRACT.opt,
)
async def audio_by_job(
    request: AnyRequest,
    job_id: FromPath[str],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Download a job's audio. Ranges and conditional requests are understood."""
    return await answer(request, await shelf.own_jobs.get(caller_of(request).account, job_id), shelf)


@route(
    "/download",
    http_method=_READ,
    status_code=200,
    operation_id=_named("downloadAudio"),
    tags=["audio"],
    opt=_CONTRACT.opt,
)
async def audio_by_file(
    request: AnyRequest,
    fid: FromQuery[str],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Download a job's audio by the id that the upload was answered with."""
    return await answer(request, await shelf.own_jobs.get(caller_of(request).account, fid), shelf)


async def answer(request: AnyRequest, view: JobView, shelf: Shelf) -> Response[Any]:
    """Answer with a job's audio, whole or in part, whoever may have it.

    Raises JobGone, NoAudio, NoSuchJob, TooManyDownloads, Crowded, BlobDamaged, Unavailable.
    """
    made = audio_of(view)
    blob = await shelf.audio.find(made.audio_id)
    if blob is None:
        audio_of(await shelf.own_jobs.get(view.account, view.job_id))  # it may just be deleted
        raise BlobDamaged(f"the audio {made.audio_id} of job {view.job_id} is not stored")
    version = ranges.Version(blob.bytes, f'"{made.sha256}"', made.time)
    media_type, ending = offered_as(made.format, made.parts)
    if _BYTES in request.headers.get("accept", ""):
        media_type = _BYTES
    offered = _Offered(attachment(audio_name(view.filename, ending)), media_type)
    return await _respond(_Asked(request, view.account, shelf), blob, version, offered)


async def _respond(asked: _Asked, blob: Blob, version: ranges.Version, offered: _Offered) -> Response[Any]:
    request = asked.request
    known = {
        "ETag": version.etag,
        "Last-Modified": version.last_modified,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }
    match ranges.decide(request.method, request.headers, version):
        case ranges.NotModified():
            return Response(b"", status_code=304, headers=known)
        case ranges.PreconditionFailed():
            return problem(request.scope["path"], CHANGED, "the audio has another entity tag or is newer")
        case ranges.Unsatisfiable():
            limits = {"Content-Range": f"bytes */{version.size}"}
            return problem(request.scope["path"], NO_RANGE, f"the audio has {version.size} bytes", limits)
        case ranges.Part(first, last):
            status, part = 206, {"Content-Range": f"bytes {first}-{last}/{version.size}"}
        case ranges.Whole():
            status, part, first, last = 200, {}, 0, version.size - 1
    headers = {
        **known,
        **part,
        "Content-Length": str(last - first + 1),
        "Content-Disposition": offered.disposition,
    }
    if request.method == HttpMethod.HEAD:
        return Response(b"", status_code=status, headers=headers, media_type=offered.media_type)
    chunks = await asked.shelf.begun(request, asked.account, blob, first, last)
    return ClosedStream(chunks, status_code=status, headers=headers, media_type=offered.media_type)


ROUTES = [audio_by_job, audio_by_file]
