"""The routes of tus 1.0: an upload is created, filled, asked for and terminated."""

from collections.abc import AsyncIterator
from email.utils import format_datetime
from typing import Any

from litestar import Response, delete, head, patch, post, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod, MediaType
from litestar.params import FromPath
from msgspec.structs import replace

from events.types import DeletionReason
from gateway import errors
from gateway.callers.guard import AnyRequest, caller_of, require_role
from gateway.files import headers as tus
from gateway.files.checksums import ALGORITHMS, Checksum, read_checksum
from gateway.files.dialect import PATH
from gateway.files.reception import Piece, Reception, Standing
from gateway.files.records import Asked
from gateway.http import contract
from gateway.http.bodies import Limit, incoming, length_of
from gateway.http.contract import ANYBODY, BYTES, TEXT, Answer, Contract, Error, Header
from gateway.http.filenames import cleaned
from gateway.jobs.own_jobs import OwnJobs
from gateway.life.deletions import Deletions
from gateway.quotas.quotas import Quotas
from gateway.uploads import options
from gateway.uploads.media_types import media_type
from gateway.uploads.metrics import UploadMetrics
from gateway.uploads.presets import Presets
from gateway.uploads.routes import QUOTA_ERRORS, Terms
from gateway.uploads.under_way import UploadsUnderWay
from service.scopes import MANAGE, UPLOAD

_VERSION = Header(
    "Tus-Resumable", f"The version of tus: {tus.VERSION}.", pattern="^1\\.0\\.0$", required=True
)
_LENGTH = Header("Upload-Length", "Bytes of the whole file.")
_CHECKSUM = Header("Upload-Checksum", "Algorithm and Base64 of the checksum of the body: `sha1 Kq5s…`.")
_OFFSET = Header("Upload-Offset", "The place in the file at which the body begins.", required=True)
_HEADERS = (
    _VERSION,
    _LENGTH,
    Header("Upload-Defer-Length", "`1`: the length comes with a later piece."),
    Header(
        "Upload-Metadata",
        "Names and Base64: `filename`, `filetype`, and the options of the conversion by their names.",
        tus.LONGEST_METADATA,
    ),
    _CHECKSUM,
)
_TUS: tuple[Error, ...] = (errors.UnknownTusVersion, errors.BadUploadHeader)
_KNOWN: tuple[Error, ...] = (errors.NoSuchUpload, errors.UploadGone, errors.JobGone)
_TAKEN: tuple[Error, ...] = (
    errors.NotAPiece,
    errors.ChecksumMismatch,
    errors.BodyTooLarge,
    errors.BodyStalled,
    errors.BodyCutOff,
    errors.NotAllowed,
    *QUOTA_ERRORS,
    errors.MaybeAccepted,
    errors.NoRoom,
    errors.ShuttingDown,
)
_BODY = contract.Body({tus.CONTENT_TYPE: BYTES}, required=False)
_EXPIRES = "Upload-Expires"
_OPTIONS = frozenset({*options.FIELDS, options.OBJECT})
_SIGNS_OF_OTHERS = ("origin", "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
"""Headers that browsers send, and proxies."""


@route(
    PATH,
    http_method=[HttpMethod.OPTIONS],
    operation_id="describeUploads",
    tags=["uploads"],
    opt=Contract(
        scope=ANYBODY,
        errors=(),
        answers={
            200: Answer(
                "No text: the headers tell",
                {"text/plain": TEXT},
                ("Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
            )
        },
        takes_any_parameter=True,
    ).opt,
)
async def describe(reception: NamedDependency[Reception]) -> Response[None]:
    """Say what of tus is spoken here."""
    return _answer(
        200,
        {
            "Allow": "OPTIONS, POST",
            "Tus-Version": tus.VERSION,
            "Tus-Extension": ",".join(tus.EXTENSIONS),
            "Tus-Max-Size": str(reception.most),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@post(
    PATH,
    status_code=201,
    request_max_body_size=None,
    operation_id="createUpload",
    tags=["uploads"],
    opt=Contract(
        scope=UPLOAD,
        errors=(*_TUS, *_TAKEN, errors.BadOptions),
        headers=_HEADERS,
        body=_BODY,
        answers={201: Answer(headers=("Location", "Upload-Offset", _EXPIRES))},
    ).opt,
)
async def create(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    presets: NamedDependency[Presets],
    terms: NamedDependency[Terms],
    under_way: NamedDependency[UploadsUnderWay],
    quotas: NamedDependency[Quotas],
    upload_metrics: NamedDependency[UploadMetrics],
) -> Response[None]:
    """Begin an upload that survives a lost connection. Its id is that of the job that it becomes.

    The body, if there is one, is the first piece of the file.
    """
    tus.check_version(request.headers)
    caller = caller_of(request)
    require_role(caller, terms.roles, "upload")
    length = tus.read_length(request.headers).bytes
    has_body = _has_body(request)
    if has_body:
        tus.check_type(request.headers)
    checksum = read_checksum(request.headers.get("upload-checksum"))
    metadata = tus.read_metadata(request.headers)
    given = options.read(options.from_form((n, v) for n, v in metadata.items() if n in _OPTIONS))
    wish = await presets.wish(caller.account, given)
    asked = Asked(
        filename=cleaned(metadata.get("filename", "")),
        content_type=media_type(metadata.get("filetype")),
        options=wish.options,
        given=dict(wish.given),
        metadata=request.headers.get("upload-metadata") or "",
    )
    entrance = quotas.entrance(request)
    with upload_metrics.piece(), under_way.one():
        piece = _piece(request, 0, checksum, terms) if has_body else None
        standing = await reception.create(caller.account, asked, length, entrance, piece)
    return _answer(201, {"Location": _location(request, standing.upload_id), **_progress(standing)})


@patch(
    f"{PATH}/{{upload_id:str}}",
    status_code=204,
    request_max_body_size=None,
    operation_id="continueUpload",
    tags=["uploads"],
    opt=Contract(
        scope=UPLOAD,
        errors=(*_TUS, *_KNOWN, *_TAKEN, errors.OtherOffset, errors.UploadBusy),
        headers=(_VERSION, _OFFSET, _LENGTH, _CHECKSUM),
        body=_BODY,
        answers={204: Answer(headers=("Upload-Offset", _EXPIRES))},
    ).opt,
)
async def proceed(
    request: AnyRequest,
    upload_id: FromPath[str],
    reception: NamedDependency[Reception],
    terms: NamedDependency[Terms],
    under_way: NamedDependency[UploadsUnderWay],
    quotas: NamedDependency[Quotas],
    upload_metrics: NamedDependency[UploadMetrics],
) -> Response[None]:
    """Bring the next bytes of a file. The last ones make it a job, whose id is the upload's.

    What has come is kept also when the connection breaks off, unless the piece has a checksum.
    """
    tus.check_version(request.headers)
    tus.check_type(request.headers)
    caller = caller_of(request)
    require_role(caller, terms.roles, "upload")
    offset = tus.read_offset(request.headers)
    length = tus.read_later_length(request.headers)
    checksum = read_checksum(request.headers.get("upload-checksum"))
    with upload_metrics.piece(), under_way.one():
        piece = replace(_piece(request, offset, checksum, terms), length=length)
        standing = await reception.receive(caller.account, upload_id, piece, quotas.entrance(request))
    return _answer(204, _progress(standing))


@head(
    f"{PATH}/{{upload_id:str}}",
    operation_id="showUpload",
    tags=["uploads"],
    opt=Contract(
        scope=UPLOAD,
        errors=(*_TUS, *_KNOWN, errors.MaybeAccepted, errors.ShuttingDown),
        headers=(_VERSION,),
        answers={
            200: Answer(
                headers=("Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata", _EXPIRES)
            )
        },
    ).opt,
)
async def show(
    request: AnyRequest,
    upload_id: FromPath[str],
    reception: NamedDependency[Reception],
    under_way: NamedDependency[UploadsUnderWay],
) -> Response[None]:
    """Tell where to go on. Whoever still writes to the upload, on whichever connection, is shut out."""
    tus.check_version(request.headers)
    with under_way.one():
        standing = await reception.stand(caller_of(request).account, upload_id)
    length = {"Upload-Defer-Length": "1"} if standing.length is None else {}
    length |= {} if standing.length is None else {"Upload-Length": str(standing.length)}
    metadata = {"Upload-Metadata": standing.metadata} if standing.metadata else {}
    return _answer(200, {**_progress(standing), **length, **metadata})


@delete(
    f"{PATH}/{{upload_id:str}}",
    status_code=204,
    operation_id="terminateUpload",
    tags=["uploads"],
    opt=Contract(
        scope=UPLOAD,
        errors=(*_TUS, *_KNOWN, errors.NotAllowed, errors.MaybeAccepted, errors.ShuttingDown),
        headers=(_VERSION,),
    ).opt,
)
async def terminate(
    request: AnyRequest,
    upload_id: FromPath[str],
    reception: NamedDependency[Reception],
    own_jobs: NamedDependency[OwnJobs],
    deletions: NamedDependency[Deletions],
    under_way: NamedDependency[UploadsUnderWay],
    quotas: NamedDependency[Quotas],
) -> None:
    """Give an upload up, and remove what has come. One that is a job already is deleted as a job.

    That takes the scope `manage`, too.
    """
    tus.check_version(request.headers)
    caller = caller_of(request)
    with under_way.one():
        is_ended = await reception.terminate(caller.account, upload_id, quotas.entrance(request))
    if not is_ended:
        if MANAGE not in caller.scopes:
            raise errors.NotAllowed(f"the upload is a job: to delete it takes the scope {MANAGE}")
        view = await own_jobs.get(caller.account, upload_id)
        await deletions.delete(view, DeletionReason.USER)


def _piece(request: AnyRequest, offset: int, checksum: Checksum | None, terms: Terms) -> Piece:
    def body(limit: Limit) -> AsyncIterator[bytes]:
        return incoming(request.receive, limit=limit, patience=terms.patience)

    announced = length_of(request.headers.get("content-length"))
    return Piece(offset=offset, body=body, announced=announced, checksum=checksum)


def _has_body(request: AnyRequest) -> bool:
    chunked = request.headers.get("transfer-encoding") is not None
    return chunked or length_of(request.headers.get("content-length")) > 0


def _answer(status: int, headers: dict[str, str]) -> Response[Any]:
    """Return an answer without a body. It is of this moment, so nobody keeps it."""
    fields = {"Cache-Control": "no-store", **headers}
    return Response(b"", status_code=status, headers=fields, media_type=MediaType.TEXT)


def _progress(standing: Standing) -> dict[str, str]:
    expires = {} if standing.expires is None else {_EXPIRES: format_datetime(standing.expires, usegmt=True)}
    return {"Upload-Offset": str(standing.offset), **expires}


def _location(request: AnyRequest, upload_id: str) -> str:
    """Return the upload's address. It is relative wherever a proxy, or a page's prefix, may stand between.

    Then only the client knows the address by which it came. Programs that come straight get the whole of it.
    """
    if any(request.headers.get(name) for name in _SIGNS_OF_OTHERS) or not request.headers.get("host"):
        return f"{'' if request.url.path.endswith('/') else 'files/'}{upload_id}"
    return f"{request.url.scheme}://{request.headers['host']}{PATH}/{upload_id}"


ROUTES: list[Any] = [describe, create, proceed, show, terminate]
