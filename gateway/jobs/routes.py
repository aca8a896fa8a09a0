"""Looking at jobs: one, and the list of one's own."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from events.errors import Unavailable
from events.projections.job_view import JobView, State
from events.views.store import JobViews
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import NoSuchJob
from gateway.http.problems import answer
from gateway.jobs import cursors, presentation
from gateway.jobs.listing import page
from gateway.jobs.live import Live
from gateway.storage import Bucket

_JUST_STORED = 60.0
_SEEN_WITHIN = 1.0


class OwnJobs:
    """The jobs of an account, as nobody else may see them."""

    def __init__(self, live: Live, videos: Bucket) -> None:
        self._live, self._videos = live, videos

    async def get(self, account: str, job_id: str) -> JobView:
        """Return the job. Raises NoSuchJob, also for another account's job, and Unavailable.

        A job that another replica has just accepted may be a moment ahead of this one's tail: its video
        is there already, and then the event is waited for. Whoever does not follow the log, or still
        waits for that event, cannot say that there is no such job.
        """
        if not _is_id(job_id):
            raise NoSuchJob("there is no job with this id")
        caught_up = self._live.caught_up  # before looking: it may become so meanwhile
        view = await self._live.view(job_id)
        if view is None:
            just_stored = await self._just_stored(account, job_id)
            if just_stored:
                await self._live.wait_for(job_id, _SEEN_WITHIN)
                view = await self._live.view(job_id)
            if view is None and (just_stored or not caught_up):
                raise Unavailable("the log was not read far enough to know this job; try again")
        if view is None or view.account != account:
            raise NoSuchJob("there is no job with this id")
        return view

    async def has_video(self, view: JobView) -> bool:
        """Tell whether the job's video is stored still. Raises Unavailable."""
        return view.video is not None and await self._videos.find(view.video.video_id) is not None

    async def _just_stored(self, account: str, job_id: str) -> bool:
        video = await self._videos.find(job_id)
        if video is None or video.account != account:
            return False
        return (datetime.now(UTC) - video.uploaded).total_seconds() < _JUST_STORED


def job_routes(own: OwnJobs, live: Live, stored: JobViews) -> list[HTTPRouteHandler]:
    """Return the routes that show jobs."""

    @get("/jobs", tags=["jobs"], exception_handlers={ValidationException: _as_asked})
    async def list_jobs(
        request: AnyRequest,
        in_state: Annotated[State | None, QueryParameter(name="state")] = None,
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    ) -> presentation.Jobs:
        """List your jobs, newest first."""
        before = cursors.decode(cursor) if cursor is not None else None
        account = caller_of(request).account
        views, next_cursor = await page(
            live, stored, account=account, state=in_state, before=before, limit=limit
        )
        return presentation.Jobs(items=list(map(presentation.present, views)), next_cursor=next_cursor)

    @get("/jobs/{job_id:str}", tags=["jobs"])
    async def show_job(request: AnyRequest, job_id: FromPath[str]) -> presentation.Job:
        """Show a job with its timeline."""
        return presentation.present(await own.get(caller_of(request).account, job_id))

    return [list_jobs, show_job]


def _as_asked(request: AnyRequest, error: ValidationException) -> Response[dict[str, Any]]:
    """Name the parameter as the caller did: to the framework `state` is its own, so ours is `in_state`."""
    for each in error.extra if isinstance(error.extra, list) else ():
        if each.get("key") == "in_state":
            each["key"] = "state"
    return answer(request, error)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
