"""The OpenAPI document and its page. The page's scripts come from us, never from a CDN."""

from dataclasses import dataclass, fields
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPI,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.params import FromPath
from swagger_ui_bundle import swagger_ui_path

from gateway.openapi.operations import described
from gateway.uploads.forms import FIELD

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_AT = "/schema/assets"
_KEY = Parameter(
    name="Idempotency-Key",
    param_in="header",
    required=False,
    description="Names this request: repeated with the same file and options within 24 hours, it is one job.",
    schema=Schema(type=OpenAPIType.STRING, max_length=255),
)
_BYTES = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)


@dataclass
class FormUpload(Operation):
    """The framework does not see a body that is streamed, so it is described here."""

    def __post_init__(self) -> None:
        form = Schema(type=OpenAPIType.OBJECT, properties={FIELD: _BYTES}, required=[FIELD])
        self.request_body = RequestBody(
            required=True, content={"multipart/form-data": OpenAPIMediaType(schema=form)}
        )
        self.parameters = [*(self.parameters or []), _KEY]


@dataclass
class RawUpload(Operation):
    """The same, for the bare bytes."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            required=True, content={"application/octet-stream": OpenAPIMediaType(schema=_BYTES)}
        )
        self.parameters = [*(self.parameters or []), _KEY]


@dataclass
class Document(OpenAPI):
    """The document as the framework makes it, and what it does not see of the routes."""

    def to_schema(self) -> dict[str, Any]:
        """Return it as it is served."""
        return described(super().to_schema())


@dataclass
class DocumentConfig(OpenAPIConfig):
    """The framework's configuration, for our document."""

    def to_openapi_schema(self) -> OpenAPI:
        """Return the document without its paths, which the framework adds."""
        made = super().to_openapi_schema()
        return Document(**{field.name: getattr(made, field.name) for field in fields(made)})


def openapi_config() -> OpenAPIConfig:
    """Return the document's head, and the page at /schema."""
    page = SwaggerRenderPlugin(
        path="/",
        js_url=f"{_AT}/swagger-ui-bundle.js",
        css_url=f"{_AT}/swagger-ui.css",
        standalone_preset_js_url=f"{_AT}/swagger-ui-standalone-preset.js",
        favicon=f'<link rel="icon" type="image/png" href="{_AT}/favicon-32x32.png">',
    )
    return DocumentConfig(
        title="Tonearm",
        version="1",
        summary="Videos in, audio out.",
        path="/schema",
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


@get(_AT + "/{name:str}", include_in_schema=False)
async def schema_asset(name: FromPath[str]) -> Response[bytes]:
    """Serve a file of the page."""
    if name not in _ASSETS:
        raise NotFoundException
    content = (swagger_ui_path / name).read_bytes()
    return Response(content, media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=86400"})


def schema_routes() -> list[HTTPRouteHandler]:
    """Return the routes of the page's files."""
    return [schema_asset]
