"""Staying signed in, and signing out."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from msgspec import Struct

from auth.errors import InvalidToken
from auth.keys.access_tokens import Claims
from auth.routes.credentials import bearer, json_body
from auth.scopes import ACCOUNT
from auth.sessions.sessions import Grant, Sessions

NO_STORE = {"Cache-Control": "no-store"}


class Access(Struct, frozen=True, omit_defaults=True):
    """The answer to a sign-in or a refresh (RFC 6749, 5.1). Seconds; no repr, as it holds secrets."""

    access_token: str
    expires_in: int
    token_type: str
    refresh_token: str = ""
    refresh_expires_in: int = 0

    def __repr__(self) -> str:
        return "Access(…)"


class Refresh(Struct, frozen=True):
    """A refresh token, shown."""

    refresh_token: str

    def __repr__(self) -> str:
        return "Refresh(…)"


def access_of(grant: Grant) -> Access:
    """Return the pair as the client gets it."""
    claims = grant.access.claims
    return Access(grant.access.text, claims.exp - claims.iat, "Bearer", grant.refresh, grant.refresh_seconds)


def answer(grant: Grant) -> Response[Access]:
    """Answer with the pair."""
    return Response(access_of(grant), headers=NO_STORE)


async def of_session(request: Request[Any, Any, Any], sessions: Sessions) -> Claims:
    """Return whose session calls; an API key is not one. Raises InvalidToken."""
    claims = await sessions.validate(bearer(request.headers.get("authorization")))
    if ACCOUNT not in claims.scope.split():
        raise InvalidToken("this needs a session: sign in")
    return claims


@post("/refresh", status_code=200)
async def refresh(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> Response[Access]:
    """Exchange a refresh token for its successor and a new access token."""
    shown = await json_body(request, Refresh)
    return answer(await sessions.refresh(shown.refresh_token))


@post("/logout", status_code=204)
async def logout(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> None:
    """End the session of the access token, or of the refresh token in the body."""
    if "authorization" in request.headers:
        claims = await of_session(request, sessions)
        await sessions.end(claims.sub, claims.sid)
    else:
        await sessions.end_by_refresh((await json_body(request, Refresh)).refresh_token)


@post("/logout/everywhere", status_code=204)
async def logout_everywhere(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> None:
    """End all sessions of the account, this one included. API keys stay."""
    claims = await of_session(request, sessions)
    await sessions.end_others(claims.sub, reason="signed_out_everywhere")


ROUTES = [refresh, logout, logout_everywhere]
