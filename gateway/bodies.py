"""Request bodies, read straight from the ASGI channel: bounded in size, and in patience.

Granian closes a client that never finishes its headers, but not one that never finishes its body. Only
the time spent waiting for the client counts here, never our own storage's.
"""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from litestar.types import Receive
from msgspec import Struct

from gateway.errors import BodyCutOff, BodyStalled, BodyTooLarge


class Patience(Struct, frozen=True, kw_only=True):
    """How slow a client may be: seconds of silence, and bytes a second over each window of seconds."""

    idle: float = 30.0
    window: float = 60.0
    min_rate: float = 1024.0


def check_length(content_length: str | None, limit: int) -> None:
    """Refuse a body that announces too much, before any of it is read. Raises BodyTooLarge."""
    if content_length is not None and content_length.isascii() and content_length.isdigit():
        _check(int(content_length), limit)


async def incoming(receive: Receive, *, limit: int, patience: Patience) -> AsyncIterator[bytes]:
    """Yield the body as it comes, never an empty piece.

    Raises BodyTooLarge after `limit` bytes, BodyStalled, and BodyCutOff when the client goes away.
    """
    total, waited, received = 0, 0.0, 0
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
        waited, received, total = waited + monotonic() - began, received + len(body), total + len(body)
        _check(total, limit)
        if waited >= patience.window:
            if received < waited * patience.min_rate:
                raise BodyStalled(f"less than {patience.min_rate:g} bytes a second came")
            waited, received = 0.0, 0
        if body:
            yield body


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLarge(f"a file may have {limit} bytes at most")
