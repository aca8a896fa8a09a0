"""The headers that keep browsers from doing more with an answer than it is for. An answer may have its own.

An answer is data, so it loads nothing, is in no other site's frame, and its kind is not guessed. Pages have a
policy of their own. Nobody stores JSON: it is somebody's. What has an entity tag may be kept by its reader.
"""

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_ALWAYS = {
    b"content-security-policy": _POLICY,
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}
_JSON = {b"cache-control": b"no-store"}


class SafeAnswers:
    """The application, its answers with these headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_lacking(message["headers"])]
            await send(message)

        await self._app(scope, receive, sending)


def _lacking(headers: Any) -> list[tuple[bytes, bytes]]:
    has = {name.lower(): value for name, value in headers}
    wanted = _ALWAYS | (_JSON if b"json" in has.get(b"content-type", b"") else {})
    return [(name, value) for name, value in wanted.items() if name not in has]
