"""Signing in and registering are auth's; these routes only hand them through."""

import httpx
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from events.errors import Unavailable
from gateway.callers import AnyRequest, SignIn
from gateway.errors import NotSignedIn

_LONGEST = 16 * 1024
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


def account_routes(client: httpx.AsyncClient, auth_url: str) -> list[HTTPRouteHandler]:
    """Return the routes that are answered by auth at this URL."""

    async def forward(request: AnyRequest) -> Response[bytes]:
        headers = {name: request.headers[name] for name in _THERE if name in request.headers}
        body = await request.body()
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

    @post("/login", status_code=200, request_max_body_size=_LONGEST, tags=["accounts"], security=[])
    async def login(request: AnyRequest) -> Response[bytes]:
        """Exchange e-mail and password (HTTP Basic, or JSON) for an access token."""
        return await forward(request)

    @post("/register", status_code=201, request_max_body_size=_LONGEST, tags=["accounts"], security=[])
    async def register(request: AnyRequest) -> Response[bytes]:
        """Make an account from `{"email", "password"}`."""
        return await forward(request)

    return [login, register]
