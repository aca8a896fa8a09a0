"""The routes by which administrators see everybody's jobs, cancel them, and convert them once more."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from events.projections.job_view import JobView, State
from events.types import Actor, FailureCode
from events.views.store import JobViews
from gateway import errors
from gateway.callers.guard import AnyRequest
from gateway.http.contract import Contract
from gateway.jobs import cursors, filters, presentation
from gateway.jobs.filters import InState, Named, Naming, OfFamily, OfVideo, Since, Until
from gateway.jobs.listing import every, page
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.life import many
from gateway.life.many import Done
from gateway.life.runs import Runs
from gateway.uploads import option_bodies
from service.scopes import OPERATE

_OfAccount = Annotated[UUID | None, QueryParameter(description="Only jobs of this account.")]


class AdminJob(presentation.ListedJob, frozen=True, kw_only=True):
    """A job, and whose it is. The timeline is there where one job was asked for."""

    account: str


class AdminJobs(Struct, frozen=True, kw_only=True):
    """A page of jobs of all accounts, newest first; the next one begins at `next_cursor`."""

    items: list[AdminJob]
    next_cursor: str | None


@get(
    "/admin/jobs",
    operation_id="listAllJobs",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=(), chooses_by_options=True).opt,
)
async def list_all(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    account: _OfAccount = None,
    in_state: InState = None,
    q: Named = "",
    family: OfFamily = None,
    video: OfVideo = None,
    since: Since = None,
    until: Until = None,
    cursor: Annotated[str, QueryParameter(description="The `next_cursor` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Jobs on a page, at most.")] = 50,
) -> AdminJobs:
    """List the jobs of all accounts, or of one, newest first."""
    before = cursors.decode(cursor) if cursor else None
    options = filters.options(request.query_params.multi_items())
    selection = filters.selection(in_state, q, family, since, until, options, video=video)
    found, next_cursor = await page(
        live, views, account=_id(account), selection=selection, before=before, limit=limit
    )
    items = [_shown(live, view, timeline=False) for view in found]
    return AdminJobs(items=items, next_cursor=next_cursor)


@get(
    "/admin/jobs/{job_id:str}",
    operation_id="getAnyJob",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=(errors.NoSuchJob, errors.JobGone)).opt,
)
async def show_any(
    job_id: FromPath[str], own_jobs: NamedDependency[OwnJobs], live: NamedDependency[LiveJobs]
) -> AdminJob:
    """Show anybody's job with its timeline."""
    view = await own_jobs.of_anybody(job_id)
    return _shown(live, view, timeline=True)


@post(
    "/admin/jobs/{job_id:str}/cancel",
    status_code=200,
    operation_id="cancelAnyJob",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=(errors.NoSuchJob, errors.JobGone, errors.WrongState)).opt,
)
async def cancel_any(
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    live: NamedDependency[LiveJobs],
    runs: NamedDependency[Runs],
) -> AdminJob:
    """Cancel anybody's job that waits or is under way."""
    view = await runs.cancel(await own_jobs.of_anybody(job_id), Actor.ADMIN)
    return _shown(live, view, timeline=True)


@post(
    "/admin/jobs/{job_id:str}/requeue",
    status_code=202,
    operation_id="requeueAnyJob",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=(errors.NoSuchJob, errors.JobGone, errors.WrongState)).opt,
)
async def requeue_any(
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    live: NamedDependency[LiveJobs],
    runs: NamedDependency[Runs],
) -> AdminJob:
    """Give anybody's job another run that failed or was cancelled."""
    view = await runs.repeat(await own_jobs.of_anybody(job_id))
    return _shown(live, view, timeline=True)


@post(
    "/admin/jobs/requeue",
    status_code=202,
    operation_id="requeueFailedJobs",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=option_bodies.ERRORS).opt,
)
async def requeue_failed(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    runs: NamedDependency[Runs],
    account: _OfAccount = None,
    code: Annotated[
        FailureCode | None, QueryParameter(description="Only jobs that failed for this reason.")
    ] = None,
    q: Naming = None,
    family: OfFamily = None,
    video: OfVideo = None,
    since: Since = None,
    until: Until = None,
) -> Done:
    """Give another run to every failed job, or to those that a filter chooses."""
    await option_bodies.refuse(request)
    selection = filters.selection(State.FAILED, q, family, since, until, video=video)
    failed = every(live, views, account=_id(account), selection=selection)
    return await many.to_each(_for(failed, code), runs.repeat)


async def _for(failed: AsyncIterator[JobView], code: FailureCode | None) -> AsyncIterator[JobView]:
    """Yield those that failed for this reason; None for any."""
    async for view in failed:
        if code is None or (view.failure is not None and view.failure.code is code):
            yield view


def _id(account: UUID | None) -> str | None:
    return str(account) if account else None


def _shown(live: LiveJobs, view: JobView, *, timeline: bool) -> AdminJob:
    job = presentation.listed(view, live.forecast(view.job_id), timeline=timeline)
    return AdminJob(**asdict(job), account=view.account)


ROUTES: list[Any] = [list_all, show_any, cancel_any, requeue_any, requeue_failed]
