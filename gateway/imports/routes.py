"""The routes of imports: a video is fetched from an address, instead of being uploaded."""

from typing import Annotated, Any

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from gateway import errors
from gateway.callers.guard import AnyRequest, caller_of, require_role
from gateway.http import json_body
from gateway.http.contract import Answer, Body, Contract, as_json
from gateway.imports.desk import ImportDesk, Wanted
from gateway.imports.presentation import Import, ImportList
from gateway.quotas.quotas import Quotas
from gateway.uploads import options
from gateway.uploads.options import OptionsAsWanted
from gateway.uploads.presets import Presets
from gateway.uploads.routes import KEY_ERRORS, KEY_HEADER, QUOTA_ERRORS, Terms, key_of
from service.handover_keys import NoHandoverSecrets
from service.outbound.urls import LONGEST
from service.scopes import READ, UPLOAD

_KNOWN = (errors.NoSuchImport, errors.JobGone)


class ImportRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The address of a video or sound, `https://` or `http://`, and the options of its conversion."""

    url: Annotated[str, Meta(min_length=1, max_length=LONGEST, examples=["https://example.org/talk.mp4"])]
    options: OptionsAsWanted = {}


@post(
    "/imports",
    status_code=202,
    operation_id="createImport",
    tags=["uploads"],
    opt=Contract(
        scope=UPLOAD,
        errors=(
            *json_body.ERRORS,
            errors.ImportsOff,
            errors.AddressRefused,
            errors.BadOptions,
            errors.NotAllowed,
            errors.TooManyImports,
            *QUOTA_ERRORS,
            *KEY_ERRORS,
            errors.JobGone,
            errors.MaybeAccepted,
            NoHandoverSecrets,
        ),
        headers=(KEY_HEADER,),
        body=Body(as_json(ImportRequest)),
        answers={202: Answer(headers=("Location",))},
    ).opt,
)
async def create(
    request: AnyRequest,
    import_desk: NamedDependency[ImportDesk],
    presets: NamedDependency[Presets],
    terms: NamedDependency[Terms],
    quotas: NamedDependency[Quotas],
) -> Response[Import]:
    """Fetch a video from an address. It becomes a job of the import's id once it is here.

    The address must be of the world's network, or of one that the operator allows. Nobody sees it again.
    """
    import_desk.check_enabled()
    caller = caller_of(request)
    require_role(caller, terms.roles, "upload")
    key = key_of(request)
    asked = await json_body.read(request, ImportRequest)
    wish = await presets.wish(caller.account, options.read(options.from_object(asked.options)))
    wanted = Wanted(
        account=caller.account,
        roles=tuple(caller.roles),
        target=await import_desk.sources.check(asked.url),
        wish=wish,
        entrance=quotas.entrance(request),
    )
    begun = await import_desk.request(wanted, key)
    return Response(begun, status_code=202, headers={"Location": f"/imports/{begun.import_id}"})


@get("/imports", operation_id="listImports", tags=["uploads"], opt=Contract(scope=READ, errors=()).opt)
async def list_imports(request: AnyRequest, import_desk: NamedDependency[ImportDesk]) -> ImportList:
    """List your imports that are no jobs: those that are not over, and for a week those that failed."""
    items = await import_desk.listed(caller_of(request).account)
    return ImportList(enabled=import_desk.enabled, items=items)


@get(
    "/imports/{import_id:str}",
    operation_id="getImport",
    tags=["uploads"],
    opt=Contract(scope=READ, errors=_KNOWN).opt,
)
async def show(
    request: AnyRequest, import_id: FromPath[str], import_desk: NamedDependency[ImportDesk]
) -> Import:
    """Show how far an import is, or that it has become a job."""
    return await import_desk.find(caller_of(request).account, import_id)


@delete(
    "/imports/{import_id:str}",
    status_code=204,
    operation_id="deleteImport",
    tags=["uploads"],
    opt=Contract(scope=UPLOAD, errors=(*_KNOWN, errors.WrongState, errors.MaybeAccepted)).opt,
)
async def remove(
    request: AnyRequest,
    import_id: FromPath[str],
    import_desk: NamedDependency[ImportDesk],
    quotas: NamedDependency[Quotas],
) -> None:
    """Call an import off, and remove what has come of it. One that has failed is forgotten."""
    await import_desk.call_off(caller_of(request).account, import_id, quotas.entrance(request))


ROUTES: list[Any] = [create, list_imports, show, remove]
