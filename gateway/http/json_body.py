"""Request bodies that are one JSON object, read into a struct: bounded in size, and in patience."""

import re
from typing import Any, TypeVar

import msgspec
from litestar import Request
from msgspec import Struct

from gateway.errors import BadFields, BodyCutOff, BodyStalled, BodyTooLarge, Fault, NotJson
from gateway.http.bodies import Limit, incoming
from gateway.http.contract import Error
from service.http.patience import Patience

T = TypeVar("T", bound=Struct)

LONGEST = 64 * 1024
"""Bytes of such a body."""
ERRORS: tuple[Error, ...] = (BadFields, NotJson, BodyTooLarge, BodyStalled, BodyCutOff)
"""What a route that reads one may answer."""
_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")
_LACKING = re.compile(r"(?:missing required|unknown) field `([^`]+)`")


async def read(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """Return the body. Raises BadFields, NotJson, BodyTooLarge, BodyStalled, BodyCutOff."""
    limit = Limit(LONGEST, words="such a body may have {} bytes at most")
    body = b"".join([each async for each in incoming(request.receive, limit=limit, patience=Patience())])
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise BadFields([_fault(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotJson("the body is not JSON: send an object, as application/json") from None


def _fault(text: str) -> Fault:
    """Return the fault that msgspec has worded, with the name of the field."""
    where, lacking = _WHERE.search(text), _LACKING.search(text)
    what = _WHERE.sub("", text)
    path = [where[1]] if where and where[1] else []
    name = ".".join([*path, *([lacking[1]] if lacking else [])])
    return Fault(name or "body", f"{what[:1].lower()}{what[1:]}")
