"""Sessions over HTTP: signing in, staying signed in, signing out, and the keys that verify tokens."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from auth.accounts.accounts import Accounts
from auth.errors import BadCredentials
from auth.keys.access_tokens import Claims
from auth.keys.signer import Signer
from auth.policy import Policy
from auth.routes.credentials import Credentials, basic, bearer, json_body, program_of
from auth.routes.guards import person
from auth.sessions.sessions import Grant, Sessions
from service.http.preference import preferred

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


class Session(Struct, frozen=True, kw_only=True):
    """A session, for its holder. `last_used` is when its tokens were renewed last."""

    session_id: str
    program: str
    created: datetime
    last_used: datetime
    expires: datetime
    current: bool


class SessionList(Struct, frozen=True):
    """All sessions of an account."""

    items: list[Session]


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


@post("/login", status_code=200)
async def login(
    request: Request[Any, Any, Any], accounts: NamedDependency[Accounts], policy: NamedDependency[Policy]
) -> Response[Access] | Response[str]:
    """Begin a session; as plain text only an access token, and the session ends with it."""
    header = request.headers.get("authorization")
    if header is None and "content-type" not in request.headers:
        raise BadCredentials("sign in with HTTP Basic, or with a JSON body")
    shown = basic(header) if header is not None else await json_body(request, Credentials)
    bare = preferred(request, ["application/json", "text/plain"]) == "text/plain"
    grant = await accounts.sign_in(
        shown.email,
        shown.password,
        address=policy.client_of(request),
        lasting=not bare,
        program=program_of(request),
    )
    if bare:
        return Response(grant.access.text, media_type="text/plain", headers=NO_STORE)
    return answer(grant)


@post("/validate", status_code=200)
async def validate(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> Response[Claims]:
    """Return the claims of a token, if it is good and its session has not ended."""
    claims = await sessions.validate(bearer(request.headers.get("authorization")))
    return Response(claims, headers=NO_STORE)


@post("/refresh", status_code=200)
async def refresh(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> Response[Access]:
    """Exchange a refresh token for its successor and a new access token."""
    shown = await json_body(request, Refresh)
    return answer(await sessions.refresh(shown.refresh_token))


@post("/logout", status_code=204)
async def logout(request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]) -> None:
    """End the session of the access token, or of the refresh token in the body."""
    if "authorization" in request.headers:
        claims = await person(request, sessions)
        await sessions.end(claims.sub, claims.sid)
    elif "content-type" not in request.headers:
        raise BadCredentials("send an access token, or a refresh token as JSON")
    else:
        await sessions.end_by_refresh((await json_body(request, Refresh)).refresh_token)


@post("/logout/everywhere", status_code=204)
async def logout_everywhere(person: NamedDependency[Claims], sessions: NamedDependency[Sessions]) -> None:
    """End all sessions of the account, this one included. API keys stay."""
    await sessions.end_others(person.sub, reason="signed_out_everywhere")


@get("/sessions")
async def list_sessions(
    person: NamedDependency[Claims], sessions: NamedDependency[Sessions]
) -> Response[SessionList]:
    """List the sessions of the account, newest first."""
    shown = [
        Session(
            session_id=each.session_id,
            program=each.program,
            created=each.created,
            last_used=each.rotated or each.created,
            expires=each.expires,
            current=each.session_id == person.sid,
        )
        for each in await sessions.of(person.sub)
    ]
    return Response(SessionList(shown), headers=NO_STORE)


@delete("/sessions/{session_id:str}", status_code=204)
async def end_session(
    session_id: FromPath[str], person: NamedDependency[Claims], sessions: NamedDependency[Sessions]
) -> None:
    """End one session of the account, at once and everywhere."""
    await sessions.end_one(person.sub, session_id)


@get("/.well-known/jwks.json")
async def jwks(signer: NamedDependency[Signer]) -> Response[dict[str, Any]]:
    """Publish the keys that verify access tokens (RFC 7517)."""
    keys, seconds = signer.jwks()
    return Response(keys, headers={"Cache-Control": f"public, max-age={seconds}"})


ROUTES = [login, validate, refresh, logout, logout_everywhere, list_sessions, end_session, jwks]
