"""Request bodies, read straight from the ASGI channel: bounded in size, and in patience.

Granian closes a client that never finishes its headers, but not one that never finishes its body. Only
the time spent waiting for the client counts here, never our own storage's.
"""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import NamedTuple

from litestar.types import Receive

from gateway.errors import BodyCutOff, BodyStalled, BodyTooLarge
from service.http.patience import Pace, Patience


class Limit(NamedTuple):
    """Bytes that a file may have, and that its wrapping may take beside them."""

    file: int
    wrapping: int = 0
    words: str = "a file may have {} bytes at most"

    def check(self, size: int) -> None:
        """Raise BodyTooLarge when a body of this size is too long."""
        if size > self.file + self.wrapping:
            raise BodyTooLarge(self.words.format(self.file))


def length_of(content_length: str | None) -> int:
    """Return how many bytes a body announces; 0 if it does not."""
    if content_length is not None and content_length.isascii() and content_length.isdigit():
        return int(content_length[:20])
    return 0


def check_length(content_length: str | None, limit: Limit) -> None:
    """Refuse a body that announces too much, before any of it is read. Raises BodyTooLarge."""
    limit.check(length_of(content_length))


async def incoming(receive: Receive, *, limit: Limit, patience: Patience) -> AsyncIterator[bytes]:
    """Yield the body as it comes, never an empty piece.

    Raises BodyTooLarge after the limit, BodyStalled, and BodyCutOff when the client goes away.
    """
    total, pace = 0, Pace(patience)
    more = True
    while more:
        began = monotonic()
        try:
            async with asyncio.timeout(patience.idle):
                message = await receive()
        except TimeoutError as error:
            raise BodyStalled(f"nothing came for {patience.idle:g} s") from error
        if message["type"] != "http.request":
            raise BodyCutOff(f"the client went away after {total} bytes")
        body, more = message["body"], message.get("more_body", False)
        total += len(body)
        limit.check(total)
        if pace.is_too_slow(monotonic() - began, len(body)):
            raise BodyStalled(f"less than {patience.min_rate:g} bytes a second came")
        if body:
            yield body
