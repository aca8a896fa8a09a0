"""The routes of ZIPs: of some jobs that the address names, or of many that were chosen before."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from events.options import ZIP
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import (
    BadParameters,
    Crowded,
    Fault,
    JobGone,
    NoAudio,
    NoSuchArchive,
    NoSuchJob,
    TooManyDownloads,
    TooManyTries,
)
from gateway.handover import ranged
from gateway.handover.archive.archives import Archives
from gateway.handover.archive.contents import Contents, contents
from gateway.handover.archive.selections import LIFE
from gateway.handover.audio import Shelf
from gateway.handover.ranged import READING, Offer, named
from gateway.http import json_body
from gateway.http.contract import BYTES, Answer, Body, Contract, as_json
from gateway.http.filenames import attachment
from gateway.jobs.refusals import Refusal, refusal
from service.scopes import READ

MOST = 1000
"""Jobs in a ZIP."""
_NAME = "tonearm.zip"
_CONTENT = {ZIP: BYTES}
_ERRORS = (NoSuchJob, JobGone, NoAudio, TooManyTries, TooManyDownloads, Crowded, *ranged.ERRORS)


class WantedArchive(Struct, frozen=True, forbid_unknown_fields=True):
    """The jobs whose audio is wanted as one ZIP, in this order."""

    job_ids: Annotated[list[Annotated[str, Meta(max_length=36)]], Meta(min_length=1, max_length=MOST)]


class Archive(Struct, frozen=True, kw_only=True):
    """A ZIP that can be downloaded until it `expires`, with its length. `refused` are jobs without audio."""

    archive_id: str
    url: str
    bytes: int
    files: int
    expires: datetime
    refused: list[Refusal]


@route(
    "/archive.zip",
    http_method=READING,
    status_code=200,
    operation_id=named("downloadArchive"),
    tags=["audio"],
    opt=Contract(
        scope=READ,
        errors=(BadParameters, *_ERRORS),
        schemes=("password",),
        headers=ranged.HEADERS,
        answers=ranged.answers(_CONTENT),
    ).opt,
)
async def archive_of_jobs(
    request: AnyRequest,
    job: Annotated[list[str], QueryParameter(description="A job's id; up to 1,000 of them.")],
    shelf: NamedDependency[Shelf],
    archives: NamedDependency[Archives],
) -> Response[Any]:
    """Download the audio of several jobs as one ZIP. Ranges and conditional requests are understood."""
    if len(job) > MOST:
        raise BadParameters([Fault("job", f"a ZIP holds {MOST:,} jobs at most")])
    return await _answer(request, await archives.contents(caller_of(request).account, job), shelf, archives)


@post(
    "/archives",
    status_code=201,
    operation_id="createArchive",
    tags=["audio"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, NoAudio, *json_body.ERRORS),
        body=Body(as_json(WantedArchive)),
        answers={201: Answer(headers=("Location",))},
    ).opt,
)
async def create_archive(request: AnyRequest, archives: NamedDependency[Archives]) -> Response[Archive]:
    """Choose jobs for a ZIP, and get a short address for it. Those without audio are named and left out."""
    account, now = caller_of(request).account, datetime.now(UTC)
    wanted = await json_body.read(request, WantedArchive)
    chosen = await archives.choose(account, wanted.job_ids)
    if not chosen.views:
        raise next(iter(chosen.refused.values()))
    made = contents(chosen.views)
    archive_id = await archives.selections.keep(account, [view.job_id for view in chosen.views], now)
    archive = Archive(
        archive_id=archive_id,
        url=f"/archives/{archive_id}",
        bytes=made.version.size,
        files=len(made.files),
        expires=(now + LIFE).replace(microsecond=0),
        refused=[refusal(job_id, error) for job_id, error in chosen.refused.items()],
    )
    return Response(archive, headers={"Location": archive.url})


@route(
    "/archives/{archive_id:str}",
    http_method=READING,
    status_code=200,
    operation_id=named("downloadChosenArchive"),
    tags=["audio"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchArchive, *_ERRORS),
        schemes=("password",),
        headers=ranged.HEADERS,
        answers=ranged.answers(_CONTENT),
    ).opt,
)
async def chosen_archive(
    request: AnyRequest,
    archive_id: FromPath[str],
    shelf: NamedDependency[Shelf],
    archives: NamedDependency[Archives],
) -> Response[Any]:
    """Download the ZIP of jobs that were chosen before. Ranges and conditional requests are understood."""
    account = caller_of(request).account
    job_ids = await archives.selections.find(account, archive_id, datetime.now(UTC))
    if job_ids is None:
        raise NoSuchArchive("there is no archive with this id, or not any more")
    return await _answer(request, await archives.contents(account, job_ids), shelf, archives)


async def _answer(request: AnyRequest, made: Contents, shelf: Shelf, archives: Archives) -> Response[Any]:
    begun = ranged.decide(request, Offer(made.version, attachment(_NAME), ZIP, "archive"))
    if isinstance(begun, Response):
        return begun
    read = archives.read(made.files, begun.first, begun.last)
    return begun.of(await shelf.begun(request, caller_of(request).account, read))


ROUTES = [archive_of_jobs, create_archive, chosen_archive]
