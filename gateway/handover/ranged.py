"""Answers of bytes that may be asked for in part (RFC 9110, 13 and 14): an audio, or a ZIP of many."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, NamedTuple

from litestar import Response
from litestar.enums import HttpMethod
from litestar.types import OperationIDCreator

from gateway.callers.guard import AnyRequest
from gateway.http import ranges
from gateway.http.contract import Answer, Error, Header, Schema
from gateway.http.ranges import Version
from service.http.streams import ClosedStream
from service.known_problems import CHANGED, NO_RANGE
from service.problems import problem

READING = [HttpMethod.GET, HttpMethod.HEAD]
ERRORS: tuple[Error, ...] = (CHANGED, NO_RANGE)
HEADERS = tuple(
    map(
        Header,
        (
            *("Range", "If-Range", "If-Match", "If-None-Match"),
            *("If-Modified-Since", "If-Unmodified-Since"),
        ),
    )
)
"""What the contract of such a route names."""
_VERSION = ("ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Vary")


class Offer(NamedTuple):
    """A file that can be had. `called` is its name in the sentence of a problem."""

    version: Version
    disposition: str
    media_type: str
    called: str


class Begun(NamedTuple):
    """An answer that is decided up to its bytes: those from `first` to `last`, both included."""

    status: int
    headers: Mapping[str, str]
    media_type: str
    first: int
    last: int

    def of(self, chunks: AsyncGenerator[bytes, None]) -> Response[Any]:
        """Return the answer with these bytes."""
        return ClosedStream(chunks, status_code=self.status, headers=self.headers, media_type=self.media_type)


def answers(content: Mapping[str, Schema]) -> Mapping[int, Answer]:
    """Return what such a route answers, for its contract."""
    return {
        200: Answer("All of it", content, (*_VERSION, "Content-Disposition", "Content-Length")),
        206: Answer("The range", content, (*_VERSION, "Content-Disposition", "Content-Range")),
        304: Answer("You have it already", headers=_VERSION),
    }


def named(name: str) -> OperationIDCreator:
    """Name the operation; HEAD is one of its own."""
    return lambda handler, method, path: name if method == HttpMethod.GET else f"{name}Head"


def decide(request: AnyRequest, offer: Offer) -> Begun | Response[Any]:
    """Return the answer, or, where bytes are to be sent, all of it but them."""
    version = offer.version
    known = {
        "ETag": version.etag,
        "Last-Modified": version.last_modified,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }
    match ranges.decide(request.method, request.headers, version):
        case ranges.NotModified():
            return Response(b"", status_code=304, headers=known)
        case ranges.PreconditionFailed():
            told = f"the {offer.called} has another entity tag or is newer"
            return problem(request.scope["path"], CHANGED, told)
        case ranges.Unsatisfiable():
            limits = {"Content-Range": f"bytes */{version.size}"}
            told = f"the {offer.called} has {version.size} bytes"
            return problem(request.scope["path"], NO_RANGE, told, limits)
        case ranges.Part(first, last):
            status, part = 206, {"Content-Range": f"bytes {first}-{last}/{version.size}"}
        case ranges.Whole():
            status, part, first, last = 200, {}, 0, version.size - 1
    length = {"Content-Length": str(last - first + 1), "Content-Disposition": offer.disposition}
    begun = Begun(status, known | part | length, offer.media_type, first, last)
    if request.method == HttpMethod.HEAD:
        return Response(b"", status_code=status, headers=begun.headers, media_type=begun.media_type)
    return begun
