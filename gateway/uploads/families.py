"""Several outputs of one upload: what a video holds, and another job of the same video."""

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from events.media import Media
from events.projections.job_view import SETTLED, State
from gateway.callers.guard import AnyRequest, caller_of, require_role
from gateway.errors import JobGone, NoMedia, NotProbed
from gateway.http.trace_context import traceparent
from gateway.jobs.presentation import Accepted
from gateway.jobs.routes import OwnJobs
from gateway.uploads import options
from gateway.uploads.idempotency import read_key
from gateway.uploads.intake import Uploads, Wish
from gateway.uploads.presets import Presets
from gateway.uploads.routes import Terms


def family_routes(own: OwnJobs, uploads: Uploads, presets: Presets, terms: Terms) -> list[HTTPRouteHandler]:
    """Return the routes."""

    @get("/jobs/{job_id:str}/media", tags=["jobs"])
    async def show_media(request: AnyRequest, job_id: FromPath[str]) -> Media:
        """Show what the video holds: container, tracks, codecs, duration, chapters, tags."""
        view = await own.get(caller_of(request).account, job_id)
        if view.state is State.DELETED:
            raise JobGone("the video of this job was deleted")
        if view.probe is None and view.state in SETTLED:
            raise NoMedia("the job has ended, and no worker told what its video holds")
        if view.probe is None:
            raise NotProbed("no worker has looked at this video yet")
        return view.probe.media

    @post("/jobs/{job_id:str}/outputs", status_code=202, tags=["jobs"])
    async def another_output(request: AnyRequest, job_id: FromPath[str]) -> Response[Accepted]:
        """Convert the job's video once more, with options of its own: a new job of the same family."""
        caller = caller_of(request)
        require_role(caller, terms.roles, "upload")
        view = await own.get(caller.account, job_id)
        if view.video is None or view.state is State.DELETED or not await own.has_video(view):
            raise JobGone("the video of this job is not stored any more")
        given = options.read_alone(request.query_params.multi_items(), request.headers)
        wish = Wish(
            options.options_of(given, await presets.get(caller.account), terms.defaults),
            given,
            traceparent(request.headers.get("traceparent")),
        )
        key = read_key(request.headers.get("idempotency-key"))
        accepted = await uploads.convert_again(view, view.video, wish, key)
        return Response(accepted, status_code=202, headers={"Location": f"/jobs/{accepted.job_id}"})

    return [show_media, another_output]
