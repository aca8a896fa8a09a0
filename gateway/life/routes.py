"""The routes by which people cancel jobs and convert them once more: one, or all that a filter chooses."""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any, Literal

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec.structs import replace

from events.projections.job_view import JobView, State
from events.views.selection import Selection
from events.views.store import JobViews
from gateway import errors
from gateway.callers.guard import AnyRequest, caller_of, require_role
from gateway.http.contract import Answer, Contract
from gateway.jobs import filters, presentation
from gateway.jobs.filters import Naming, OfFamily, OfVideo, Since, Until
from gateway.jobs.listing import every
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.life import many
from gateway.life.many import Done
from gateway.life.repeats import Repeats
from gateway.life.runs import REPEATABLE, Runs
from gateway.openapi import options
from gateway.quotas.quotas import Quotas
from gateway.uploads import option_bodies
from gateway.uploads.routes import KEY_ERRORS, KEY_HEADER, QUOTA_ERRORS, Terms, key_of
from service.scopes import MANAGE

_NOT_OVER = (State.UPLOADED, State.CONVERTING, State.RETRYING)
InStateNotOver = Annotated[
    Literal["uploaded", "converting", "retrying"] | None,
    QueryParameter(name="state", description="Only jobs in this state; else in any that is not over."),
]
InStateToRepeat = Annotated[
    Literal["failed", "cancelled"] | None,
    QueryParameter(name="state", description="Only jobs in this state; else in either."),
]


@post(
    "/jobs/{job_id:str}/cancel",
    status_code=200,
    operation_id="cancelJob",
    tags=["jobs"],
    opt=Contract(scope=MANAGE, errors=(errors.NoSuchJob, errors.JobGone, errors.WrongState)).opt,
)
async def cancel_job(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    runs: NamedDependency[Runs],
) -> presentation.Job:
    """Cancel a job that waits or is under way. Cancelled once, it may be cancelled again."""
    view = await own_jobs.get(caller_of(request).account, job_id)
    return presentation.present(await runs.cancel(view))


@post(
    "/jobs/cancel",
    status_code=200,
    operation_id="cancelJobs",
    tags=["jobs"],
    opt=Contract(scope=MANAGE, errors=option_bodies.ERRORS, chooses_by_options=True).opt,
)
async def cancel_jobs(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    runs: NamedDependency[Runs],
    in_state: InStateNotOver = None,
    q: Naming = None,
    family: OfFamily = None,
    video: OfVideo = None,
    since: Since = None,
    until: Until = None,
) -> Done:
    """Cancel all jobs of yours that are not over, or those of them that a filter chooses."""
    await option_bodies.refuse(request)
    states = (State(in_state),) if in_state else _NOT_OVER
    having = filters.options(request.query_params.multi_items())
    selection = filters.selection(None, q, family, since, until, having, video=video)
    chosen = _chosen(live, views, caller_of(request).account, selection, states)
    return await many.to_each(chosen, runs.cancel)


@post(
    "/jobs/{job_id:str}/retry",
    status_code=202,
    operation_id="retryJob",
    tags=["jobs"],
    opt=Contract(
        scope=MANAGE,
        errors=(
            errors.NoSuchJob,
            errors.JobGone,
            errors.WrongState,
            errors.NotAllowed,
            *option_bodies.ERRORS,
            errors.TooManyOutputs,
            *QUOTA_ERRORS,
            errors.MaybeAccepted,
            *KEY_ERRORS,
        ),
        headers=(KEY_HEADER,),
        answers={202: Answer(headers=("Location",))},
        takes_options=True,
    ).opt,
)
async def retry_job(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    repeats: NamedDependency[Repeats],
    live: NamedDependency[LiveJobs],
    quotas: NamedDependency[Quotas],
    terms: NamedDependency[Terms],
) -> Response[presentation.Job]:
    """Convert a job once more that failed or was cancelled. Other options make it another job."""
    caller = caller_of(request)
    require_role(caller, terms.roles, "upload")
    key = key_of(request)
    given = await option_bodies.read(request)
    view = await own_jobs.get(caller.account, job_id)
    again = await repeats.repeat(view, given, key, quotas.entrance(request))
    job = presentation.present(again, live.forecast(again.job_id))
    return Response(job, status_code=202, headers={"Location": f"/jobs/{job.job_id}"})


@post(
    "/jobs/retry",
    status_code=202,
    operation_id="retryJobs",
    tags=["jobs"],
    opt=Contract(
        scope=MANAGE,
        errors=(errors.NotAllowed, *option_bodies.ERRORS),
        body=options.BODY,
        chooses_by_options=True,
    ).opt,
)
async def retry_jobs(
    request: AnyRequest,
    live: NamedDependency[LiveJobs],
    views: NamedDependency[JobViews],
    repeats: NamedDependency[Repeats],
    quotas: NamedDependency[Quotas],
    terms: NamedDependency[Terms],
    in_state: InStateToRepeat = None,
    q: Naming = None,
    family: OfFamily = None,
    video: OfVideo = None,
    since: Since = None,
    until: Until = None,
) -> Done:
    """Convert all jobs of yours once more that failed or were cancelled, or those that a filter chooses."""
    caller = caller_of(request)
    require_role(caller, terms.roles, "upload")
    given = await option_bodies.read_body(request)
    states = (State(in_state),) if in_state else REPEATABLE
    having = filters.options(request.query_params.multi_items())
    selection = filters.selection(None, q, family, since, until, having, video=video)
    entrance = quotas.entrance(request)

    async def repeat(view: JobView) -> JobView:
        return await repeats.repeat(view, given, None, entrance)

    return await many.to_each(_chosen(live, views, caller.account, selection, states), repeat)


async def _chosen(
    live: LiveJobs, stored: JobViews, account: str, selection: Selection, states: Iterable[State]
) -> AsyncIterator[JobView]:
    """Yield each job once that is in one of the states when it is looked at.

    Jobs change their states meanwhile, so this looks until it finds no other.
    """
    seen: set[str] = set()
    found = -1
    while found < len(seen):
        found = len(seen)
        for state in states:
            async for view in every(live, stored, account=account, selection=replace(selection, state=state)):
                if view.job_id not in seen:
                    seen.add(view.job_id)
                    yield view


ROUTES: list[Any] = [cancel_job, cancel_jobs, retry_job, retry_jobs]
