"""The OpenAPI document and its page. The page's scripts come from us, never from a CDN."""

from dataclasses import fields
from typing import Any

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, OpenAPI, SecurityScheme
from litestar.params import FromPath
from swagger_ui_bundle import swagger_ui_path

from gateway.http.contract import ANYBODY, Contract, Contracts
from gateway.openapi.operations import complete

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_AT = "/schema/assets"
_OPEN = Contract(scope=ANYBODY, errors=())


class Document(OpenAPI):
    """The document as the framework makes it, completed by the routes' contracts."""

    contracts: Contracts

    def to_schema(self) -> dict[str, Any]:
        """Return the document as it is served."""
        return complete(super().to_schema(), self.contracts)


class DocumentConfig(OpenAPIConfig):
    """The framework's configuration, for our document."""

    contracts: Contracts

    def to_openapi_schema(self) -> OpenAPI:
        """Return the document without its paths, which the framework adds."""
        made = super().to_openapi_schema()
        document = Document(**{field.name: getattr(made, field.name) for field in fields(made)})
        document.contracts = self.contracts
        return document


def openapi_config(contracts: Contracts) -> OpenAPIConfig:
    """Return the document's head, and the page at /schema."""
    page = SwaggerRenderPlugin(
        path="/",
        js_url=f"{_AT}/swagger-ui-bundle.js",
        css_url=f"{_AT}/swagger-ui.css",
        standalone_preset_js_url=f"{_AT}/swagger-ui-standalone-preset.js",
        favicon=f'<link rel="icon" type="image/png" href="{_AT}/favicon-32x32.png">',
    )
    config = DocumentConfig(
        title="Tonearm",
        version="1",
        summary="Videos in, audio out.",
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, opt=_OPEN.opt),
        render_plugins=[page],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
                "cookie": SecurityScheme(type="apiKey", name="__Host-tonearm", security_scheme_in="cookie"),
                "refresh_cookie": SecurityScheme(
                    type="apiKey", name="__Host-tonearm-refresh", security_scheme_in="cookie"
                ),
                "password": SecurityScheme(type="http", scheme="basic"),
            }
        ),
        security=[{"token": []}],
    )
    config.contracts = contracts
    return config


@get(_AT + "/{name:str}", include_in_schema=False, opt=_OPEN.opt)
async def schema_asset(name: FromPath[str]) -> Response[bytes]:
    """Serve a file of the page."""
    if name not in _ASSETS:
        raise NotFoundException
    content = (swagger_ui_path / name).read_bytes()
    return Response(content, media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=86400"})


ROUTES = [schema_asset]
