"""Requests as an application may trust them: a whole address, clean headers, a plain body of few crumbs."""

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Any

from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Send

from service.known_problems import BAD_HEADER, ENCODED, NOTHING_HERE
from service.problems import send_problem

_READ = frozenset(
    b"accept accept-encoding accept-language authorization content-encoding content-length content-type"
    b" expect host idempotency-key if-match if-modified-since if-none-match if-range if-unmodified-since"
    b" last-event-id origin prefer range sec-fetch-site traceparent transfer-encoding tus-resumable"
    b" upload-checksum upload-concat upload-defer-length upload-length upload-metadata upload-offset"
    b" x-forwarded-for".split()
)
"""The headers that something of ours reads. Others may hold what they like: proxies add names of places."""
_PLAIN = frozenset(range(0x20, 0x7F)) | {0x09}

CRUMB = 4096
"""Bytes below which a piece of a body costs more to take than it brings."""
FREE_CRUMBS = 64
"""Crumbs of a request that are free: short bodies, and the fields of forms."""
CRUMBS_A_SECOND = 2000
"""The others, of all clients together: an eighth of a core."""


class Turnstile:
    """Lets so many through a second, in the order in which they came."""

    def __init__(self, a_second: float) -> None:
        self._each, self._next = 1 / a_second, 0.0

    def wait(self, now: float) -> float:
        """Take the next turn, and return how many seconds it is away."""
        self._next = max(self._next, now) + self._each
        return self._next - now


class CleanRequests:
    """The application, which sees no request whose address, headers or body it would misread."""

    def __init__(self, app: ASGIApp, turnstile: Turnstile | None = None) -> None:
        self._app, self._turnstile = app, turnstile or Turnstile(CRUMBS_A_SECOND)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if "//" in scope["path"].strip("/"):
            # The framework would leave the empty part out, and `/jobs//cancel` cancel all jobs, not none.
            detail = "a part of the address is empty: perhaps a script has lost an id"
            await send_problem(send, scope["path"], NOTHING_HERE, detail)
        elif name := _unreadable(scope["headers"]):
            detail = f"the header {name} holds a byte that is no printable ASCII"
            await send_problem(send, scope["path"], BAD_HEADER, detail)
        elif coding := _coding(scope["headers"]):
            detail = f"send the body as it is, without Content-Encoding: {coding[:40]}"
            await send_problem(send, scope["path"], ENCODED, detail, (b"accept-encoding", b"identity"))
        else:
            await self._app(scope, self._taking_turns(receive), send)

    def _taking_turns(self, receive: Receive) -> Receive:
        crumbs = 0

        async def receiving() -> HTTPReceiveMessage:
            nonlocal crumbs
            message: Any = await receive()
            if message.get("more_body") and len(message["body"]) < CRUMB:
                crumbs += 1
                if crumbs > FREE_CRUMBS:
                    await asyncio.sleep(self._turnstile.wait(monotonic()))
            result: HTTPReceiveMessage = message
            return result

        return receiving


def _unreadable(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the name of the first header of ours that cannot be read."""
    for name, value in headers:
        if name in _READ and not _PLAIN.issuperset(value):
            return name.decode()
    return None


def _coding(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the codings of the body other than `identity`."""
    codings = [value.decode() for name, value in headers if name == b"content-encoding"]
    each = (coding.strip() for value in codings for coding in value.split(","))
    return ", ".join(coding for coding in each if coding and coding.lower() != "identity")
