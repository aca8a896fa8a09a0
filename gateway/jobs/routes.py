"""The routes that show jobs: one, the list of one's own, and what a video holds."""

from typing import Annotated, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from events.media import Media
from events.projections.job_view import SETTLED
from events.views.store import JobViews
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import HistoryCut, JobGone, NoMedia, NoSuchJob, NotProbed
from gateway.http import conditional, prefer
from gateway.http.conditional import IF_NONE_MATCH, answers
from gateway.http.contract import Contract
from gateway.jobs import cursors, filters, presentation, waiting
from gateway.jobs.ending import is_done
from gateway.jobs.filters import InState, NamedOrSpoken, OfFamily, OfVideo, Since, Until
from gateway.jobs.listing import counts, page
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.past import When, as_it_was
from gateway.jobs.receipts import refuse_deleted
from gateway.jobs.retention import Retention, expiry
from gateway.jobs.spoken import Spoken
from gateway.jobs.waiting import Waits
from service.scopes import READ


@get(
    "/jobs",
    operation_id="listJobs",
    tags=["jobs"],
    opt=Contract(
        scope=READ, errors=(), headers=(IF_NONE_MATCH,), answers=answers(), chooses_by_options=True
    ).opt,
)
async def list_jobs(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    spoken: NamedDependency[Spoken],
    in_state: InState = None,
    q: NamedOrSpoken = "",
    family: OfFamily = None,
    video: OfVideo = None,
    since: Since = None,
    until: Until = None,
    cursor: Annotated[str, QueryParameter(description="The `next_cursor` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Jobs on a page, at most.")] = 50,
    include: Annotated[
        Literal["timeline"] | None, QueryParameter(description="Show what has happened to each job, too.")
    ] = None,
) -> Response[presentation.Jobs]:
    """List your jobs, newest first."""
    account = caller_of(request).account
    before = cursors.decode(cursor) if cursor else None
    options = filters.options(request.query_params.multi_items())
    said_in = await spoken.jobs(account, q)
    selection = filters.selection(in_state, q, family, since, until, options, said_in, video=video)
    found, next_cursor = await page(
        live, views, account=account, selection=selection, before=before, limit=limit
    )
    items = [
        presentation.listed(view, live.forecast(view.job_id), timeline=include == "timeline")
        for view in found
    ]
    shown = presentation.Jobs(items=items, next_cursor=next_cursor)
    return conditional.view(request, shown, max((view.seen for view in found), default=0))


@get(
    "/jobs/counts",
    operation_id="countJobs",
    tags=["jobs"],
    opt=Contract(
        scope=READ, errors=(), headers=(IF_NONE_MATCH,), answers=answers(), chooses_by_options=True
    ).opt,
)
async def count_jobs(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    spoken: NamedDependency[Spoken],
    q: NamedOrSpoken = "",
    family: OfFamily = None,
    video: OfVideo = None,
    since: Since = None,
    until: Until = None,
) -> Response[presentation.Counts]:
    """Count your jobs by state: all, or those that a list with the same parameters would show."""
    options = filters.options(request.query_params.multi_items())
    account = caller_of(request).account
    said_in = await spoken.jobs(account, q)
    selection = filters.selection(None, q, family, since, until, options, said_in, video=video)
    found = await counts(live, views, account, selection)
    return conditional.view(request, presentation.counts(found))


@get(
    "/jobs/{job_id:str}",
    operation_id="getJob",
    tags=["jobs"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, HistoryCut),
        headers=(waiting.PREFER, IF_NONE_MATCH),
        answers=answers(prefer.NAME),
    ).opt,
)
async def show_job(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    live: NamedDependency[LiveJobs],
    retention: NamedDependency[Retention],
    waits: NamedDependency[Waits],
    at: Annotated[
        When | None,
        QueryParameter(description="Show the job as it was: at this offset of the log, or at this time."),
    ] = None,
) -> Response[presentation.Job]:
    """Show a job with its timeline, and when it goes: now, or, with `Prefer: wait=N`, when it has ended."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    if at is not None:
        past = await as_it_was(live, view, at)
        then = presentation.expiring(
            presentation.present(past, live.forecast(job_id) if past is view else None),
            expiry(past, retention),
        )
        return conditional.view(request, then, past.seen)
    seconds = waits.preferred(request, waiting.MOST_FOR_JOB)
    if seconds is not None and not is_done(view):
        view = await waits.ended(request, job_id, seconds) or view
        refuse_deleted(view)
    job = presentation.expiring(presentation.present(view, live.forecast(job_id)), expiry(view, retention))
    return conditional.view(request, job, view.seen, prefer.applied(seconds))


@get(
    "/jobs/{job_id:str}/media",
    operation_id="getJobMedia",
    tags=["jobs"],
    opt=Contract(
        scope=READ,
        errors=(NoSuchJob, JobGone, NotProbed, NoMedia),
        headers=(IF_NONE_MATCH,),
        answers=answers(),
    ).opt,
)
async def show_media(
    request: AnyRequest, job_id: FromPath[str], own_jobs: NamedDependency[OwnJobs]
) -> Response[Media]:
    """Show what the video holds: container, tracks, codecs, duration, chapters, tags."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    if view.probe is None and view.state in SETTLED:
        raise NoMedia("the job has ended, and no worker told what its video holds")
    if view.probe is None:
        raise NotProbed("no worker has looked at this video yet")
    return conditional.view(request, view.probe.media, view.probe.offset)


ROUTES = [list_jobs, count_jobs, show_job, show_media]
