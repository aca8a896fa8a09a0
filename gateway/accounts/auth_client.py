"""Accounts are auth's; what is asked about them here is handed through."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from litestar import Response
from litestar.exceptions import TooManyRequestsException

from events.errors import Unavailable
from gateway.callers.addresses import Origin
from gateway.callers.guard import AnyConnection, AnyRequest, SignIn
from gateway.errors import BodyStalled, BodyTooLarge, NotSignedIn
from gateway.http.bodies import Limit, Patience, check_length, incoming
from gateway.http.capacity import Patients, Places

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


NOWHERE = Origin()


class Auth:
    """Auth, as far as anybody may reach it through us."""

    def __init__(self, client: httpx.AsyncClient, url: str, origin: Origin = NOWHERE) -> None:
        self._client, self._url, self._origin = client, url.rstrip("/"), origin
        self._places = Places(_ASKING)

    async def send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes = b"",
        of: AnyConnection | None = None,
    ) -> httpx.Response:
        """Hand a request through, `of` this client. Raises Crowded, Unavailable."""
        if of is not None:
            headers = headers | self._origin.headers(of)
        with self._places.one():
            try:
                return await self._client.request(method, f"{self._url}{path}", content=body, headers=headers)
            except httpx.HTTPError as error:
                raise Unavailable("signing in and registering are not possible right now") from error


def password_sign_in(auth: Auth) -> SignIn:
    """Return how HTTP Basic becomes a bearer token: auth's own sign-in, with its limits and its events."""

    async def sign_in(authorization: str, connection: AnyConnection) -> str:
        headers = {"authorization": authorization, "accept": "text/plain"}
        answer = await auth.send("POST", "/login", headers, of=connection)
        check_patience(answer)
        if answer.is_server_error:
            raise Unavailable("signing in is not possible right now")
        if not answer.is_success:
            raise NotSignedIn("the e-mail or the password is wrong")
        return f"Bearer {answer.text.strip()}"

    return sign_in


def check_patience(answer: httpx.Response) -> None:
    """Raise a 429 where auth says that it is too early for another try."""
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise TooManyRequestsException(
            detail="too many tries; try again later",
            headers={"Retry-After": answer.headers.get("retry-after", "5")},
        )


class Forwarding:
    """Hands small requests through to auth. A body may take so many `seconds` to come."""

    def __init__(self, auth: Auth, *, seconds: float = _SECONDS) -> None:
        self._auth, self._seconds, self._sending = auth, seconds, Patients(_SENDING)

    async def forward(
        self, request: AnyRequest, *, token: str | None = None, body: bytes | None = None, accept: str = ""
    ) -> Response[Any]:
        """Return auth's answer. `token`, `body` and `accept` stand for what the request itself brought.

        Raises NotSignedIn, Crowded, Unavailable, and what is wrong with the body.
        """
        headers = {name: request.headers[name] for name in _THERE if name in request.headers}
        if accept:
            headers["accept"] = accept
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if body is None:
            body = await self.body(request)
        path = request.url.path
        answer = await self._auth.send(request.method, quote(path), headers, body, of=request)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and path != "/login":
            raise NotSignedIn
        return Response(
            answer.content,
            status_code=answer.status_code,
            media_type=answer.headers.get("content-type", "application/octet-stream"),
            headers={name: answer.headers[name] for name in _BACK if name in answer.headers},
        )

    async def body(self, request: AnyRequest) -> bytes:
        """Read a small body. Raises Crowded, and what is wrong with it."""
        return await _body(request, self._sending, self._seconds)


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
