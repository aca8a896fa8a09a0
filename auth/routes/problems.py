"""Errors over HTTP: RFC 9457 problem documents, from one table.

What we raise on purpose is told in its own words. What we did not expect is a 500 that says nothing about
our insides: those go to the log.
"""

import math
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct

from auth.errors import (
    AlreadyRegistered,
    BadCredentials,
    Busy,
    InvalidRequest,
    InvalidToken,
    IssuerUnavailable,
    LinkSpent,
    NoSuchAccount,
    NoSuchKey,
    NoSuchProvider,
    NotReady,
    NotSignedIn,
    RegistrationClosed,
    SignInFailed,
    SignInRefused,
    TooManyFailures,
)
from events.errors import Unavailable

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()

_BASIC = 'Basic realm="tonearm", charset="UTF-8"'
_BEARER = 'Bearer realm="tonearm"'

_TABLE: dict[type[Exception], tuple[HTTPStatus, dict[str, str]]] = {
    BadCredentials: (HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": _BASIC}),
    InvalidToken: (HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": f'{_BEARER}, error="invalid_token"'}),
    NotSignedIn: (HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": _BEARER}),
    TooManyFailures: (HTTPStatus.TOO_MANY_REQUESTS, {}),
    InvalidRequest: (HTTPStatus.UNPROCESSABLE_ENTITY, {}),
    LinkSpent: (HTTPStatus.GONE, {}),
    SignInFailed: (HTTPStatus.BAD_REQUEST, {}),
    SignInRefused: (HTTPStatus.FORBIDDEN, {}),
    RegistrationClosed: (HTTPStatus.FORBIDDEN, {}),
    AlreadyRegistered: (HTTPStatus.CONFLICT, {}),
    NoSuchAccount: (HTTPStatus.NOT_FOUND, {}),
    NoSuchKey: (HTTPStatus.NOT_FOUND, {}),
    NoSuchProvider: (HTTPStatus.NOT_FOUND, {}),
    Busy: (HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"}),
    IssuerUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "20"}),
    NotReady: (HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"}),
    Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"}),
}
"""The status and headers of each error; the nearest class counts."""


_AWAY = "A server this one depends on is away; try again in a few seconds."
_UNEXPECTED = "Something went wrong on our side; it has been logged."


class Problem(Struct, frozen=True):
    """A problem document. `about:blank` means that the title is the status's own (RFC 9457, 4.2.1)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


def to_response(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Turn any error into its problem document. Litestar's exception handler for all of them."""
    status, headers, detail = _told(error)
    if isinstance(error, BadCredentials) and "authorization" not in request.headers:
        # A page signs in with JSON; a Basic challenge would open the browser's own dialog over it.
        headers = {"WWW-Authenticate": _BEARER}
    if isinstance(error, TooManyFailures):
        headers = {"Retry-After": str(math.ceil(error.seconds))}
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error(
            "request_failed", method=request.method, path=request.scope.get("path_template"), exc_info=error
        )
    problem = Problem("about:blank", status.phrase, int(status), detail, request.scope["path"])
    return Response(
        problem,
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **headers},
    )


def _told(error: Exception) -> tuple[HTTPStatus, dict[str, str], str]:
    for kind in type(error).__mro__:
        if kind in _TABLE:
            status, headers = _TABLE[kind]
            # What a server of ours said of itself may hold its address.
            return status, headers, _AWAY if kind is Unavailable else str(error)
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return HTTPStatus(error.status_code), dict(error.headers or {}), error.detail
    return HTTPStatus.INTERNAL_SERVER_ERROR, {}, _UNEXPECTED
