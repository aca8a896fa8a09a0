"""A share of the requests under way for each client of a trusted proxy.

All connections come from the proxy then, and are its own to share out (`service.http.connections`). Its
requests are not: a client may have as many under way as it could have connections by itself.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from litestar.types import ASGIApp, Receive, Send

from gateway.callers.addresses import client_address
from service.http.connections import Share, is_trusted
from service.known_problems import TOO_MANY_REQUESTS
from service.networks import shares
from service.problems import send_problem


class RequestShares:
    """The application, no client of a proxy having more than its share of it."""

    def __init__(self, app: ASGIApp, share: Share) -> None:
        self._app, self._share = app, share
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        places = self._places(scope)
        if any(self._under_way[each] >= self._most(clients) for each, clients in places.items()):
            detail = f"{self._most(1)} requests from your address are under way; let one end first"
            await send_problem(send, scope["path"], TOO_MANY_REQUESTS, detail, (b"retry-after", b"2"))
            return
        self._under_way.update(places.keys())
        try:
            await self._app(scope, receive, send)
        finally:
            for place in places:
                self._under_way[place] -= 1
                if not self._under_way[place]:
                    del self._under_way[place]

    def _most(self, clients: int) -> int:
        return self._share.of_address * clients

    def _places(self, scope: Any) -> Mapping[str, int]:
        """Return the networks of a trusted proxy's client; none of one that came by itself, or is a proxy."""
        peer, trusted = scope["client"][0], self._share.trusted
        if not is_trusted(peer, trusted):
            return {}
        forwarded = [
            value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
        ]
        address = client_address(peer, forwarded, trusted)
        return {} if is_trusted(address, trusted) else shares(address)
