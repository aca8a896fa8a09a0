"""The OpenAPI document: made by the framework from signatures, completed by the routes' contracts."""

from dataclasses import fields
from typing import Any

from litestar import Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, OpenAPI, SecurityScheme, Tag
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from gateway.http.contract import Contracts
from gateway.openapi.operations import complete

_TAGS = {
    "uploads": "Send a video.",
    "jobs": "See what becomes of it, and ask for further audio.",
    "audio": "Fetch the result.",
    "sharing": "Hand it on to people without an account.",
    "feeds": "Hear it in a podcast app.",
    "transcripts": "Read what is said in it.",
    "options": "Keep wishes for the videos to come.",
    "webhooks": "Have addresses of yours told of what happens to your jobs.",
    "usage": "What you use, and what you may use.",
    "events": "Watch jobs as they go on.",
    "accounts": "Register, sign in and out, and make API keys.",
    "administration": "See everybody's jobs and how the system is, and requeue. For administrators.",
    "operation": "Ask how the service is, and what its problems mean.",
}
"""The sections in the order that people read them."""


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


class _NoPages(Router):
    """Takes none of the framework's own pages: `gateway.openapi.routes` has ours."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Take nothing."""
        return []


def openapi_config(contracts: Contracts) -> OpenAPIConfig:
    """Return the document's head."""
    config = DocumentConfig(
        title="Tonearm",
        version="1",
        summary="Videos in, audio out.",
        openapi_router=_NoPages("/schema", route_handlers=[]),
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
        tags=[Tag(name=name, description=text) for name, text in _TAGS.items()],
    )
    config.contracts = contracts
    return config
