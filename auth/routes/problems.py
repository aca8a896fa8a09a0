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
    DeviceWaits,
    InvalidRequest,
    InvalidToken,
    IssuerUnavailable,
    LinkSpent,
    NoSuchAccount,
    NoSuchApiKey,
    NoSuchDevice,
    NoSuchProvider,
    NoSuchSession,
    NotAllowed,
    NotFresh,
    NotSignedIn,
    RegistrationClosed,
    SignInFailed,
    SignInRefused,
    TooManyFailures,
)
from events.errors import Unavailable
from service import known_problems as known
from service.problems import Kind, kind_of, problem

log = structlog.get_logger()

_BASIC = 'Basic realm="tonearm", charset="UTF-8"'
_BEARER = 'Bearer realm="tonearm"'

KINDS: dict[type[Exception], Kind] = {
    NotSignedIn: known.NOT_SIGNED_IN,
    NotAllowed: known.NOT_ALLOWED,
    TooManyFailures: known.TOO_MANY_TRIES,
    InvalidRequest: known.BAD_FIELD,
    LinkSpent: known.LINK_SPENT,
    SignInFailed: known.SIGN_IN_FAILED,
    SignInRefused: known.SIGN_IN_REFUSED,
    RegistrationClosed: known.REGISTRATION_CLOSED,
    AlreadyRegistered: known.ACCOUNT_EXISTS,
    NoSuchAccount: known.NO_SUCH_ACCOUNT,
    NoSuchApiKey: known.NO_SUCH_KEY,
    NoSuchSession: known.NO_SUCH_SESSION,
    NotFresh: known.SIGN_IN_AGAIN,
    NoSuchProvider: known.NO_SUCH_PROVIDER,
    NoSuchDevice: known.NO_SUCH_DEVICE,
    DeviceWaits: known.DEVICE_WAITS,
    Busy: known.UNAVAILABLE._replace(retry_after=1),
    IssuerUnavailable: known.UNAVAILABLE._replace(retry_after=20),
    Unavailable: known.UNAVAILABLE,
}
_UNEXPECTED = "Something went wrong on our side; it has been logged."


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Turn any error into its problem document. Litestar's exception handler for all of them."""
    path, headers = request.scope["path"], {"Cache-Control": "no-store"}
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        status, own = error.status_code, dict(error.headers or {})
        detail = known.detail_of(status, error.detail)
        return problem(path, known.of_status(status), detail, headers | own)
    kind = kind_of(error, KINDS)
    if kind is None:
        log.error(
            "request_failed", method=request.method, path=request.scope.get("path_template"), exc_info=error
        )
        return problem(path, known.INTERNAL, _UNEXPECTED, headers)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = _challenge(request, error)
    if isinstance(error, TooManyFailures):
        headers["Retry-After"] = str(math.ceil(error.seconds))
    members = {"error": error.error} if isinstance(error, DeviceWaits) else {}
    # The text of a server's own error may hold its address.
    told = error.told if isinstance(error, Unavailable) else str(error)
    return problem(path, kind, told, headers, **members)


def _challenge(request: Request[Any, Any, Any], error: NotSignedIn) -> str:
    match error:
        case InvalidToken():
            return f'{_BEARER}, error="invalid_token"'
        # A page signs in with JSON; a Basic challenge would open the browser's own dialog over it.
        case BadCredentials() if "authorization" in request.headers:
            return _BASIC
    return _BEARER
