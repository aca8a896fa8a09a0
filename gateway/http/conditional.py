"""Conditional GET (RFC 9110, 13): a client that has a view, or a file, already gets a 304 without a body.

A view changes with the events of its job, and with what is computed beside it, such as its place among those
that wait. So the entity tag has the offset in the log up to which the view was made, and a hash of the whole.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from litestar import Request, Response

from gateway.http.contract import Answer, Header
from gateway.http.ranges import matches

IF_NONE_MATCH = Header("If-None-Match")
_HEADERS = ("ETag", "Cache-Control", "Vary")
_HASHED = 16
"""Hexadecimal digits of the hash in a tag."""


def view(
    request: Request[Any, Any, Any],
    shown: object,
    offset: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    """Answer with the view as JSON, or with 304.

    `offset`: the highest in it, None for what is of no single one. `headers`: further ones.
    """
    body = msgspec.json.encode(shown)
    digest = sha256(body).hexdigest()[:_HASHED]
    tag = f'"{digest}"' if offset is None else f'"{offset}-{digest}"'
    known = {**private(tag), "Vary": "Authorization, Cookie, Prefer", **(headers or {})}
    return unchanged(request, known) or Response(body, media_type="application/json", headers=known)


def private(tag: str) -> dict[str, str]:
    """Return the headers of what is somebody's own, and is asked for again each time by this entity tag."""
    return {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}


def unchanged(request: Request[Any, Any, Any], known: Mapping[str, str]) -> Response[Any] | None:
    """Return a 304 with these headers if the client has what their entity tag names; else None."""
    given = request.headers.get("if-none-match")
    if given is None or not matches(given, known["ETag"], strong=False):
        return None
    return Response(b"", status_code=304, headers=dict(known))


def answers(*more: str) -> Mapping[int, Answer]:
    """Return what such a route answers, for its contract. `more` are the names of further headers."""
    headers = (*_HEADERS, *more)
    return {200: Answer(headers=headers), 304: Answer("You have it already", headers=headers)}
