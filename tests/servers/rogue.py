"""A server that answers as it is told, byte by byte, and whatever a client sends."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


class Rogue:
    """Answers each path with the bytes that stand in `replies`, or by what is called there."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.requests: list[bytes] = []
        self.bodies: list[bytes] = []
        self.port = 0
        self.ended = asyncio.Event()

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Return an address of its own."""
        return f"{scheme}://{host}:{self.port}{path}"

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["Rogue"]:
        """Listen at a free port of this machine."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            try:
                yield self
            finally:
                self.ended.set()

    async def passes(self, seconds: float) -> bool:
        """Wait; return False when the test is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), seconds)
        return not self.ended.is_set()

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of the last request, by their names in small letters."""
        lines = self.requests[-1].decode("latin-1").split("\r\n")[1:-2]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            self.bodies.append(await reader.readexactly(int(length[1]) if length else 0))
            self.requests.append(head)
            reply = self.replies[head.split()[1].decode()]
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()
