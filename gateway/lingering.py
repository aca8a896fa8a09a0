"""Reading on for a moment after an early answer.

When an upload is refused before its body has come, closing at once resets the connection, and many a
client then reports the reset and never reads why it was refused. So what still comes is read and dropped,
within limits. Who sent `Expect: 100-continue` waits for our word and sends nothing.
"""

import asyncio
from contextlib import suppress

from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

SECONDS = 2.0
BYTES = 64 * 1024 * 1024


class Lingering:
    """The application, patient with clients that are still sending when their answer is out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        more = True

        async def receiving() -> HTTPReceiveMessage:
            nonlocal more
            message = await receive()
            more = message["type"] == "http.request" and message.get("more_body", False)
            return message  # type: ignore[return-value]

        await self._app(scope, receiving, send)
        headers = {name for name, _ in scope["headers"]}
        if not more or b"expect" in headers or not headers & {b"content-length", b"transfer-encoding"}:
            return
        dropped = 0
        # The request is over: when a stop cancels what is left of it, there is nobody to tell.
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(SECONDS):
                while more and dropped < BYTES:
                    message = await receiving()
                    dropped += len(message.get("body", b""))  # type: ignore[arg-type]
