"""The guard in front of every route that is somebody's, HEAD included."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from gateway.errors import NotAllowed
from gateway.tokens import Caller, Tokens

AnyRequest = Request[Any, Any, Any]
Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


def signed_in(tokens: Tokens) -> Guard:
    """Return a guard that lets nobody in without a valid access token."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        connection.scope["user"] = await tokens.caller(connection.headers.get("authorization"))

    return guard


def caller_of(request: AnyRequest) -> Caller:
    """Return who calls, on a guarded route."""
    caller: Caller = request.scope["user"]
    return caller


def require_role(caller: Caller, roles: frozenset[str], what: str) -> None:
    """Raise NotAllowed unless the caller has one of the roles."""
    if roles.isdisjoint(caller.roles):
        raise NotAllowed(
            f"your account may not {what}: this needs one of the roles {', '.join(sorted(roles))}"
        )
