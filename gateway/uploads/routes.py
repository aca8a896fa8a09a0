"""The routes that begin a job: a video as a form or as bare bytes, and another output of a stored video."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

from litestar import Response, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from events.errors import Unavailable
from gateway import errors
from gateway.callers.guard import AnyRequest, caller_of, require_role
from gateway.http import prefer
from gateway.http.bodies import Limit, check_length, incoming, length_of
from gateway.http.contract import SOME_BYTES, Answer, Body, Contract, Error, Header
from gateway.http.filenames import cleaned
from gateway.http.pages import wants_page
from gateway.jobs import waiting
from gateway.jobs.ending import is_done
from gateway.jobs.outcome import audio_of, audio_path
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.presentation import Accepted
from gateway.jobs.receipts import refuse_without_video
from gateway.jobs.waiting import Waits
from gateway.quotas.quotas import Quotas
from gateway.uploads import form_pages, media_types, option_bodies, options
from gateway.uploads.forms import FIELD, OVERHEAD, FileInForm
from gateway.uploads.idempotency import KEY, LONGEST_KEY, read_key
from gateway.uploads.intake import Intake, Upload
from gateway.uploads.media_types import media_type
from gateway.uploads.metrics import UploadMetrics
from gateway.uploads.presets import Presets
from gateway.uploads.under_way import UploadsUnderWay
from service.http.patience import Patience
from service.scopes import UPLOAD


class Terms(Struct, frozen=True, kw_only=True):
    """The server's limits on uploads: size, the roles that may upload, patience with slow clients."""

    max_bytes: int
    roles: frozenset[str]
    patience: Patience


KEY_HEADER = Header(
    "Idempotency-Key",
    "Names this request: repeated with the same file and options within 24 hours, it is one job.",
    LONGEST_KEY,
    rf"^{KEY.pattern}$",
)
KEY_ERRORS: tuple[Error, ...] = (errors.BadKey, errors.KeyInUse, errors.KeyReused)
QUOTA_ERRORS: tuple[Error, ...] = (errors.QuotaExceeded, errors.StorageFull, errors.Crowded)
"""The errors of every route that begins work, where the account's limits do not let it in."""
_WAITED: tuple[Error, ...] = (errors.NoAudio, errors.JobGone)
"""The errors of an upload that waited for its audio: those of the audio itself."""
_ANSWERS = {
    202: Answer(headers=("Location", prefer.NAME)),
    303: Answer("The audio is there: the client waited for it", headers=("Location", prefer.NAME)),
}
_UPLOAD_ERRORS: tuple[Error, ...] = (
    errors.EmptyFile,
    errors.BodyTooLarge,
    errors.BodyStalled,
    errors.BodyCutOff,
    *KEY_ERRORS,
    errors.JobGone,
    errors.BadOptions,
    errors.NotAllowed,
    *QUOTA_ERRORS,
    errors.MaybeAccepted,
    errors.ShuttingDown,
    *_WAITED,
)


@post(
    "/upload",
    status_code=202,
    request_max_body_size=None,
    exception_handlers={Exception: form_pages.refused},
    operation_id="uploadVideo",
    tags=["uploads"],
    opt=Contract(
        scope=UPLOAD,
        errors=(errors.NotAForm, errors.BadForm, errors.TooManyFields, errors.NoFile, *_UPLOAD_ERRORS),
        headers=(KEY_HEADER, waiting.PREFER),
        body=Body(
            {
                "multipart/form-data": {
                    "type": "object",
                    "properties": {FIELD: SOME_BYTES},
                    "required": [FIELD],
                }
            }
        ),
        answers=_ANSWERS,
        takes_options=True,
    ).opt,
)
async def upload_form(
    request: AnyRequest,
    intake: NamedDependency[Intake],
    presets: NamedDependency[Presets],
    terms: NamedDependency[Terms],
    under_way: NamedDependency[UploadsUnderWay],
    waits: NamedDependency[Waits],
    quotas: NamedDependency[Quotas],
    upload_metrics: NamedDependency[UploadMetrics],
) -> Response[Accepted]:
    """Upload one video as the field `file` of a form."""
    with upload_metrics.one() as timer, under_way.one():
        body = timer.body(_body(request, terms, OVERHEAD))
        content_type = request.headers.get("content-type")
        options.read(request.query_params.multi_items())  # before the body has to come
        form = await FileInForm(content_type, body, limit=terms.max_bytes).open()
        given = options.read([*request.query_params.multi_items(), *options.from_form(form.fields)])
        wish = await presets.wish(caller_of(request).account, given)
        upload = _upload(request, wish, form.filename, form.content_type, form.chunks(), quotas)
        upload = replace(upload, most=length_of(request.headers.get("content-length")) or None)
        accepted = await intake.accept(upload, key_of(request))
        timer.whole(accepted.bytes)
    return form_pages.taken(accepted) if wants_page(request) else await _answer(request, waits, accepted)


@put(
    "/upload/{filename:path}",
    status_code=202,
    request_max_body_size=None,
    operation_id="uploadVideoBytes",
    tags=["uploads"],
    opt=Contract(
        scope=UPLOAD,
        errors=_UPLOAD_ERRORS,
        headers=(KEY_HEADER, waiting.PREFER),
        body=Body({media_types.ANY: SOME_BYTES}),
        answers=_ANSWERS,
        takes_options=True,
    ).opt,
)
async def upload_bytes(
    request: AnyRequest,
    filename: FromPath[str],
    intake: NamedDependency[Intake],
    presets: NamedDependency[Presets],
    terms: NamedDependency[Terms],
    under_way: NamedDependency[UploadsUnderWay],
    waits: NamedDependency[Waits],
    quotas: NamedDependency[Quotas],
    upload_metrics: NamedDependency[UploadMetrics],
) -> Response[Accepted]:
    """Upload one video as the request's body, as `curl -T` does."""
    with upload_metrics.one() as timer, under_way.one():
        body = timer.body(_body(request, terms))
        wish = await presets.wish(
            caller_of(request).account, options.read(request.query_params.multi_items())
        )
        upload = _upload(request, wish, filename, request.headers.get("content-type"), body, quotas)
        upload = replace(upload, announced=length_of(request.headers.get("content-length")))
        accepted = await intake.accept(upload, key_of(request))
        timer.whole(accepted.bytes)
    return await _answer(request, waits, accepted)


@post(
    "/jobs/{job_id:str}/outputs",
    status_code=202,
    operation_id="createOutput",
    tags=["jobs"],
    opt=Contract(
        scope=UPLOAD,
        errors=(
            errors.NoSuchJob,
            *_WAITED,
            *option_bodies.ERRORS,
            errors.NotAllowed,
            errors.TooManyOutputs,
            *QUOTA_ERRORS,
            errors.MaybeAccepted,
            *KEY_ERRORS,
        ),
        headers=(KEY_HEADER, waiting.PREFER),
        answers=_ANSWERS,
        takes_options=True,
    ).opt,
)
async def another_output(
    request: AnyRequest,
    job_id: FromPath[str],
    own_jobs: NamedDependency[OwnJobs],
    intake: NamedDependency[Intake],
    presets: NamedDependency[Presets],
    terms: NamedDependency[Terms],
    waits: NamedDependency[Waits],
    quotas: NamedDependency[Quotas],
    filename: Annotated[
        str | None,
        QueryParameter(
            description="The video's name in the new job, if not that of this one; as an upload's."
        ),
    ] = None,
) -> Response[Accepted]:
    """Convert the job's video once more, with options of its own: a new job of the same family."""
    caller = caller_of(request)
    require_role(caller, terms.roles, "upload")
    view = await own_jobs.get(caller.account, job_id)
    refuse_without_video(view)
    given = await option_bodies.read(request, own=("filename",))
    wish = await presets.wish(caller.account, given)
    entrance = quotas.entrance(request)
    async with own_jobs.holding_video(view) as video:
        if filename:
            video = replace(video, filename=cleaned(filename))
        accepted = await intake.convert_again(view, video, wish, key_of(request), entrance)
    return await _answer(request, waits, accepted)


def _body(request: AnyRequest, terms: Terms, overhead: int = 0) -> AsyncIterator[bytes]:
    """Check all that can be checked before the body is read, and return the body."""
    limit = Limit(terms.max_bytes, overhead)
    require_role(caller_of(request), terms.roles, "upload")
    key_of(request)
    check_length(request.headers.get("content-length"), limit)
    return incoming(request.receive, limit=limit, patience=terms.patience)


def _upload(
    request: AnyRequest,
    wish: options.Wish,
    filename: str,
    content_type: str | None,
    chunks: AsyncIterator[bytes],
    quotas: Quotas,
) -> Upload:
    return Upload(
        account=caller_of(request).account,
        filename=cleaned(filename),
        content_type=media_type(content_type),
        wish=wish,
        chunks=chunks,
        entrance=quotas.entrance(request),
    )


def key_of(request: AnyRequest) -> str | None:
    """Return the request's Idempotency-Key. Raises BadKey."""
    return read_key(request.headers.get("idempotency-key"))


async def _answer(request: AnyRequest, waits: Waits, accepted: Accepted) -> Response[Any]:
    """Answer 202. A client that prefers to wait is led to the audio, or gets the reason why there is none.

    Raises NoAudio, JobGone, NotSignedIn.
    """
    seconds, view = waits.preferred(request, waiting.MOST_FOR_UPLOAD), None
    if seconds is not None:
        with suppress(Unavailable):  # the job exists all the same
            view = await waits.ended(request, accepted.job_id, seconds)
    headers = prefer.applied(seconds)
    if view is not None and is_done(view):
        audio_of(view)
        return Response(b"", status_code=303, headers={"Location": audio_path(view.job_id), **headers})
    if view is not None:
        accepted = replace(accepted, state=view.state)
    return Response(accepted, status_code=202, headers={"Location": f"/jobs/{accepted.job_id}", **headers})


ROUTES: list[Any] = [upload_form, upload_bytes, another_output]
