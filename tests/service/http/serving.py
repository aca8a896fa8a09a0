"""A server of our own with an allowance for its clients, in the test's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from waiting import wait_for

from infra.local.ports import free_port
from service.http.connections import Share
from service.http.patience import Patience
from service.http.server import Allowance, serve

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def simple(scope: Any, receive: Any, send: Any) -> None:
    """Answer at once, or never."""
    if scope["path"] == "/long":
        await asyncio.sleep(3600)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok", "more_body": False})


@asynccontextmanager
async def served(
    application: Any = simple, *, share: Share | None = None, patience: Patience | None = None
) -> AsyncIterator[int]:
    """Serve on all addresses, and yield the port."""
    port, stop = free_port(), asyncio.Event()
    allowance = Allowance(share=share or Share(), patience=patience or Patience())
    serving = asyncio.create_task(serve(application, "0.0.0.0", port, stop, grace=0.1, allowance=allowance))
    await wait_for(lambda: connects(port), 10, "the server listens")
    try:
        yield port
    finally:
        stop.set()
        await asyncio.wait({serving})


async def connect(port: int, source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


async def connects(port: int) -> bool:
    try:
        _, writer = await connect(port, "127.0.0.1")
    except OSError:
        return False
    writer.close()
    return True


async def answers(port: int, source: str = "127.0.0.3") -> bool:
    """Return True if a client at this address is answered."""
    try:
        reader, writer = await connect(port, source)
        writer.write(GET)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    writer.close()
    return head.startswith(b"HTTP/1.1 200")
