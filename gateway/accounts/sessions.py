"""Signing in and out, by tokens or by cookies; auth does the work."""

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from gateway.accounts.auth_client import Forwarding
from gateway.callers.cookies import Cookies, check_origin
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import NotSignedIn

_TAGS = ["accounts"]


def account_routes(auth: Forwarding, cookies: Cookies) -> list[HTTPRouteHandler]:
    """Return the routes that need no access token."""

    @post("/login", status_code=200, tags=_TAGS, security=[])
    async def login(
        request: AnyRequest, in_cookies: Annotated[bool, QueryParameter(name="cookies")] = False
    ) -> Response[Any]:
        """Begin a session by e-mail and password (HTTP Basic, or JSON); `?cookies=true`: in cookies."""
        if not in_cookies:
            return await auth.forward(request)
        check_origin(request.headers)  # or another site could sign its visitors in as somebody else
        answer = await auth.forward(request, accept="application/json")
        return cookies.kept(answer) if answer.status_code == HTTPStatus.OK else answer

    @post("/register", status_code=201, tags=_TAGS, security=[])
    async def register(request: AnyRequest) -> Response[Any]:
        """Make an account from `{"email", "password"}`, or have a mail sent by which it is made."""
        return await auth.forward(request)

    @post("/refresh", status_code=200, tags=_TAGS, security=[])
    async def refresh(request: AnyRequest) -> Response[Any]:
        """Exchange a refresh token, good for one use, for its successor and a new access token."""
        if token := cookies.refresh(request):
            answer = await auth.forward(request, body=_shown(token))
            return cookies.kept(answer) if answer.status_code == HTTPStatus.OK else answer
        return await auth.forward(request)

    @post("/logout", status_code=204, tags=_TAGS, security=[])
    async def logout(request: AnyRequest) -> Response[None]:
        """Sign out here: end the session of the access token, of `{"refresh_token"}`, or of the cookies."""
        if "authorization" not in request.headers and (token := cookies.refresh(request)):
            try:
                answer = await auth.forward(request, body=_shown(token))
            except NotSignedIn:  # it has ended already
                answer = Response(None, status_code=HTTPStatus.NO_CONTENT)
            return cookies.dropped(answer) if answer.status_code == HTTPStatus.NO_CONTENT else answer
        return await auth.forward(request)

    return [login, register, refresh, logout]


def session_routes(auth: Forwarding, cookies: Cookies) -> list[HTTPRouteHandler]:
    """Return the routes about all sessions of whoever has signed in."""

    @post("/logout/everywhere", status_code=204, tags=_TAGS)
    async def logout_everywhere(request: AnyRequest) -> Response[None]:
        """Sign out everywhere: end all sessions of the account. API keys stay."""
        answer = await auth.forward(request, token=caller_of(request).token, body=b"")
        return cookies.dropped(answer) if request.cookies else answer

    return [logout_everywhere]


def _shown(token: str) -> bytes:
    return msgspec.json.encode({"refresh_token": token})
