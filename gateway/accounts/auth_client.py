"""The client of auth, which keeps the accounts: requests about them are passed on to it."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from litestar import Response

from events.errors import Unavailable
from gateway.callers.addresses import Origin
from gateway.callers.guard import AnyConnection, AnyRequest, SignIn
from gateway.errors import BodyCutOff, BodyStalled, BodyTooLarge, Crowded, NotSignedIn, TooManyTries
from gateway.http.bodies import Limit, check_length, incoming
from gateway.http.capacity import BoundedWaits, Slots
from service.http.patience import Patience

BODY_ERRORS = (BodyCutOff, BodyStalled, BodyTooLarge, Crowded, Unavailable)
"""Errors of every route that passes a body on."""

_LONGEST = 16 * 1024
"""Bytes of a body that is passed on."""
_SECONDS = 10.0
"""Time for a body to arrive: anybody may send one, and each takes the place of another request."""
_MOST_BODIES = 256
"""Bodies that may be on their way at a time."""
_MOST_REQUESTS = 64
"""Requests to auth at a time; fewer than the client has connections, as the keys are fetched by it, too."""
_REQUEST_HEADERS = ("authorization", "content-type", "accept", "accept-language")
_ANSWER_HEADERS = ("retry-after", "www-authenticate", "cache-control", "location")
_LONGEST_PROGRAM = 1000
"""Characters of a client's User-Agent, by which people recognise their sessions."""
_NO_ORIGIN = Origin()


class AuthClient:
    """Requests to auth, a bounded number at a time."""

    def __init__(self, client: httpx.AsyncClient, url: str, origin: Origin = _NO_ORIGIN) -> None:
        self._client, self._url, self._origin = client, url.rstrip("/"), origin
        self._slots = Slots(_MOST_REQUESTS)

    async def send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes = b"",
        client: AnyConnection | None = None,
    ) -> httpx.Response:
        """Send a request, in the name of this client of ours. Raises Crowded, Unavailable."""
        if client is not None:
            program = client.headers.get("user-agent", "").encode("ascii", "ignore").decode()
            program = program[:_LONGEST_PROGRAM].strip()  # a header of ours has no odd bytes, nor blank ends
            headers = headers | self._origin.headers(client) | {"user-agent": program}
        with self._slots.one():
            try:
                return await self._client.request(method, f"{self._url}{path}", content=body, headers=headers)
            except httpx.HTTPError as error:
                raise Unavailable("signing in and registering are not possible right now") from error


def password_sign_in(auth: AuthClient) -> SignIn:
    """Return the exchange of HTTP Basic for a token: auth's own sign-in, with its limits and events."""

    async def sign_in(authorization: str, connection: AnyConnection) -> str:
        headers = {"authorization": authorization, "accept": "text/plain"}
        answer = await auth.send("POST", "/login", headers, client=connection)
        check_patience(answer)
        if answer.is_server_error:
            raise Unavailable("signing in is not possible right now")
        if not answer.is_success:
            raise NotSignedIn("the e-mail or the password is wrong")
        return f"Bearer {answer.text.strip()}"

    return sign_in


def check_patience(answer: httpx.Response) -> None:
    """Raise TooManyTries where auth has answered with one."""
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise TooManyTries("too many tries; try again later", answer.headers.get("retry-after", "5"))


class AuthProxy:
    """Passes small requests on to auth. A body may take `seconds` to arrive."""

    def __init__(self, auth: AuthClient, *, seconds: float = _SECONDS) -> None:
        self._auth, self._seconds, self._bodies = auth, seconds, BoundedWaits(_MOST_BODIES)

    async def forward(
        self, request: AnyRequest, *, token: str | None = None, body: bytes | None = None, accept: str = ""
    ) -> Response[Any]:
        """Return auth's answer. `token`, `body` and `accept` stand in for the request's own.

        Raises NotSignedIn, Crowded, Unavailable, and what is wrong with the body.
        """
        headers = {name: request.headers[name] for name in _REQUEST_HEADERS if name in request.headers}
        if accept:
            headers["accept"] = accept
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if body is None:
            body = await self.body(request)
        path = request.url.path
        answer = await self._auth.send(request.method, quote(path), headers, body, client=request)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and path != "/login":
            raise NotSignedIn
        return Response(
            answer.content,
            status_code=answer.status_code,
            media_type=answer.headers.get("content-type", "application/octet-stream"),
            headers={name: answer.headers[name] for name in _ANSWER_HEADERS if name in answer.headers},
        )

    async def body(self, request: AnyRequest) -> bytes:
        """Read a small body.

        Raises Crowded, BodyTooLarge, BodyStalled, and BodyCutOff when the client goes away.
        """
        limit, patience = Limit(_LONGEST), Patience(idle=self._seconds)
        try:
            check_length(request.headers.get("content-length"), limit)
            async with self._bodies.within(self._seconds):
                pieces = incoming(request.receive, limit=limit, patience=patience)
                return b"".join([piece async for piece in pieces])
        except BodyTooLarge as error:
            raise BodyTooLarge(f"this body may have {_LONGEST} bytes at most") from error
        except TimeoutError as error:
            raise BodyStalled("the body was not there in time") from error
