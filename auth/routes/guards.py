"""Guards: dependencies that refuse a request before its handler runs.

A handler names its guard by a parameter, `person` or `administrator`.
"""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from auth.errors import InvalidToken
from auth.keys.access_tokens import Claims
from auth.routes.credentials import bearer
from auth.sessions.sessions import Sessions
from service.scopes import ACCOUNT, ADMIN


async def person(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> Claims:
    """Return the claims of the session that calls; an API key is not one. Raises InvalidToken."""
    claims = await sessions.validate(bearer(request.headers.get("authorization")))
    if ACCOUNT not in claims.scope.split():
        raise InvalidToken("this needs a session: sign in")
    return claims


async def administrator(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> Claims:
    """Return the claims of an administrator's session or API key. Raises InvalidToken."""
    claims = await sessions.validate(bearer(request.headers.get("authorization")))
    if ADMIN not in claims.scope.split():
        raise InvalidToken("this is for administrators")
    return claims
