"""The body of a request that sends options and nothing else: JSON, or a form as `curl -d` sends it."""

from collections.abc import Collection
from urllib.parse import parse_qsl

from multipart import parse_options_header

from gateway.callers.guard import AnyRequest
from gateway.errors import BadOptions, BodyCutOff, BodyStalled, BodyTooLarge, Fault
from gateway.http.bodies import Limit, incoming
from gateway.http.contract import Error
from gateway.uploads import options
from gateway.uploads.options import Given
from service.http.patience import Patience
from service.known_problems import BAD_REQUEST

LONGEST = 64 * 1024
"""Bytes of such a body."""
_SAY_JSON = "send JSON as application/json (curl --json), not as a form"

ERRORS: tuple[Error, ...] = (BadOptions, BodyStalled, BodyCutOff, BAD_REQUEST)
"""What a route that reads one may answer."""


async def read(request: AnyRequest, own: Collection[str] = ()) -> Given:
    """Return the options of the query and the body together; `own` are parameters of the route's own.

    Raises what `read_body` does.
    """
    asked = [pair for pair in request.query_params.multi_items() if pair[0] not in own]
    return options.read([*asked, *await _body(request)])


async def read_body(request: AnyRequest) -> Given:
    """Return the options of the body alone.

    Raises BadOptions, BodyStalled, BodyCutOff, and ClientException for what is no JSON.
    """
    return options.read(await _body(request))


async def refuse(request: AnyRequest) -> None:
    """Refuse a body where only the query counts: who sends a filter in it must not get all.

    Raises BadOptions, BodyStalled, BodyCutOff.
    """
    if (await _read(request)).strip() not in (b"", b"{}"):
        raise BadOptions([Fault("body", "this call takes none: choose by the query")])


async def _body(request: AnyRequest) -> options.Pairs:
    return _pairs(request, await _read(request))


async def _read(request: AnyRequest) -> bytes:
    pieces = incoming(request.receive, limit=Limit(LONGEST), patience=Patience())
    try:
        return b"".join([piece async for piece in pieces])
    except BodyTooLarge as error:
        raise BadOptions([Fault("body", f"options take {LONGEST} bytes at most")]) from error


def _pairs(request: AnyRequest, body: bytes) -> options.Pairs:
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if not body.strip():
        return ()
    if kind == "application/json" or kind.endswith("+json"):
        return options.from_json(body)
    if kind == "application/x-www-form-urlencoded":
        if body.lstrip().startswith(b"{"):  # `curl -d` calls everything a form
            raise BadOptions([Fault("body", _SAY_JSON)])
        return options.from_form(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    raise BadOptions([Fault("body", "send the options as application/json, or as query parameters")])
