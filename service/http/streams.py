"""Streamed answers that let go of what they hold as soon as they end."""

from collections.abc import AsyncGenerator
from typing import Any

from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Send


class ClosedStream(Stream):
    """A stream whose generator is closed when the answer ends, also by a client that goes away.

    The framework leaves that to the garbage collector. Until then a download would hold its chunks, and an
    event stream its place among those of its account.
    """

    __slots__ = ()

    def to_asgi_response(self, *args: Any, **options: Any) -> ASGIResponse:
        """Return the answer as the server takes it."""
        answer = super().to_asgi_response(*args, **options)
        answer.__class__ = _Closing
        return answer


class _Closing(ASGIStreamingResponse):
    __slots__ = ()

    async def send_body(self, send: Send, receive: Receive) -> None:
        try:
            await super().send_body(send, receive)
        finally:
            if isinstance(self.iterator, AsyncGenerator):
                await self.iterator.aclose()
