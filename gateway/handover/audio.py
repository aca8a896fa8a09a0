"""The audio of a job, whole or in part."""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing
from typing import Any

from litestar import Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from events.options import MEDIA_TYPES, ZIP, offered_as
from events.projections.job_view import JobView
from gateway.callers.addresses import Origin
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import BlobDamaged, Crowded, JobGone, NoAudio, NoSuchJob, TooManyDownloads, TooManyTries
from gateway.handover import ranged
from gateway.handover.ranged import READING, Offer, named
from gateway.http import ranges
from gateway.http.capacity import Downloads
from gateway.http.contract import BYTES, Contract
from gateway.http.filenames import attachment, audio_name
from gateway.jobs.outcome import audio_of
from gateway.jobs.own_jobs import OwnJobs
from gateway.storage import Bucket
from service.scopes import READ


class Shelf(Struct, frozen=True):
    """The audio of jobs, for their owners, and the downloads that are under way."""

    own_jobs: OwnJobs
    audio: Bucket
    downloads: Downloads
    origin: Origin

    def counted(self, request: AnyRequest, account: str) -> AbstractContextManager[None]:
        """Count the block as a download of this account. Raises TooManyDownloads, Crowded."""
        return self.downloads.one(account, self.origin.client(request))

    async def begun(
        self, request: AnyRequest, account: str, read: AsyncGenerator[bytes, None]
    ) -> AsyncGenerator[bytes, None]:
        """Read the first chunk before the answer begins: its trouble is still a proper error then.

        It counts as a download of this account. Raises TooManyDownloads, Crowded, and what reading raises.
        """

        async def all_of() -> AsyncGenerator[bytes, None]:
            with self.counted(request, account):
                async with aclosing(read) as chunks:
                    head = await anext(chunks, b"")
                    yield b""
                    yield head
                    async for chunk in chunks:
                        yield chunk

        download = all_of()
        await anext(download)  # from now on it is counted, until it is closed
        return download


_BYTES = "application/octet-stream"
_AUDIO = dict.fromkeys((_BYTES, *MEDIA_TYPES.values(), ZIP), BYTES)
"""Bare bytes come where they are asked for. Generators of clients know how to read them, and no sound."""
ANSWERS = ranged.answers(_AUDIO)
"""What `answer` answers, for the contract of a route."""
_CONTRACT = Contract(
    scope=READ,
    errors=(
        NoSuchJob,
        JobGone,
        NoAudio,
        TooManyTries,
        TooManyDownloads,
        Crowded,
        *ranged.ERRORS,
    ),
    schemes=("password",),
    headers=ranged.HEADERS,
    answers=ANSWERS,
)


@route(
    "/jobs/{job_id:str}/audio",
    http_method=READING,
    status_code=200,
    operation_id=named("downloadJobAudio"),
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
    http_method=READING,
    status_code=200,
    operation_id=named("downloadAudio"),
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
    offer = Offer(version, attachment(audio_name(view.filename, ending)), media_type, "audio")
    begun = ranged.decide(request, offer)
    if isinstance(begun, Response):
        return begun
    read = shelf.audio.read(blob, begun.first, begun.last)
    return begun.of(await shelf.begun(request, view.account, read))


ROUTES = [audio_by_job, audio_by_file]
