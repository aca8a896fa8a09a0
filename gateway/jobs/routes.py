"""The routes that show jobs: one, the list of one's own, and what a video holds."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from events.media import Media
from events.projections.job_view import SETTLED, State
from events.views.store import JobViews
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import JobGone, NoMedia, NoSuchJob, NotProbed
from gateway.http.contract import Contract
from gateway.jobs import cursors, presentation
from gateway.jobs.listing import page
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from service.scopes import READ


@get("/jobs", tags=["jobs"], opt=Contract(scope=READ, errors=()).opt)
async def list_jobs(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> presentation.Jobs:
    """List your jobs, newest first."""
    before = cursors.decode(cursor) if cursor is not None else None
    account = caller_of(request).account
    found, next_cursor = await page(live, views, account=account, state=in_state, before=before, limit=limit)
    return presentation.Jobs(items=list(map(presentation.present, found)), next_cursor=next_cursor)


@get("/jobs/{job_id:str}", tags=["jobs"], opt=Contract(scope=READ, errors=(NoSuchJob,)).opt)
async def show_job(
    request: AnyRequest, job_id: FromPath[str], own_jobs: NamedDependency[OwnJobs]
) -> presentation.Job:
    """Show a job with its timeline."""
    return presentation.present(await own_jobs.get(caller_of(request).account, job_id))


@get(
    "/jobs/{job_id:str}/media",
    tags=["jobs"],
    opt=Contract(scope=READ, errors=(NoSuchJob, JobGone, NotProbed, NoMedia)).opt,
)
async def show_media(request: AnyRequest, job_id: FromPath[str], own_jobs: NamedDependency[OwnJobs]) -> Media:
    """Show what the video holds: container, tracks, codecs, duration, chapters, tags."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    if view.state is State.DELETED:
        raise JobGone("the video of this job was deleted")
    if view.probe is None and view.state in SETTLED:
        raise NoMedia("the job has ended, and no worker told what its video holds")
    if view.probe is None:
        raise NotProbed("no worker has looked at this video yet")
    return view.probe.media


ROUTES = [list_jobs, show_job, show_media]
