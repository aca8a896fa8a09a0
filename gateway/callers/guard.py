"""The guard in front of every route, HEAD included: it enforces the scope in the route's contract.

Everywhere it asks for an access token. The audio's routes also take HTTP Basic, so that the link in a mail
works in a browser, which then asks for e-mail and password, and `curl -u` needs no second call.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from gateway.callers.cookies import Cookies
from gateway.callers.tokens import Caller, Tokens
from gateway.errors import NotAllowed, NotSignedIn
from gateway.http.contract import ANYBODY, Contract, contract_of

AnyRequest = Request[Any, Any, Any]
AnyConnection = ASGIConnection[Any, Any, Any, Any]
SignIn = Callable[[str, AnyConnection], Awaitable[str]]
"""Turns an Authorization header with e-mail and password into one with an access token."""
Exchange = Callable[[str, AnyConnection], Awaitable[str]]
"""Turns an API key into an access token."""
Count = Callable[[Caller, Any], Awaitable[None]]
"""Counts a caller's request, or refuses it; the scope is the request's."""
Guard = Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]

_KEY = "bearer tonearm_"
"""The start of an API key's header; access tokens have dots and no such prefix."""


def signed_in(tokens: Tokens, sign_in: SignIn, exchange: Exchange, cookies: Cookies, count: Count) -> Guard:
    """Return a guard that lets nobody in without a valid access token that has the route's scope.

    A cookie counts where there is no Authorization header, a password where the contract has that scheme.
    """

    async def authorization_of(connection: AnyConnection, contract: Contract) -> str | None:
        authorization = connection.headers.get("authorization")
        if authorization is None:
            token = cookies.access(connection)
            return f"Bearer {token}" if token else None
        if authorization[:6].lower() == "basic " and "password" in contract.schemes:
            return await sign_in(authorization, connection)
        if key := api_key_of(authorization):
            return f"Bearer {await exchange(key, connection)}"
        return authorization

    async def guard(connection: AnyConnection, handler: BaseRouteHandler) -> None:
        contract = contract_of(handler)
        if contract.scope is ANYBODY:
            return
        try:
            caller = await tokens.caller(await authorization_of(connection, contract))
        except NotSignedIn as error:
            raise NotSignedIn(str(error), takes_password="password" in contract.schemes) from error
        await count(caller, connection.scope)
        if contract.scope not in caller.scopes:
            raise NotAllowed(f"this needs the scope {contract.scope}")
        connection.scope["user"] = caller

    return guard


def api_key_of(authorization: str) -> str | None:
    """Return the API key in an Authorization header, if there is one."""
    is_key = authorization[: len(_KEY)].lower() == _KEY
    return authorization[len("bearer ") :].strip() if is_key else None


def caller_of(request: AnyRequest) -> Caller:
    """Return the caller, on a guarded route."""
    caller: Caller = request.scope["user"]
    return caller


def require_role(caller: Caller, roles: frozenset[str], what: str) -> None:
    """Raise NotAllowed unless the caller has one of the roles."""
    if roles.isdisjoint(caller.roles):
        raise NotAllowed(
            f"your account may not {what}: this needs one of the roles {', '.join(sorted(roles))}"
        )
