"""Pages of other sites that may call this API from a browser (CORS), by the setting CORS_ORIGINS.

They send a token, as programs do. Cookies are never theirs to send: no answer allows credentials, so `*` is
no danger either.
"""

import re

from litestar.config.cors import CORSConfig

ANY = "*"
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
_SENT = [
    "Accept",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Last-Event-ID",
    "Range",
    "traceparent",
]
_SHOWN = [
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
]
_SECONDS = 600
"""For which a browser remembers what it may send."""


def origins(text: str) -> tuple[str, ...]:
    """Read origins, separated by commas; `*` is any. Raises ValueError for what no browser sends."""
    found = tuple(each.strip() for each in text.split(",") if each.strip())
    for each in found:
        if each != ANY and not _ORIGIN.fullmatch(each):
            raise ValueError(f"{each!r} is no origin such as https://example.org, without a path")
    if ANY in found and len(found) > 1:
        raise ValueError("* stands alone")
    return found


def cors(allowed: tuple[str, ...]) -> CORSConfig | None:
    """Return the framework's configuration; None where no other site may call."""
    if not allowed:
        return None
    return CORSConfig(
        allow_origins=list(allowed),
        allow_methods=_METHODS,  # type: ignore[arg-type]  # HEAD is missing in its list
        allow_headers=_SENT,
        expose_headers=_SHOWN,
        allow_credentials=False,
        max_age=_SECONDS,
    )
