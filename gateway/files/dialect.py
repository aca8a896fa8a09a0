"""The rules of tus for every request and answer at `/files`, around the application.

Some networks let only GET and POST through: there POST bears the method in `X-HTTP-Method-Override`. Every
answer names the version, also one that is given before a handler is reached.
"""

from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from gateway.files.headers import VERSION

PATH = "/files"
_OVERRIDE = b"x-http-method-override"
_METHODS = frozenset({"HEAD", "PATCH", "DELETE", "OPTIONS"})


class TusDialect:
    """The application, which is spoken to in tus at `/files`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["path"] != PATH and not scope["path"].startswith(f"{PATH}/"):
            await self._app(scope, receive, send)
            return
        asked: Any = scope
        if asked["method"] == "POST" and (method := _method(asked)) in _METHODS:
            asked["method"] = method

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"tus-resumable", VERSION.encode())]
            await send(message)

        await self._app(asked, receive, sending)


def _method(scope: Any) -> str:
    named = (value for name, value in scope["headers"] if name == _OVERRIDE)
    return next(named, b"").decode("ascii", "replace").strip().upper()
