"""A share of the requests under way for each client of a trusted proxy.

All connections come from the proxy then, and are its own to share out (`service.http.connections`). Its
requests are not: a client may have as many under way as it could have connections by itself.
"""

from collections import Counter
from typing import Any

from litestar.types import ASGIApp, Receive, Send

from gateway.callers.addresses import client_address
from service.http.connections import Share, client_of
from service.known_problems import TOO_MANY_REQUESTS
from service.problems import send_problem


class RequestShares:
    """The application, no client of a proxy having more than its share of it."""

    def __init__(self, app: ASGIApp, share: Share) -> None:
        self._app, self._share = app, share
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        client = self._client(scope)
        if client is None:
            await self._app(scope, receive, send)
        elif self._under_way[client] >= self._share.of_address:
            detail = f"{self._share.of_address} requests from your address are under way; let one end first"
            await send_problem(send, scope["path"], TOO_MANY_REQUESTS, detail, (b"retry-after", b"2"))
        else:
            self._under_way[client] += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._under_way[client] -= 1
                if not self._under_way[client]:
                    del self._under_way[client]

    def _client(self, scope: Any) -> str | None:
        """Return the client of a trusted proxy; None for one that came by itself, or is a proxy."""
        peer = scope["client"][0] if scope.get("client") else ""
        if not peer or client_of(peer, self._share.trusted) is not None:
            return None
        forwarded = [
            value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
        ]
        return client_of(client_address(peer, forwarded, self._share.trusted), self._share.trusted)
