"""Signing in and out, by tokens or by cookies; auth does the work."""

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from events.errors import TonearmError, Unavailable
from gateway.accounts.auth_client import BODY_ERRORS, AuthProxy
from gateway.accounts.letters import MAIL_ACCEPTED
from gateway.accounts.messages import Access, Credentials, Message, Refresh, Registration, SessionList
from gateway.accounts.outcomes import answered, failed
from gateway.callers.cookies import Cookies, TokenPair, check_origin
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import Crowded, FromElsewhere, NotSignedIn
from gateway.http.contract import ANYBODY, TEXT, Answer, Body, Contract, as_json
from gateway.http.pages import Field, Form, fields_of, is_form, page, wants_page
from service.known_problems import (
    BAD_FIELD,
    BAD_REQUEST,
    NO_SUCH_SESSION,
    REGISTRATION_CLOSED,
    TOO_MANY_TRIES,
)
from service.scopes import ACCOUNT

_TAGS = ["accounts"]
_HOME = {"Location": "./", "Cache-Control": "no-store"}
"""To the page, under whatever path a proxy has it."""


@post(
    "/login",
    status_code=200,
    operation_id="login",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*BODY_ERRORS, BAD_REQUEST, FromElsewhere, NotSignedIn, TOO_MANY_TRIES, BAD_FIELD),
        schemes=("password",),
        body=Body(as_json(Credentials), required=False),
        answers={
            200: Answer(
                "An access token; with `Accept: text/plain` it alone",
                {**as_json(Access), "text/plain": TEXT},
            ),
        },
    ).opt,
)
async def login(
    request: AnyRequest,
    auth: NamedDependency[AuthProxy],
    session_cookies: NamedDependency[Cookies],
    in_cookies: Annotated[bool, QueryParameter(name="cookies")] = False,
) -> Response[Any]:
    """Begin a session by e-mail and password (HTTP Basic, or JSON); `?cookies=true`: in cookies."""
    if not in_cookies:
        return await auth.forward(request)
    if is_form(request) and wants_page(request):
        return await _by_form(request, auth, session_cookies)
    check_origin(request.headers)  # or another site could sign its visitors in as somebody else
    answer = await auth.forward(request, accept="application/json")
    return session_cookies.kept(answer) if answer.status_code == HTTPStatus.OK else answer


@post(
    "/register",
    status_code=201,
    operation_id="register",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(
            *BODY_ERRORS,
            BAD_REQUEST,
            REGISTRATION_CLOSED,
            TOO_MANY_TRIES,
            BAD_FIELD,
        ),
        body=Body(as_json(Registration)),
        answers={
            201: Answer("Sign in now; the same, whoever has the address", as_json(Message)),
            202: MAIL_ACCEPTED,
        },
    ).opt,
)
async def register(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[Any]:
    """Make an account from `{"email", "password"}`, or have a mail sent by which it is made."""
    return await auth.forward(request)


@post(
    "/refresh",
    status_code=200,
    operation_id="refreshSession",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*BODY_ERRORS, BAD_REQUEST, FromElsewhere, NotSignedIn, BAD_FIELD),
        schemes=("refresh_cookie",),
        body=Body(as_json(Refresh)),
        answers={200: Answer("The next pair of tokens", as_json(Access))},
    ).opt,
)
async def refresh(
    request: AnyRequest, auth: NamedDependency[AuthProxy], session_cookies: NamedDependency[Cookies]
) -> Response[Any]:
    """Exchange a refresh token, good for one use, for its successor and a new access token."""
    if token := session_cookies.refresh(request):
        answer = await auth.forward(request, body=_refresh_body(token))
        return session_cookies.kept(answer) if answer.status_code == HTTPStatus.OK else answer
    return await auth.forward(request)


@post(
    "/logout",
    status_code=204,
    operation_id="logout",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*BODY_ERRORS, BAD_REQUEST, FromElsewhere, NotSignedIn, BAD_FIELD),
        schemes=("token", "refresh_cookie"),
        body=Body(as_json(Refresh), required=False),
        answers={204: Answer("Signed out")},
    ).opt,
)
async def logout(
    request: AnyRequest, auth: NamedDependency[AuthProxy], session_cookies: NamedDependency[Cookies]
) -> Response[None]:
    """Sign out here: end the session of the access token, of `{"refresh_token"}`, or of the cookies."""
    if "authorization" not in request.headers and (token := session_cookies.refresh(request)):
        try:
            answer = await auth.forward(request, body=_refresh_body(token))
        except NotSignedIn:  # it has ended already
            answer = Response(None, status_code=HTTPStatus.NO_CONTENT)
        return session_cookies.dropped(answer) if answer.status_code == HTTPStatus.NO_CONTENT else answer
    return await auth.forward(request)


@post(
    "/logout/everywhere",
    status_code=204,
    operation_id="logoutEverywhere",
    tags=_TAGS,
    opt=Contract(scope=ACCOUNT, errors=(), answers={204: Answer("Signed out everywhere")}).opt,
)
async def logout_everywhere(
    request: AnyRequest, auth: NamedDependency[AuthProxy], session_cookies: NamedDependency[Cookies]
) -> Response[None]:
    """Sign out everywhere: end all sessions of the account. API keys stay."""
    answer = await auth.forward(request, token=caller_of(request).token, body=b"")
    return session_cookies.dropped(answer) if request.cookies else answer


@get(
    "/sessions",
    operation_id="listSessions",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT,
        errors=(Crowded, Unavailable),
        answers={200: Answer("Your sessions", as_json(SessionList))},
    ).opt,
)
async def list_sessions(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[bytes]:
    """List your sessions: what is signed in to your account, and since when."""
    return await auth.forward(request, token=caller_of(request).token, body=b"")


@delete(
    "/sessions/{session_id:str}",
    status_code=204,
    operation_id="endSession",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT, errors=(Crowded, Unavailable, NO_SUCH_SESSION), answers={204: Answer("Ended")}
    ).opt,
)
async def end_session(
    request: AnyRequest, session_id: FromPath[str], auth: NamedDependency[AuthProxy]
) -> Response[None]:
    """End one of your sessions, at once and everywhere."""
    return await auth.forward(request, token=caller_of(request).token, body=b"")


async def _by_form(request: AnyRequest, auth: AuthProxy, session_cookies: Cookies) -> Response[Any]:
    """Sign in by the form of a browser without scripts, and lead it back to the page."""
    email = ""
    try:
        check_origin(request.headers)
        fields = fields_of(await auth.body(request))
        email = fields.get("email", "")
        answer = await auth.forward(request, body=msgspec.json.encode(fields), accept="application/json")
    except TonearmError as error:
        outcome = failed(error)
    else:
        outcome = answered(answer)
        if outcome.is_good:
            pair = msgspec.json.decode(answer.content, type=TokenPair)
            return session_cookies.put(pair, Response(None, status_code=HTTPStatus.SEE_OTHER, headers=_HOME))
    form = Form(action="login?cookies=true", fields=_fields(email), button="Sign in")
    return page(
        "Sign in",
        "To convert your videos.",
        root="./",
        form=form,
        alert=outcome.said,
        status=outcome.status,
        retry_after=outcome.retry_after,
    )


def _fields(email: str) -> tuple[Field, Field]:
    return (
        Field(name="email", label="E-mail", type="email", autocomplete="username", value=email),
        Field(name="password", label="Password", type="password", autocomplete="current-password"),
    )


def _refresh_body(token: str) -> bytes:
    return msgspec.json.encode({"refresh_token": token})


ROUTES = [login, register, refresh, logout, logout_everywhere, list_sessions, end_session]
