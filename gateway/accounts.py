"""Signing in and registering are auth's; these routes only hand them through."""

from http import HTTPStatus
from typing import Any

import httpx
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from events.errors import Unavailable
from gateway.bodies import Limit, Patience, check_length, incoming
from gateway.callers import AnyRequest, SignIn, caller_of
from gateway.crowding import Patients, Places
from gateway.errors import BodyStalled, BodyTooLarge, NotSignedIn

_LONGEST = 16 * 1024
"""Bytes of a body that is handed through."""
_SECONDS = 10.0
"""What it may take to come: anybody may send one, and each takes the place of another request."""
_SENDING = 256
"""Bodies that may be on their way at a time."""
_ASKING = 64
"""Requests to auth at a time; fewer than the client has connections, as the keys are fetched by it, too."""
_THERE = ("authorization", "content-type", "accept", "accept-language")
_BACK = ("retry-after", "www-authenticate", "cache-control", "location")


class Auth:
    """Auth, as far as anybody may reach it through us."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url.rstrip("/")
        self._places = Places(_ASKING)

    async def post(self, path: str, headers: dict[str, str], body: bytes = b"") -> httpx.Response:
        """Hand a request through. Raises Crowded, Unavailable."""
        with self._places.one():
            try:
                return await self._client.post(f"{self._url}{path}", content=body, headers=headers)
            except httpx.HTTPError as error:
                raise Unavailable("signing in and registering are not possible right now") from error


def password_sign_in(auth: Auth) -> SignIn:
    """Return how HTTP Basic becomes a bearer token: auth's own sign-in, with its limits and its events."""

    async def sign_in(authorization: str) -> str:
        answer = await auth.post("/login", {"authorization": authorization, "accept": "text/plain"})
        if answer.is_server_error:
            raise Unavailable("signing in is not possible right now")
        if not answer.is_success:
            raise NotSignedIn("the e-mail or the password is wrong")
        return f"Bearer {answer.text.strip()}"

    return sign_in


def account_routes(auth: Auth, *, seconds: float = _SECONDS) -> list[HTTPRouteHandler]:
    """Return the routes that are answered by auth. A body may take so many `seconds`."""
    sending = Patients(_SENDING)

    async def forward(request: AnyRequest) -> Response[Any]:
        headers = {name: request.headers[name] for name in _THERE if name in request.headers}
        body = await _body(request, sending, seconds)
        answer = await auth.post(request.url.path, headers, body)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and request.url.path != "/login":
            raise NotSignedIn
        return Response(
            answer.content,
            status_code=answer.status_code,
            media_type=answer.headers.get("content-type", "application/octet-stream"),
            headers={name: answer.headers[name] for name in _BACK if name in answer.headers},
        )

    @post("/login", status_code=200, tags=["accounts"], security=[])
    async def login(request: AnyRequest) -> Response[bytes]:
        """Exchange e-mail and password (HTTP Basic, or JSON) for an access token."""
        return await forward(request)

    @post("/register", status_code=201, tags=["accounts"], security=[])
    async def register(request: AnyRequest) -> Response[bytes]:
        """Make an account from `{"email", "password"}`."""
        return await forward(request)

    @post("/refresh", status_code=200, tags=["accounts"], security=[])
    async def refresh(request: AnyRequest) -> Response[bytes]:
        """Exchange a refresh token for its successor, good for one use, and a new access token."""
        return await forward(request)

    @post("/logout", status_code=204, tags=["accounts"], security=[])
    async def logout(request: AnyRequest) -> Response[None]:
        """Sign out here: end the session of the access token, or of `{"refresh_token"}`."""
        return await forward(request)

    return [login, register, refresh, logout]


def session_routes(auth: Auth) -> list[HTTPRouteHandler]:
    """Return the routes about all sessions of whoever has signed in."""

    @post("/logout/everywhere", status_code=204, tags=["accounts"])
    async def logout_everywhere(request: AnyRequest) -> None:
        """Sign out everywhere: end all sessions of the account. API keys stay."""
        headers = {"authorization": f"Bearer {caller_of(request).token}"}
        answer = await auth.post("/logout/everywhere", headers)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise NotSignedIn
        if not answer.is_success:
            raise Unavailable("signing out everywhere is not possible right now")

    return [logout_everywhere]


async def _body(request: AnyRequest, sending: Patients, seconds: float) -> bytes:
    """Read a small body. Raises BodyTooLarge, BodyStalled, and BodyCutOff when the client goes away."""
    limit = Limit(_LONGEST)
    try:
        check_length(request.headers.get("content-length"), limit)
        async with sending.within(seconds):
            return b"".join(
                [
                    each
                    async for each in incoming(request.receive, limit=limit, patience=Patience(idle=seconds))
                ]
            )
    except BodyTooLarge as error:
        raise BodyTooLarge(f"this body may have {_LONGEST} bytes at most") from error
    except TimeoutError as error:
        raise BodyStalled("the body was not there in time") from error
