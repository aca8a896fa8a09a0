"""Credentials in a request: HTTP Basic (RFC 7617), Bearer (RFC 6750), or a JSON body."""

import asyncio
import binascii
from base64 import b64decode
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.exceptions import ClientException
from msgspec import Struct, inspect

from auth.errors import BadCredentials, InvalidRequest, NotSignedIn
from auth.sessions.programs import program

MAX_BODY = 8 * 1024
"""Bytes of a request's body; the longest password takes 1 KiB of UTF-8."""
BODY_SECONDS = 10.0
"""The time in which a client must send its body."""
MAX_BASIC = 4096
"""Characters of an Authorization header with a password."""

B = TypeVar("B", bound=Struct)


class Undisclosed(Struct, frozen=True):
    """The base of secrets in a body: the repr shows nothing of them."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Credentials(Undisclosed, frozen=True):
    """An address and a password, not normalised."""

    email: str
    password: str


class Addressed(Undisclosed, frozen=True):
    """Only an address: the reader of the letter chooses the password. One in the body is ignored."""

    email: str


def basic(header: str) -> Credentials:
    """Read an Authorization header. Raises BadCredentials when it is not well-formed Basic."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > MAX_BASIC:
        raise BadCredentials("sign in with HTTP Basic, or with a JSON body")
    try:
        email, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadCredentials("the Authorization header is not well formed") from error
    if not colon:
        raise BadCredentials("the Authorization header is not well formed")
    return Credentials(email, password)


def bearer(header: str | None) -> str:
    """Return the token of an Authorization header. Raises NotSignedIn when there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("a bearer token is needed")
    return token.strip()


def program_of(request: Request[Any, Any, Any]) -> str:
    """Return what sends the request, in a few words."""
    return program(request.headers.get("user-agent", ""))


async def json_body(request: Request[Any, Any, Any], kind: type[B]) -> B:
    """Read a small JSON body. Raises InvalidRequest, and 400, 408 or 413."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
    except TimeoutError:
        raise ClientException(status_code=408, detail="the body took too long") from None
    try:
        return _as(kind, msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClientException(detail="the body is not JSON") from error


def _as(kind: type[B], told: Any) -> B:
    """Return the body as a struct. Raises InvalidRequest, which names a field and never a value."""
    fields = msgspec.structs.fields(kind)
    if not isinstance(told, dict):
        raise InvalidRequest(
            f"the body: give a JSON object with {' and '.join(each.name for each in fields)}"
        )
    for field in fields:
        if field.name not in told:
            if field.required:
                raise InvalidRequest(f"{field.name}: it is missing")
            continue
        try:
            msgspec.convert(told[field.name], field.type)
        except msgspec.ValidationError:
            raise InvalidRequest(f"{field.name}: give {_taken(inspect.type_info(field.type))}") from None
    return msgspec.convert(told, kind)


def _taken(kind: inspect.Type) -> str:
    match kind:
        case inspect.EnumType(cls=values):
            return f"one of {', '.join(str(each.value) for each in values)}"
        case inspect.IntType():
            return "a whole number"
        case inspect.StrType():
            return "a text"
        case inspect.DictType():
            return "a JSON object"
        case _:
            return "a list of texts"
