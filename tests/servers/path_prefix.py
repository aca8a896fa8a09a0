"""A proxy that serves a gateway below a path, as a reverse proxy with a stripped prefix does."""

import asyncio
from contextlib import suppress


class PathPrefix:
    """Hands on what is asked for below `prefix`, without it; answers 502 while `is_down`.

    `strays` are paths beside it.
    """

    def __init__(self, server: int, prefix: str) -> None:
        """`server` is a port of this machine."""
        self._server, self._prefix = server, prefix
        self._listener: asyncio.Server | None = None
        self.strays: list[str] = []
        self.is_down = False

    async def __aenter__(self) -> "PathPrefix":
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener
        self._listener.close()

    @property
    def url(self) -> str:
        """The address of the gateway's `/`, without the slash."""
        assert self._listener
        return f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}{self._prefix}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand on one request; each has a connection of its own."""
        with suppress(asyncio.IncompleteReadError, OSError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, rest = head.split(" ", 2)
            if not path.startswith(f"{self._prefix}/"):
                self.strays.append(path)
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif self.is_down:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                lines = [line for line in rest.split("\r\n") if not line.lower().startswith("connection:")]
                asked = "\r\n".join([lines[0], "Connection: close", *lines[1:]])
                to = await asyncio.open_connection("127.0.0.1", self._server)
                to[1].write(f"{method} {path.removeprefix(self._prefix)} {asked}".encode("latin-1"))
                sending = asyncio.create_task(_pump(reader, to[1]))
                await _pump(to[0], writer)
                sending.cancel()
                to[1].close()
        writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()
