"""Streamed answers that let go of what they hold as soon as they end.

A client that goes away cancels its answer. The framework leaves the generator to the garbage collector then:
a download would hold its chunk, and an event stream its place among those of its account. And the frames that
were cancelled, with what they were about to send, are a cycle of its task group's, which is collected late.
"""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import HTTPReceiveMessage, Receive, Send

from service.http.answers import PIECE


class ClosedStream(Stream):
    """A stream whose generator is closed when the answer ends, and whose chunks are sent in small pieces.

    It is closed as well if nothing of it was sent, so it may hold something from before the answer begins.
    """

    __slots__ = ()

    def __init__(self, chunks: AsyncGenerator[bytes, None], **options: Any) -> None:
        super().__init__(_Pieces(chunks), **options)

    def to_asgi_response(self, *args: Any, **options: Any) -> ASGIResponse:
        """Return the answer as the server takes it."""
        answer = super().to_asgi_response(*args, **options)
        answer.__class__ = _Closing
        return answer


class _Closing(ASGIStreamingResponse):
    __slots__ = ()

    async def __call__(self, *arguments: Any) -> None:
        try:
            await super().__call__(*arguments)
        finally:
            if isinstance(self.iterator, _Pieces):
                await self.iterator.aclose()

    async def send_body(self, send: Send, receive: Receive) -> None:
        async def gone() -> HTTPReceiveMessage:
            """Wait for the client's end; the framework goes a call deeper for each piece of a body."""
            while (message := await receive())["type"] != "http.disconnect":
                pass
            return message

        await super().send_body(send, gone)


class _Pieces:
    """The chunks in pieces. No generator: closing one that has not begun would not close its chunks."""

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        self._chunks = chunks
        self._pieces: Iterator[bytes] = iter(())

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> bytes:
        while (piece := next(self._pieces, None)) is None:
            self._pieces = _cut(await anext(self._chunks))
        return piece

    async def aclose(self) -> None:
        self._pieces = iter(())
        await self._chunks.aclose()


def _cut(chunk: bytes) -> Iterator[bytes]:
    for at in range(0, len(chunk), PIECE):
        yield chunk[at : at + PIECE]
