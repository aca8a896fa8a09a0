"""The routes of the OpenAPI document: as JSON, as YAML, and as a page to read it and try each call.

The page is Swagger UI and a few lines of ours, from files in `page/`. Nothing comes from elsewhere, and the
page's policy allows no inline script, no inline style and no `eval`.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from gateway.callers.guard import AnyRequest
from gateway.http.assets import Asset, asset, assets_of, serve
from gateway.http.contract import ANYBODY, Contract
from service.http.preference import preferred

_PAGE = Path(__file__).with_name("page")
_OPEN = Contract(scope=ANYBODY, errors=())
_HTML, _JSON, _YAML = "text/html", "application/json", "application/yaml"  # YAML: RFC 9512
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # arrows and locks stand in the style itself
        "connect-src 'self'",
        "media-src 'self'",  # a call that brings audio shows a player
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # ten times as fast, where libyaml was at hand
_INDEX = "index.html"
_BY_TYPE = {"Vary": "Accept"}
_PAGE_HEADERS = {**_BY_TYPE, "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}


@get("/schema", media_type=_HTML, include_in_schema=False, sync_to_thread=True, opt=_OPEN.opt)
def show_document(request: AnyRequest) -> Response[bytes]:
    """Serve the page, or the document itself where JSON or YAML is asked for."""
    match preferred(request, [_HTML, _JSON, _YAML]):
        case "application/json":
            return serve(request, _as_json(request), _BY_TYPE)
        case "application/yaml":
            return serve(request, _as_yaml(request), _BY_TYPE)
        case _:
            return serve(request, _assets()[_INDEX], _PAGE_HEADERS)


@get("/schema/openapi.json", media_type=_JSON, include_in_schema=False, sync_to_thread=True, opt=_OPEN.opt)
def show_json(request: AnyRequest) -> Response[bytes]:
    """Serve the document as JSON."""
    return serve(request, _as_json(request))


@get("/schema/openapi.yaml", media_type=_YAML, include_in_schema=False, sync_to_thread=True, opt=_OPEN.opt)
def show_yaml(request: AnyRequest) -> Response[bytes]:
    """Serve the document as YAML."""
    return serve(request, _as_yaml(request))


@get("/schema/assets/{name:str}", include_in_schema=False, sync_to_thread=True, opt=_OPEN.opt)
def show_asset(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """Serve a file of the page."""
    if name == _INDEX or name not in _assets():  # the page itself stands at /schema, with its policy
        raise NotFoundException
    return serve(request, _assets()[name])


@cache
def _assets() -> dict[str, Asset]:
    return assets_of(_PAGE)


def _as_json(request: AnyRequest) -> Asset:
    return _made_once(request, "openapi_json", msgspec.json.encode, _JSON)


def _as_yaml(request: AnyRequest) -> Asset:
    return _made_once(request, "openapi_yaml", _yaml, _YAML)


def _yaml(document: dict[str, Any]) -> bytes:
    plain = msgspec.to_builtins(document)
    text: str = yaml.dump(plain, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=100)
    return text.encode()


def _made_once(
    request: AnyRequest, name: str, encode: Callable[[dict[str, Any]], bytes], media_type: str
) -> Asset:
    """Return the document in a form that is kept with the application, whose routes never change."""
    kept = request.app.state
    if name not in kept:
        kept[name] = asset(encode(request.app.openapi_schema.to_schema()), media_type)
    made: Asset = kept[name]
    return made


ROUTES = [show_document, show_json, show_yaml, show_asset]
