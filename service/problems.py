"""Problem details (RFC 9457): the form of every answer of ours that is an error.

`known_problems` lists their kinds. Each service keeps a table from its errors to them, and an exception
handler that reads it. The framework's own plugin swaps title and detail and leaves a 500 as plain JSON.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.types import Send
from msgspec import Meta, Struct

MEDIA_TYPE = "application/problem+json"


_Reference = Meta(extra_json_schema={"format": "uri-reference"})


class Problem(Struct, frozen=True, kw_only=True):
    """The body of every answer that is an error. Some kinds have members of their own beside these.

    `type` is the address of a page about the kind, on this site; `instance` is the path that was asked for.
    """

    type: Annotated[str, _Reference]
    title: str
    status: int
    detail: str
    instance: Annotated[str, _Reference]


class Kind(NamedTuple):
    """The answer to a kind of error. Its page shows `meaning` and `remedy`. `retry_after` is in seconds.

    Without a name its type is `about:blank`: the title is the status's own then (RFC 9457, 4.2.1).
    """

    status: int
    name: str = ""
    title: str = ""
    meaning: str = ""
    remedy: str = ""
    retry_after: int | None = None

    @property
    def type(self) -> str:
        """The address of its page, without host and scheme: it is the site's own, whatever its name is."""
        return f"/problems/{self.name}" if self.name else "about:blank"


def kind_of(error: Exception, kinds: Mapping[type[Any], Kind]) -> Kind | None:
    """Return how the error is answered: by its class, or the nearest above it."""
    return next((kinds[each] for each in type(error).__mro__ if each in kinds), None)


def instance_of(path: str) -> str:
    """Return a decoded path as a URI reference; two slashes at its beginning would name another host."""
    return quote(f"/{path.lstrip('/')}", safe="/:@!$&'()*+,;=~", errors="replace")


def problem(
    path: str, kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **members: Any
) -> Response[dict[str, Any]]:
    """Make the answer. `path`, decoded, becomes the instance; `members` are further members of the body."""
    headers = dict(headers or {})
    if kind.retry_after is not None:
        headers.setdefault("Retry-After", str(kind.retry_after))
    body = _body(path, kind, detail)
    return Response(
        {name: getattr(body, name) for name in body.__struct_fields__} | members,
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


async def send_problem(send: Send, path: str, kind: Kind, detail: str, *more: tuple[bytes, bytes]) -> None:
    """Send the answer outside of the framework, with `more` headers, and let the client go."""
    body = msgspec.json.encode(_body(path, kind, detail))
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
        *more,
    ]
    await send({"type": "http.response.start", "status": kind.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _body(path: str, kind: Kind, detail: str) -> Problem:
    return Problem(
        type=kind.type,
        title=kind.title or HTTPStatus(kind.status).phrase,
        status=kind.status,
        detail=detail,
        instance=instance_of(path),
    )
