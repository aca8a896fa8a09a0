"""The guard in front of every route that is somebody's, HEAD included.

Everywhere it wants an access token. The audio's routes also take HTTP Basic, so that the link in a mail
works in a browser, which then asks for e-mail and password, and `curl -u` needs no second call.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from gateway.callers.cookies import Cookies
from gateway.callers.scopes import needed
from gateway.callers.tokens import Caller, Tokens
from gateway.errors import NotAllowed

AnyRequest = Request[Any, Any, Any]
AnyConnection = ASGIConnection[Any, Any, Any, Any]
SignIn = Callable[[str, AnyConnection], Awaitable[str]]
"""Turns an Authorization header with e-mail and password into one with an access token."""
Exchange = Callable[[str, AnyConnection], Awaitable[str]]
"""Turns an API key into an access token."""
Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


_KEY = "bearer tonearm_"
"""How the header of an API key begins; access tokens hold dots and no such prefix."""

TAKES_PASSWORD: dict[str, Any] = {"takes_password": True}
"""The `opt` of a route that a link in a mail leads to: a browser asks for e-mail and password there."""


def takes_password(handler: BaseRouteHandler) -> bool:
    """Tell whether HTTP Basic will do on this route."""
    return bool(handler.opt.get("takes_password"))


def signed_in(tokens: Tokens, sign_in: SignIn, exchange: Exchange, cookies: Cookies) -> Guard:
    """Return a guard that lets nobody in without a valid access token, or a password where that will do.

    `exchange` turns an API key into an access token. A cookie counts where there is no Authorization header.
    """

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        authorization = connection.headers.get("authorization")
        if authorization and authorization[:6].lower() == "basic " and takes_password(handler):
            authorization = await sign_in(authorization, connection)
        elif authorization and authorization[: len(_KEY)].lower() == _KEY:
            authorization = f"Bearer {await exchange(authorization[len('bearer ') :].strip(), connection)}"
        elif authorization is None and (token := cookies.access(connection)):
            authorization = f"Bearer {token}"
        caller = await tokens.caller(authorization)
        scope = needed(str(connection.scope.get("method")), connection.scope.get("path_template", ""))
        if scope not in caller.scopes:
            raise NotAllowed(f"this needs the scope {scope}")
        connection.scope["user"] = caller

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
