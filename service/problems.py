"""Problem details (RFC 9457): the form of every answer of ours that is an error.

Each service keeps a table from its errors to `Kind`, and an exception handler that reads it. The framework's
own plugin swaps title and detail and leaves a 500 as plain JSON.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Response
from msgspec import Struct

MEDIA_TYPE = "application/problem+json"


class Problem(Struct, frozen=True, kw_only=True):
    """The body of every answer that is an error. Some kinds have members of their own beside these."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


class Kind(NamedTuple):
    """The answer to a kind of error. `retry_after` is in seconds.

    Without a name its type is `about:blank`: the title is the status's own then (RFC 9457, 4.2.1).
    """

    status: int
    name: str = ""
    title: str = ""
    retry_after: int | None = None


def kind_of(error: Exception, kinds: Mapping[type[Any], Kind]) -> Kind | None:
    """Return how the error is answered: by its class, or the nearest above it."""
    return next((kinds[each] for each in type(error).__mro__ if each in kinds), None)


def problem(
    path: str, kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **members: Any
) -> Response[dict[str, Any]]:
    """Make the answer. `path` becomes the instance; `members` are further members of the body."""
    headers = dict(headers or {})
    if kind.retry_after is not None:
        headers.setdefault("Retry-After", str(kind.retry_after))
    body = Problem(
        type=f"urn:tonearm:problem:{kind.name}" if kind.name else "about:blank",
        title=kind.title or HTTPStatus(kind.status).phrase,
        status=kind.status,
        detail=detail,
        instance=path,
    )
    return Response(
        {name: getattr(body, name) for name in body.__struct_fields__} | members,
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )
