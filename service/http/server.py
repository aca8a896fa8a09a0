"""Granian in our own process and event loop, started and stopped by us.

Four shortcomings of its own, each seen to go wrong. It binds with SO_REUSEPORT, so a second process on the
same port starts and takes half of the connections. It runs no signal handlers. It waits without end for open
requests when it stops. With a failing ASGI lifespan it ends with success; so the entry point opens the
connections, not the application.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from litestar.types import ASGIApp
from msgspec import Struct

from events.errors import TonearmError
from service.background import Work, kept_running
from service.http.answers import BoundedAnswers
from service.http.connections import Connections, Share, capacity
from service.http.host import OneHost
from service.http.patience import Patience

log = structlog.get_logger()

# Its own handler writes plain text; let its records go where all others go.
_LOGGING = {"loggers": {"_granian": {"handlers": [], "propagate": True}}}

_OUR_OWN = 1024
"""Connections of a server for clients of our own."""
_BUFFER = 64 * 1024
"""Bytes of a request's headers, and of an answer that waits beside the pieces that were taken ahead."""


class CannotListen(TonearmError):
    """The address is taken or is not ours."""


class ServerFailed(TonearmError):
    """The HTTP server ended by itself."""


class Allowance(Struct, frozen=True, kw_only=True):
    """The allowance of strangers: a share of the connections, and patience with their reading."""

    share: Share = Share()
    patience: Patience = Patience()


def free_address(host: str, port: int) -> str:
    """Return the numeric address of a host on which the port is free. Raises CannotListen."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return str(address[0])


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    grace: float,
    draining: Callable[[], Awaitable[None]] | None = None,
    allowance: Allowance | None = None,
) -> None:
    """Serve an ASGI app until `stop`; let it drain, give what is left `grace` seconds, and cut it off.

    While it drains, requests are still answered. What is cut off is cancelled when the loop closes.
    Without an `allowance`, clients are our own, and may have all of it. Raises CannotListen, ServerFailed.
    """
    most = _OUR_OWN if allowance is None else capacity()
    watching: dict[str, Work] = {}
    if allowance is not None:
        at_rest = most // 2  # as many again may arrive between two looks
        connections = Connections(port, allowance.share, at_rest)
        app = BoundedAnswers(app, connections, allowance.patience)
        watching["connections"] = connections.keep_shared
    server = Server(
        OneHost(app),
        address=free_address(host, port),
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=most,
        http1_settings=HTTP1Settings(max_buffer_size=_BUFFER),
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    async with kept_running(**watching):
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if serving.done():
            await serving
            raise ServerFailed("the HTTP server ended by itself")
        if draining is not None:
            await draining()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=grace)
    if not serving.done():
        log.warning("requests_cut_off", after_seconds=grace)
        await _cut_off(serving)


async def _cut_off(serving: asyncio.Task[None]) -> None:
    # Requests that are cut off log that, here and in Granian's log, and a callback of Granian's own finds its
    # future cancelled. `requests_cut_off` is enough.
    granian = logging.getLogger("_granian")
    granian.propagate = False
    granian.addHandler(logging.NullHandler())
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
