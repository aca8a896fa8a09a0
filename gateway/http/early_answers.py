"""Reading on for a moment after an early answer.

When an upload is refused before its body has come, closing at once resets the connection. Many a client
then reports the reset and never reads the refusal. So the rest of the body is read and dropped, within
limits (RFC 9112, 9.6). That holds for `Expect: 100-continue`, too: no client has to wait for our word, and
many wait for a second only (RFC 9110, 10.1.1). As the answer is out, our reading invites nobody to send.
"""

import asyncio
from contextlib import suppress

from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

from gateway.http.capacity import BoundedWaits

SECONDS = 2.0
BYTES = 64 * 1024 * 1024
MOST = 256
"""Clients that are read on from at a time."""


class EarlyAnswers:
    """The application, patient with clients that are still sending when their answer is out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lingering = BoundedWaits(MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        more, received = True, 0

        async def receiving() -> HTTPReceiveMessage:
            nonlocal more, received
            message = await receive()
            received += len(message.get("body", b""))  # type: ignore[arg-type]
            more = message["type"] == "http.request" and message.get("more_body", False)
            return message  # type: ignore[return-value]

        await self._app(scope, receiving, send)
        headers = {name for name, _ in scope["headers"]}
        if not more or not headers & {b"content-length", b"transfer-encoding"}:
            return
        most = received + BYTES
        # The request is over: when a stop cancels what is left of it, there is nobody to tell.
        with suppress(TimeoutError, asyncio.CancelledError):
            async with self._lingering.within(SECONDS):
                while more and received < most:
                    await receiving()
