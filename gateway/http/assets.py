"""Files of pages: read once, kept compressed beside the plain form, served as a browser asks for them."""

import gzip
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response
from msgspec import Struct

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


class Asset(Struct, frozen=True, kw_only=True):
    """A file: its bytes, the same by gzip (empty where that gains nothing), its type and strong ETag."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str


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
    """Return the file; a client that has it already is told so. By default it asks again each time."""
    told = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", **(headers or {})}
    told["ETag"] = wanted.etag
    told["Vary"] = ", ".join(filter(None, [told.get("Vary", ""), "Accept-Encoding" if wanted.packed else ""]))
    if not told["Vary"]:
        del told["Vary"]
    if wanted.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=told, media_type=wanted.media_type)
    if wanted.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            wanted.packed, headers=told | {"Content-Encoding": "gzip"}, media_type=wanted.media_type
        )
    return Response(wanted.content, headers=told, media_type=wanted.media_type)
