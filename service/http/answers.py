"""Answers are bounded as uploads are: in what waits for a client, and in patience with its reading.

The server takes some pieces of an answer ahead of its client. So pieces are small, and a client that reads
nothing holds half a megabyte, whatever the size of what it asked for.
"""

import asyncio
from time import monotonic
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Send

from service.http.connections import Connections, Peer
from service.http.patience import Pace, Patience

log = structlog.get_logger()

PIECE = 64 * 1024
"""Bytes handed to the server at a time; it takes four ahead, and as much again into its own buffer."""
_UNTIL_NOTICED = 0.05


class BoundedAnswers:
    """The application, whose clients keep a pace, each on a connection that is its own."""

    def __init__(self, app: ASGIApp, connections: Connections, patience: Patience) -> None:
        self._app, self._connections, self._patience = app, connections, patience

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        host, port = scope["client"]
        peer = Peer(host, int(port))  # Granian has the port as a text
        sending = _Sending(send, self._connections, peer, self._patience)
        with self._connections.serving(peer):
            await self._app(scope, receive, sending)


class _Sending:
    """One answer on its way."""

    def __init__(self, send: Send, connections: Connections, peer: Peer, patience: Patience) -> None:
        self._send, self._connections, self._peer, self._patience = send, connections, peer, patience
        self._pace, self._unsent = Pace(patience), 0
        self._streamed = self._given_up = False

    async def __call__(self, message: Message) -> None:
        """Send it, in pieces; what is meant for a client that was given up is dropped."""
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, more = message["body"], message["more_body"]
        last = max(len(body) - 1, 0) // PIECE * PIECE
        for at in range(0, last, PIECE):
            await self._body(body[at : at + PIECE], more=True)
        await self._body(body[last:], more=more)

    async def _body(self, body: bytes, *, more: bool) -> None:
        if self._given_up:
            # The application learns from the server that its client is gone, a moment later.
            await asyncio.sleep(_UNTIL_NOTICED)
            return
        self._streamed = self._streamed or more
        if not self._streamed:  # the server takes a whole answer at once
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
            return
        sending = asyncio.ensure_future(self._piece(body, more))
        try:
            if trouble := await self._patiently(sending, len(body)):
                self._given_up = True
                log.warning("client_given_up", reason=trouble)
                await self._connections.end(self._peer)
        finally:
            sending.cancel()

    async def _piece(self, body: bytes, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _patiently(self, sending: asyncio.Future[None], size: int) -> str | None:
        """Wait until the server has taken a piece. Return what is wrong with the client, None for nothing."""
        while True:
            began = monotonic()
            await asyncio.wait({sending}, timeout=self._patience.idle)
            received = self._received(size if sending.done() else 0)
            if sending.done():
                sending.result()
            elif received <= 0:
                return f"it has read nothing for {self._patience.idle:g} s"
            if self._pace.is_too_slow(monotonic() - began, received):
                return f"it reads less than {self._patience.min_rate:g} bytes a second"
            if sending.done():
                return None

    def _received(self, handed_over: int) -> int:
        """Return what the client has received since the last time, as far as the kernel shows.

        The kernel takes megabytes and then nothing for long, so what it takes does not show a client's pace.
        """
        before, self._unsent = self._unsent, self._connections.unsent(self._peer)
        return handed_over + before - self._unsent
