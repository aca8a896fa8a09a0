"""HEAD wherever there is GET (RFC 9110, 9.1): the framework answers 405 unless a route declares it.

Then the same request is made once more as a GET, guards included, and its body kept back. `Allow` names HEAD
beside GET.
"""

import asyncio
from typing import Any

from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send

_NOT_ALLOWED = 405


class HeadAsGet:
    """The application, with HEAD answered as GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope.get("method") != "HEAD":
            await self._app(scope, receive, _naming_head(send))
            return
        before: dict[str, Any] = dict(scope)  # before the framework writes into it
        as_get: Any = before | {"method": "GET"}
        ask_again = False

        async def sending(message: Message) -> None:
            nonlocal ask_again
            if message["type"] == "http.response.start":
                ask_again = message["status"] == _NOT_ALLOWED and _allows_get(message["headers"])
            if not ask_again:
                await send(message)

        await self._app(scope, receive, sending)
        if ask_again:
            try:
                await self._without_body(as_get, send)
            finally:
                scope.update(as_get | {"method": "HEAD"})

    async def _without_body(self, scope: Scope, send: Send) -> None:
        begun = asyncio.Event()

        async def gone() -> HTTPReceiveMessage:
            """Let an endless answer end: once its head is out, the client counts as gone."""
            await begun.wait()
            return {"type": "http.disconnect"}

        async def sending(message: Message) -> None:
            if begun.is_set():
                return
            await send(message)
            if message["type"] == "http.response.start":
                begun.set()
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, gone, sending)


def _naming_head(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and _allows_get(message["headers"]):
            others = [(name, value) for name, value in message["headers"] if name.lower() != b"allow"]
            methods = {"HEAD", *_allow(message["headers"]).decode().split(", ")}
            message["headers"] = [*others, (b"allow", ", ".join(sorted(methods)).encode())]
        await send(message)

    return sending


def _allow(headers: Any) -> bytes:
    return next((value for name, value in headers if name.lower() == b"allow"), b"")


def _allows_get(headers: Any) -> bool:
    return b"GET" in _allow(headers)
