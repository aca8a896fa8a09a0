"""The header fields of tus 1.0, read and written. Pure.

Every `read_…` raises BadUploadHeader, which names the field and what it takes.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from gateway.errors import BadUploadHeader, NotAPiece, UnknownTusVersion

VERSION = "1.0.0"
EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "expiration",
    "termination",
    "checksum",
)
CONTENT_TYPE = "application/offset+octet-stream"
LONGEST_METADATA = 32 * 1024
"""Characters of all metadata: more than all options together can need, in any script."""

_WHOLE = re.compile(r"[0-9]{1,18}")


class Headers(Protocol):
    """Header fields, found whatever the case of their names."""

    def get(self, key: str, /) -> str | None:
        """Return the field, None if it is not there."""


class Length(NamedTuple):
    """The length of a file as a client gives it; None: it does not know it yet."""

    bytes: int | None


def check_version(headers: Headers) -> None:
    """Raise UnknownTusVersion unless the client speaks ours."""
    if headers.get("tus-resumable") != VERSION:
        raise UnknownTusVersion(f"send Tus-Resumable: {VERSION}")


def check_type(headers: Headers) -> None:
    """Raise NotAPiece unless the body is a piece of a file."""
    if (headers.get("content-type") or "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise NotAPiece(f"send the bytes as Content-Type: {CONTENT_TYPE}")


def read_length(headers: Headers) -> Length:
    """Return the length with which an upload is created."""
    if headers.get("upload-concat") is not None:
        raise BadUploadHeader("Upload-Concat: uploads are not put together here; send the file as one")
    deferred, length = headers.get("upload-defer-length"), headers.get("upload-length")
    if (deferred is None) == (length is None):
        raise BadUploadHeader("send Upload-Length, or Upload-Defer-Length: 1, and not both")
    if deferred is not None:
        if deferred != "1":
            raise BadUploadHeader("Upload-Defer-Length is 1, or is not there")
        return Length(None)
    return Length(_number("Upload-Length", length))


def read_later_length(headers: Headers) -> int | None:
    """Return the length that comes with a piece, if one does."""
    length = headers.get("upload-length")
    return None if length is None else _number("Upload-Length", length)


def read_offset(headers: Headers) -> int:
    """Return the place in the file at which a piece begins."""
    return _number("Upload-Offset", headers.get("upload-offset"))


def read_metadata(headers: Headers) -> Mapping[str, str]:
    """Return the metadata by name, `filename dmlkZW8ubXA0,format b3B1cw==` as it comes."""
    text = headers.get("upload-metadata") or ""
    if len(text) > LONGEST_METADATA:
        raise BadUploadHeader(f"Upload-Metadata takes {LONGEST_METADATA} characters at most")
    found: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else ():
        name, _, value = pair.strip().partition(" ")
        if not name or name in found:
            raise BadUploadHeader("Upload-Metadata: each name stands there once, and is not empty")
        try:
            found[name] = b64decode(value.strip(), validate=True).decode(errors="replace")
        except ValueError:
            raise BadUploadHeader(f"Upload-Metadata: the value of {name[:40]} is no Base64") from None
    return found


def _number(name: str, text: str | None) -> int:
    if text is None or not _WHOLE.fullmatch(text):
        raise BadUploadHeader(f"{name} takes a whole number of bytes")
    return int(text)
