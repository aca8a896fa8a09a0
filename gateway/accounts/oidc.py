"""Signing in by OpenID Connect, the browser's part: redirects and cookies. Auth knows the issuers.

A browser shows what went wrong as a page, everything else gets the problem document.
"""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from gateway.accounts.auth_client import Auth
from gateway.accounts.pages import Link, page, sentence
from gateway.callers.cookies import Cookies, Pair
from gateway.callers.guard import AnyRequest

_TAGS = ["accounts"]
_AWAY = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""For addresses that hold what is between the browser and the issuer only."""
_LONGEST = 3000
"""Characters of each thing that an issuer sends back with the browser."""


class _Begun(Struct, frozen=True):
    location: str
    attempt: str
    expires_in: int


class _Entered(Struct, frozen=True):
    session: Pair
    return_to: str


class _Problem(Struct, frozen=True):
    detail: str = "the sign-in did not work"


def oidc_routes(auth: Auth, cookies: Cookies) -> list[HTTPRouteHandler]:
    """Return the routes, which need no access token."""

    @get("/login/oidc", tags=_TAGS, security=[])
    async def providers(request: AnyRequest) -> Response[bytes]:
        """List the providers that one can sign in by: labels by names."""
        return _passed(await auth.send("GET", "/oidc", {}, of=request))

    @get("/login/oidc/{provider:str}", status_code=303, tags=_TAGS, security=[])
    async def begin(
        request: AnyRequest, provider: FromPath[str], return_to: FromQuery[str] = "/"
    ) -> Response[Any]:
        """Send a browser to the provider; signed in, it comes back to the path `return_to`."""
        answer = await ask(request, provider, "begin", {"return_to": return_to})
        if answer.status_code != HTTPStatus.OK:
            return _refused(request, provider, answer)
        begun = msgspec.json.decode(answer.content, type=_Begun)
        made = _to(begun.location)
        return cookies.put_attempt(begun.attempt, begun.expires_in, made)

    @get("/login/oidc/{provider:str}/callback", status_code=303, tags=_TAGS, security=[])
    async def finish(
        request: AnyRequest,
        provider: FromPath[str],
        told: Annotated[str, QueryParameter(name="state")] = "",
        code: FromQuery[str] = "",
        iss: FromQuery[str | None] = None,
        error: FromQuery[str] = "",
    ) -> Response[Any]:
        """Where the provider sends the browser back to: begin a session, in cookies."""
        brought = {"attempt": cookies.attempt(request), "state": told, "code": code, "error": error}
        if iss is not None:
            brought["iss"] = iss
        brought = {name: value[:_LONGEST] for name, value in brought.items()}
        answer = await ask(request, provider, "finish", brought)
        if answer.status_code != HTTPStatus.OK:
            made = _refused(request, provider, answer)
            return made if answer.is_server_error else cookies.put_attempt("", 0, made)
        entered = msgspec.json.decode(answer.content, type=_Entered)
        made = cookies.put(entered.session, _to(entered.return_to))
        return cookies.put_attempt("", 0, made)

    async def ask(request: AnyRequest, provider: str, what: str, body: dict[str, str]) -> httpx.Response:
        path = f"/oidc/{quote(provider, safe='')}/{what}"
        headers = {"content-type": "application/json"}
        return await auth.send("POST", path, headers, msgspec.json.encode(body), of=request)

    return [providers, begin, finish]


def _to(location: str) -> Response[Any]:
    """Send the browser there. What is cached of it would be somebody's sign-in."""
    return Response(None, status_code=303, headers={"Location": location, **_AWAY})


def _refused(request: AnyRequest, provider: str, answer: httpx.Response) -> Response[Any]:
    if request.accept.best_match(["application/problem+json", "text/html"]) != "text/html":
        return _passed(answer)
    try:
        detail = msgspec.json.decode(answer.content, type=_Problem).detail
    except msgspec.DecodeError:
        detail = _Problem().detail
    return page(
        "Not signed in",
        sentence(detail),
        link=Link("Try again", f"/login/oidc/{quote(provider, safe='')}"),
        status=answer.status_code,
        retry_after=answer.headers.get("retry-after", ""),
    )


def _passed(answer: httpx.Response) -> Response[Any]:
    return Response(
        answer.content,
        status_code=answer.status_code,
        media_type=answer.headers.get("content-type", "application/octet-stream"),
        headers={name: answer.headers[name] for name in ("retry-after",) if name in answer.headers} | _AWAY,
    )
