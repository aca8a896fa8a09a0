"""Signing in and registering are auth's; these routes only hand them through."""

import asyncio

import httpx
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from events.errors import Unavailable
from gateway.bodies import Limit, Patience, check_length, incoming
from gateway.callers import AnyRequest, SignIn
from gateway.errors import BodyStalled, BodyTooLarge, NotSignedIn

_LONGEST = 16 * 1024
"""Bytes of a body that is handed through."""
_SECONDS = 10.0
"""What it may take to come: anybody may send one, and each takes the place of another request."""
_THERE = ("authorization", "content-type", "accept", "accept-language")
_BACK = ("retry-after", "www-authenticate", "cache-control", "location")


def password_sign_in(client: httpx.AsyncClient, auth_url: str) -> SignIn:
    """Return how HTTP Basic becomes a bearer token: auth's own sign-in, with its limits and its events."""

    async def sign_in(authorization: str) -> str:
        headers = {"authorization": authorization, "accept": "text/plain"}
        try:
            answer = await client.post(f"{auth_url.rstrip('/')}/login", headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable("signing in is not possible right now") from error
        if answer.is_server_error:
            raise Unavailable("signing in is not possible right now")
        if not answer.is_success:
            raise NotSignedIn("the e-mail or the password is wrong")
        return f"Bearer {answer.text.strip()}"

    return sign_in


def account_routes(
    client: httpx.AsyncClient, auth_url: str, *, seconds: float = _SECONDS
) -> list[HTTPRouteHandler]:
    """Return the routes that are answered by auth at this URL. A body may take so many `seconds`."""

    async def forward(request: AnyRequest) -> Response[bytes]:
        headers = {name: request.headers[name] for name in _THERE if name in request.headers}
        body = await _body(request, seconds)
        try:
            answer = await client.post(
                f"{auth_url.rstrip('/')}{request.url.path}", content=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise Unavailable("signing in and registering are not possible right now") from error
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

    return [login, register]


async def _body(request: AnyRequest, seconds: float) -> bytes:
    """Read a small body. Raises BodyTooLarge, BodyStalled, and BodyCutOff when the client goes away."""
    limit = Limit(_LONGEST)
    try:
        check_length(request.headers.get("content-length"), limit)
        async with asyncio.timeout(seconds):
            return b"".join(
                [
                    each
                    async for each in incoming(request.receive, limit=limit, patience=Patience(idle=seconds))
                ]
            )
    except BodyTooLarge as error:
        raise BodyTooLarge(f"this body may have {_LONGEST} bytes at most") from error
    except TimeoutError as error:
        raise BodyStalled(f"the body was not there after {seconds:g} s") from error
