"""The one table from the errors of auth to their answers over HTTP (RFC 9457).

Errors that auth raises on purpose keep their text. An unforeseen one is a 500, and its text goes to the log.
"""

import math
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from auth.errors import (
    AlreadyRegistered,
    BadCredentials,
    Busy,
    InvalidRequest,
    InvalidToken,
    IssuerUnavailable,
    LinkSpent,
    NoSuchAccount,
    NoSuchApiKey,
    NoSuchProvider,
    NotSignedIn,
    RegistrationClosed,
    SignInFailed,
    SignInRefused,
    TooManyFailures,
)
from events.errors import Unavailable
from service.problems import Kind, kind_of, problem

log = structlog.get_logger()

_BASIC = 'Basic realm="tonearm", charset="UTF-8"'
_BEARER = 'Bearer realm="tonearm"'

KINDS: dict[type[Exception], Kind] = {
    NotSignedIn: Kind(401),
    TooManyFailures: Kind(429),
    InvalidRequest: Kind(422),
    LinkSpent: Kind(410),
    SignInFailed: Kind(400),
    SignInRefused: Kind(403),
    RegistrationClosed: Kind(403),
    AlreadyRegistered: Kind(409),
    NoSuchAccount: Kind(404),
    NoSuchApiKey: Kind(404),
    NoSuchProvider: Kind(404),
    Busy: Kind(503, retry_after=1),
    IssuerUnavailable: Kind(503, retry_after=20),
    Unavailable: Kind(503, retry_after=5),
}
_INTERNAL = Kind(500)
_AWAY = "A server this one depends on is away; try again in a few seconds."
_UNEXPECTED = "Something went wrong on our side; it has been logged."


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Turn any error into its problem document. Litestar's exception handler for all of them."""
    path, headers = request.scope["path"], {"Cache-Control": "no-store"}
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(path, Kind(error.status_code), error.detail, headers | dict(error.headers or {}))
    kind = kind_of(error, KINDS)
    if kind is None:
        log.error(
            "request_failed", method=request.method, path=request.scope.get("path_template"), exc_info=error
        )
        return problem(path, _INTERNAL, _UNEXPECTED, headers)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = _challenge(request, error)
    if isinstance(error, TooManyFailures):
        headers["Retry-After"] = str(math.ceil(error.seconds))
    # The text of a server's own error may hold its address.
    return problem(path, kind, _AWAY if kind is KINDS[Unavailable] else str(error), headers)


def _challenge(request: Request[Any, Any, Any], error: NotSignedIn) -> str:
    match error:
        case InvalidToken():
            return f'{_BEARER}, error="invalid_token"'
        # A page signs in with JSON; a Basic challenge would open the browser's own dialog over it.
        case BadCredentials() if "authorization" in request.headers:
            return _BASIC
    return _BEARER
