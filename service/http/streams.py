"""Streamed answers that let go of what they hold as soon as they end.

A client that goes away cancels its answer. The framework leaves the generator to the garbage collector then:
a download would hold its chunk, and an event stream its place among those of its account. And the frames that
were cancelled, with what they were about to send, are a cycle of its task group's, which is collected late.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Send

from service.http.answers import PIECE


class ClosedStream(Stream):
    """A stream whose generator is closed when the answer ends, and whose chunks are sent in small pieces."""

    __slots__ = ()

    def __init__(self, chunks: AsyncGenerator[bytes, None], **options: Any) -> None:
        super().__init__(_pieces(chunks), **options)

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


async def _pieces(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(chunks):
        async for chunk in chunks:
            for at in range(0, len(chunk), PIECE):
                yield chunk[at : at + PIECE]
