"""The two doors for a video: a form, and the bare bytes."""

from collections.abc import AsyncIterator

from litestar import Response, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from gateway.callers.guard import AnyRequest, caller_of, require_role
from gateway.http.bodies import Limit, Patience, check_length, incoming
from gateway.http.filenames import cleaned
from gateway.http.trace_context import traceparent
from gateway.jobs.presentation import Accepted
from gateway.openapi.document import FormUpload, RawUpload
from gateway.uploads import options
from gateway.uploads.forms import OVERHEAD, FileInForm
from gateway.uploads.idempotency import read_key
from gateway.uploads.intake import Upload, Uploads
from gateway.uploads.metrics import UploadMetrics
from gateway.uploads.presets import Presets
from gateway.uploads.under_way import Uploading

_ANY_TYPE = "application/octet-stream"
_LONGEST_TYPE = 100


class Terms(Struct, frozen=True, kw_only=True):
    """What may be uploaded, and by whom."""

    max_bytes: int
    defaults: options.Given
    roles: frozenset[str]
    patience: Patience


def upload_routes(
    uploads: Uploads, presets: Presets, terms: Terms, uploading: Uploading, metrics: UploadMetrics
) -> list[HTTPRouteHandler]:
    """Return the routes that take videos in."""

    async def accept(
        request: AnyRequest,
        filename: str,
        content_type: str | None,
        wished: options.Given,
        chunks: AsyncIterator[bytes],
    ) -> Accepted:
        account = caller_of(request).account
        upload = Upload(
            account=account,
            filename=cleaned(filename),
            content_type=(content_type or _ANY_TYPE)[:_LONGEST_TYPE],
            options=options.options_of(wished, await presets.get(account), terms.defaults),
            given=wished,
            chunks=chunks,
            traceparent=traceparent(request.headers.get("traceparent")),
        )
        return await uploads.accept(upload, read_key(request.headers.get("idempotency-key")))

    def body_of(request: AnyRequest, limit: Limit) -> AsyncIterator[bytes]:
        require_role(caller_of(request), terms.roles, "upload")
        read_key(request.headers.get("idempotency-key"))
        check_length(request.headers.get("content-length"), limit)
        return incoming(request.receive, limit=limit, patience=terms.patience)

    def answer(accepted: Accepted) -> Response[Accepted]:
        return Response(accepted, status_code=202, headers={"Location": f"/jobs/{accepted.job_id}"})

    @post(
        "/upload", status_code=202, request_max_body_size=None, operation_class=FormUpload, tags=["uploads"]
    )
    async def upload_form(request: AnyRequest) -> Response[Accepted]:
        """Upload one video as the field `file` of a form."""
        with metrics.one() as counted, uploading.one():
            body = counted.body(body_of(request, Limit(terms.max_bytes, OVERHEAD)))
            content_type = request.headers.get("content-type")
            form = await FileInForm(content_type, body, limit=terms.max_bytes).open()
            wished = options.read([*request.query_params.multi_items(), *form.fields])
            accepted = await accept(request, form.filename, form.content_type, wished, form.chunks())
            counted.size = accepted.bytes
        return answer(accepted)

    @put(
        "/upload/{filename:path}",
        status_code=202,
        request_max_body_size=None,
        operation_class=RawUpload,
        tags=["uploads"],
    )
    async def upload_bytes(request: AnyRequest, filename: FromPath[str]) -> Response[Accepted]:
        """Upload one video as the request's body, as `curl -T` does."""
        with metrics.one() as counted, uploading.one():
            body = counted.body(body_of(request, Limit(terms.max_bytes)))
            wished = options.read(request.query_params.multi_items())
            accepted = await accept(request, filename, request.headers.get("content-type"), wished, body)
            counted.size = accepted.bytes
        return answer(accepted)

    return [upload_form, upload_bytes]
