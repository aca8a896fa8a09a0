"""The routes by which people hand on their audio by links, see what they have handed on, and take it back."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from events.options import Format, offered_as
from events.projections.job_view import Audio, JobView, Link
from events.views.selection import Selection
from events.views.store import JobViews
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import (
    BadFields,
    Crowded,
    Fault,
    JobGone,
    NoAudio,
    NoClip,
    NoSuchJob,
    NoSuchLink,
    TooManyDownloads,
    TooManyLinks,
)
from gateway.handover.audio import Shelf
from gateway.handover.links.clips import Clips
from gateway.handover.links.links import Links, Wish, alive
from gateway.http import json_body
from gateway.http.contract import Answer, Body, Contract, as_json
from gateway.http.filenames import audio_name
from gateway.jobs import cursors
from gateway.jobs.listing import page
from gateway.jobs.live import LiveJobs
from gateway.jobs.outcome import audio_of
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.presentation import Time
from service.known_problems import HANDS_NOTHING_OUT, MAYBE_DONE
from service.link_tokens import LEAST_SECONDS
from service.scopes import MANAGE, READ

Seconds = Annotated[float, Meta(ge=0)]


class WantedLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link to make. `expires_in`: seconds; null: as long as links live here.

    `start` and `end` are seconds of the audio: the link leads to that part alone.
    """

    expires_in: Annotated[float, Meta(ge=LEAST_SECONDS)] | None = None
    start: Seconds | None = None
    end: Seconds | None = None


class SharedLink(Struct, frozen=True, kw_only=True):
    """A link that leads to a job's audio. `mailed`: it stands in the mail about the job's end."""

    link_id: str
    job_id: str
    url: str
    filename: str
    start: float | None
    end: float | None
    made: Time
    expires: Time
    mailed: bool


class SharedLinks(Struct, frozen=True, kw_only=True):
    """Links that are good now, of a job in the order of their making."""

    items: list[SharedLink]


class SharedJobs(SharedLinks, frozen=True, kw_only=True):
    """A page of what an account has handed on, newest jobs first; the next one begins at `next_cursor`."""

    next_cursor: str | None


@post(
    "/jobs/{job_id:str}/links",
    status_code=201,
    operation_id="createLink",
    tags=["sharing"],
    opt=Contract(
        scope=MANAGE,
        errors=(
            *json_body.ERRORS,
            NoSuchJob,
            JobGone,
            NoAudio,
            NoClip,
            TooManyLinks,
            TooManyDownloads,
            Crowded,
            HANDS_NOTHING_OUT,
            MAYBE_DONE,
        ),
        body=Body(as_json(WantedLink)),
        answers={201: Answer("The link", as_json(SharedLink))},
    ).opt,
)
async def create_link(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    links: NamedDependency[Links],
    shelf: NamedDependency[Shelf],
    clips: NamedDependency[Clips],
) -> Response[SharedLink]:
    """Make a link by which anybody listens to a job's audio, or to a part of it, until it expires."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    made, wanted = audio_of(view), await json_body.read(request, WantedLink)
    wish = _wish(wanted, made, links.longest)
    if wish.start is not None and wish.end is not None:
        with shelf.counted(request, view.account):
            await _try(made, wish.start, wish.end, shelf, clips)
    link = await links.make(view, wish)
    return Response(_shown(view, link, links), status_code=201)


@get(
    "/jobs/{job_id:str}/links",
    operation_id="listLinksOfJob",
    tags=["sharing"],
    opt=Contract(scope=READ, errors=(NoSuchJob, JobGone, HANDS_NOTHING_OUT)).opt,
)
async def list_links_of_job(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    links: NamedDependency[Links],
) -> SharedLinks:
    """List the links to a job that are good now."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    now = datetime.now(UTC)
    return SharedLinks(items=[_shown(view, link, links) for link in alive(view, now)])


@get(
    "/links",
    operation_id="listLinks",
    tags=["sharing"],
    opt=Contract(scope=READ, errors=(HANDS_NOTHING_OUT,)).opt,
)
async def list_links(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    links: NamedDependency[Links],
    cursor: Annotated[str, QueryParameter(description="The `next_cursor` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Jobs on a page, at most.")] = 50,
) -> SharedJobs:
    """List all that you have handed on by links that are good now."""
    now, before = datetime.now(UTC), cursors.decode(cursor) if cursor else None
    found, next_cursor = await page(
        live,
        views,
        account=caller_of(request).account,
        selection=Selection(linked=now),
        before=before,
        limit=limit,
    )
    items = [_shown(view, link, links) for view in found for link in alive(view, now)]
    return SharedJobs(items=items, next_cursor=next_cursor)


@delete(
    "/links/{link_id:str}",
    status_code=204,
    operation_id="deleteLink",
    tags=["sharing"],
    opt=Contract(scope=MANAGE, errors=(NoSuchLink, JobGone, MAYBE_DONE)).opt,
)
async def delete_link(request: AnyRequest, link_id: FromPath[str], links: NamedDependency[Links]) -> None:
    """Take a link back: from now on it leads nowhere."""
    await links.end(caller_of(request).account, link_id)


def _wish(wanted: WantedLink, made: Audio, longest: float) -> Wish:
    """Return what is wanted, within what there is. Raises BadFields, NoClip."""
    seconds = longest if wanted.expires_in is None else wanted.expires_in
    if seconds > longest:
        days = f"{longest / 86_400:.3g}"
        raise BadFields([Fault("expires_in", f"links are good for {longest:.0f} s ({days} days) at most")])
    if wanted.start is None and wanted.end is None:
        return Wish(seconds)
    if made.format is not Format.MP3 or made.parts:
        raise NoClip(
            "only an MP3 of one file can be cut for a link; make an output with start and end instead"
        )
    start, end = wanted.start or 0.0, made.duration_seconds if wanted.end is None else wanted.end
    if not start < end <= made.duration_seconds + 1:
        told = f"the audio is {made.duration_seconds:.3f} s long, and a part begins before it ends"
        raise BadFields([Fault("end", told)])
    return Wish(seconds, start, min(end, made.duration_seconds))


async def _try(made: Audio, start: float, end: float, shelf: Shelf, clips: Clips) -> None:
    """Raise NoClip if the part cannot be cut out: better now than when somebody listens. Raises JobGone."""
    blob = await shelf.audio.find(made.audio_id)
    if blob is None:
        raise JobGone("the audio of this job is not stored any more")
    await clips.find(blob, start, end)


def _shown(view: JobView, link: Link, links: Links) -> SharedLink:
    made = view.result
    ending = offered_as(made.format, made.parts)[1] if made else "mp3"
    return SharedLink(
        link_id=link.id,
        job_id=view.job_id,
        url=links.addresses.of(link),
        filename=audio_name(view.filename, ending),
        start=link.start,
        end=link.end,
        made=link.made,
        expires=link.expires,
        mailed=link.mailed,
    )


ROUTES: list[Any] = [create_link, list_links_of_job, list_links, delete_link]
