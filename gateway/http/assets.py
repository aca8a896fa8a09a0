"""Files of pages: read once, kept compressed beside the plain form, served as a browser asks for them."""

import gzip
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response
from msgspec import Struct

from gateway.http.ranges import matches

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_GZIP = ".gz"
"""Files of other projects lie compressed (see `infra.vendored`)."""
_NEVER = re.compile(r"q=0(\.0*)?")


class Asset(Struct, frozen=True, kw_only=True):
    """A file: its bytes, the same by gzip (empty where that gains nothing), its type and strong ETag.

    What is packed has other bytes, so a tag of its own.
    """

    content: bytes
    packed: bytes
    media_type: str
    etag: str

    @property
    def packed_etag(self) -> str:
        """The strong ETag of the packed form."""
        return f'{self.etag[:-1]}-gzip"'


def asset(content: bytes, media_type: str) -> Asset:
    """Return the asset of these bytes."""
    packed = b"" if media_type == "image/png" else gzip.compress(content, mtime=0)
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    return Asset(
        content=content,
        packed=packed if len(packed) < len(content) else b"",
        media_type=media_type,
        etag=etag,
    )


def assets_of(folder: Path) -> dict[str, Asset]:
    """Return all files below a folder that a browser may have, by their paths; licences and locks stay."""
    found = {}
    for path in sorted(folder.rglob("*")):
        plain = path.with_suffix("") if path.suffix == _GZIP else path
        if plain.suffix in _TYPES and path.is_file() and plain.name != "vendored.json":
            content = gzip.decompress(path.read_bytes()) if path.suffix == _GZIP else path.read_bytes()
            found[plain.relative_to(folder).as_posix()] = asset(content, _TYPES[plain.suffix])
    return found


def serve(
    request: Request[Any, Any, Any], wanted: Asset, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """Return the file; a client that has it already gets a 304. By default it asks again each time."""
    told = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", **(headers or {})}
    if wanted.packed:
        told["Vary"] = ", ".join(filter(None, [told.get("Vary"), "Accept-Encoding"]))
    is_packed = bool(wanted.packed) and _takes_gzip(request.headers.get("accept-encoding", ""))
    told["ETag"] = wanted.packed_etag if is_packed else wanted.etag
    if matches(request.headers.get("if-none-match", ""), told["ETag"], strong=False):
        return Response(b"", status_code=304, headers=told, media_type=wanted.media_type)
    if is_packed:
        told["Content-Encoding"] = "gzip"
    content = wanted.packed if is_packed else wanted.content
    return Response(content, headers=told, media_type=wanted.media_type)


def _takes_gzip(accepted: str) -> bool:
    """Return True if this Accept-Encoding has gzip, or anything, and not at weight 0 (RFC 9110, 12.5.3)."""
    weights = dict[str, str]()
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.strip()
    said = next((weights[each] for each in ("gzip", "x-gzip", "*") if each in weights), "q=0")
    return not _NEVER.fullmatch(said)
