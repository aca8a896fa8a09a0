"""Signing in by OpenID Connect, the browser's part: redirects and cookies. Auth knows the issuers.

A browser shows what went wrong as a page, everything else gets the problem document.
"""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from events.errors import Unavailable
from gateway.accounts.auth_client import AuthClient
from gateway.callers.cookies import Cookies, TokenPair
from gateway.callers.guard import AnyRequest
from gateway.errors import Crowded
from gateway.http.contract import ANYBODY, Answer, Contract, as_json
from gateway.http.pages import Link, page, sentence, wants_page
from service.known_problems import (
    BAD_FIELD,
    NO_SUCH_PROVIDER,
    SIGN_IN_FAILED,
    SIGN_IN_REFUSED,
    TOO_MANY_TRIES,
)
from service.problems import MEDIA_TYPE, instance_of

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
    session: TokenPair
    return_to: str


class _Problem(Struct, frozen=True):
    detail: str = "the sign-in did not work"


_ERRORS = (NO_SUCH_PROVIDER, Crowded, Unavailable)


class ProviderSignIns:
    """Sign-ins by a provider: auth decides, and the browser's cookies keep the attempt and its session."""

    def __init__(self, auth: AuthClient, cookies: Cookies) -> None:
        self._auth, self._cookies = auth, cookies

    async def providers(self, request: AnyRequest) -> Response[Any]:
        """Return the providers' labels by names. Raises Crowded, Unavailable."""
        return _passed(request, await self._auth.send("GET", "/oidc", {}, client=request))

    async def begin(self, request: AnyRequest, provider: str, return_to: str) -> Response[Any]:
        """Redirect to the provider. Raises Crowded, Unavailable."""
        answer = await self._post(request, provider, "begin", {"return_to": return_to})
        if answer.status_code != HTTPStatus.OK:
            return _refused(request, provider, answer)
        begun = msgspec.json.decode(answer.content, type=_Begun)
        return self._cookies.put_attempt(begun.attempt, begun.expires_in, _to(begun.location))

    async def finish(self, request: AnyRequest, provider: str, query: dict[str, str]) -> Response[Any]:
        """Begin a session by the provider's redirect. Raises Crowded, Unavailable."""
        body = {"attempt": self._cookies.attempt(request), **query}
        answer = await self._post(
            request, provider, "finish", {name: value[:_LONGEST] for name, value in body.items()}
        )
        if answer.status_code != HTTPStatus.OK:
            refusal = _refused(request, provider, answer)
            return refusal if answer.is_server_error else self._cookies.put_attempt("", 0, refusal)
        entered = msgspec.json.decode(answer.content, type=_Entered)
        made = self._cookies.put(entered.session, _to(entered.return_to))
        return self._cookies.put_attempt("", 0, made)

    async def _post(
        self, request: AnyRequest, provider: str, step: str, body: dict[str, str]
    ) -> httpx.Response:
        path = f"/oidc/{quote(provider, safe='')}/{step}"
        headers = {"content-type": "application/json"}
        return await self._auth.send("POST", path, headers, msgspec.json.encode(body), client=request)


@get(
    "/login/oidc",
    operation_id="listProviders",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(Crowded, Unavailable),
        answers={200: Answer("Labels by names", as_json(dict[str, str]))},
    ).opt,
)
async def providers(request: AnyRequest, sign_ins: NamedDependency[ProviderSignIns]) -> Response[bytes]:
    """List the providers that one can sign in by: labels by names."""
    return await sign_ins.providers(request)


@get(
    "/login/oidc/{provider:str}",
    status_code=303,
    operation_id="beginProviderSignIn",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*_ERRORS, BAD_FIELD),
        answers={303: Answer("To the provider", headers=("Location", "Set-Cookie"))},
    ).opt,
)
async def begin(
    request: AnyRequest,
    provider: FromPath[str],
    sign_ins: NamedDependency[ProviderSignIns],
    return_to: Annotated[
        str,
        QueryParameter(
            description="A path on this site, with one slash at its beginning.",
            max_length=1000,
            pattern=r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$",
        ),
    ] = "/",
) -> Response[Any]:
    """Send a browser to the provider; signed in, it comes back to the path `return_to`."""
    return await sign_ins.begin(request, provider, return_to)


@get(
    "/login/oidc/{provider:str}/callback",
    status_code=303,
    operation_id="finishProviderSignIn",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(
            *_ERRORS,
            SIGN_IN_FAILED,
            SIGN_IN_REFUSED,
            TOO_MANY_TRIES,
        ),
        answers={303: Answer("Signed in, and on to `return_to`", headers=("Location", "Set-Cookie"))},
        takes_any_parameter=True,  # a provider may send more, and that is ignored (RFC 6749, 4.1.2)
    ).opt,
)
async def finish(
    request: AnyRequest,
    provider: FromPath[str],
    sign_ins: NamedDependency[ProviderSignIns],
    told: Annotated[str, QueryParameter(name="state")] = "",
    code: FromQuery[str] = "",
    iss: FromQuery[str | None] = None,
    error: FromQuery[str] = "",
) -> Response[Any]:
    """Begin a session, in cookies, when the provider sends the browser back."""
    query = {"state": told, "code": code, "error": error}
    return await sign_ins.finish(request, provider, query if iss is None else {**query, "iss": iss})


def _to(location: str) -> Response[Any]:
    """Redirect the browser. A cached copy of this answer would be somebody's sign-in."""
    return Response(None, status_code=303, headers={"Location": location, **_AWAY})


def _refused(request: AnyRequest, provider: str, answer: httpx.Response) -> Response[Any]:
    if not wants_page(request):
        return _passed(request, answer)
    try:
        detail = msgspec.json.decode(answer.content, type=_Problem).detail
    except msgspec.DecodeError:
        detail = _Problem().detail
    root = "../" * (request.url.path.count("/") - 1)
    is_there = answer.status_code != HTTPStatus.NOT_FOUND
    again = [Link("Try again", f"{root}login/oidc/{quote(provider, safe='')}")] if is_there else []
    return page(
        "Not signed in",
        sentence(detail),
        root=root,
        links=[*again, Link("Sign in another way", root)],
        status=answer.status_code,
        retry_after=answer.headers.get("retry-after", ""),
    )


def _passed(request: AnyRequest, answer: httpx.Response) -> Response[Any]:
    """Hand auth's answer on. To the client a problem is one of the path that it has asked for."""
    content = answer.content
    if answer.headers.get("content-type") == MEDIA_TYPE:
        told = msgspec.json.decode(content, type=dict[str, Any])
        content = msgspec.json.encode(told | {"instance": instance_of(request.scope["path"])})
    return Response(
        content,
        status_code=answer.status_code,
        media_type=answer.headers.get("content-type", "application/octet-stream"),
        headers={name: answer.headers[name] for name in ("retry-after",) if name in answer.headers} | _AWAY,
    )


ROUTES = [providers, begin, finish]
