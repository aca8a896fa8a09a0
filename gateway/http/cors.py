"""Pages of other sites that may call this API from a browser (CORS), by the setting CORS_ORIGINS.

They send a token, as programs do. Cookies are never theirs to send: no answer allows credentials, so `*` is
no danger either.
"""

import re
from http.client import BAD_REQUEST

from litestar.config.cors import CORSConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http import rate_limits
from service.known_problems import FROM_ELSEWHERE
from service.problems import send_problem

ANY = "*"
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
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
    "Prefer",
    "Range",
    "traceparent",
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Defer-Length",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-HTTP-Method-Override",
]
_SHOWN = [
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Location",
    "Preference-Applied",
    *rate_limits.FIELDS,
    "Retry-After",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Defer-Length",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "WWW-Authenticate",
]
_ASKS = b"access-control-request-method"
_REFUSED = "pages of this site may not call by this method, or with these headers"
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


class Preflights:
    """The application, whose refusal of a question before a call is a problem as any other.

    The framework refuses a site, a method or a header that is not named by an error in plain text.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if not any(name == _ASKS for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        refused = False

        async def sending(message: Message) -> None:
            nonlocal refused
            refused |= message["type"] == "http.response.start" and message["status"] == BAD_REQUEST
            if not refused:
                await send(message)

        await self._app(scope, receive, sending)
        if refused:
            await send_problem(send, scope["path"], FROM_ELSEWHERE, _REFUSED)


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
