"""A line to a server that a test can cut, hold or slow down: the server itself is shared and stays."""

import asyncio
import contextlib

from infra.local.addresses import HOST
from infra.local.ports import free_port


class Line:
    """`async with Line(port) as line`: what connects to `line.port` reaches the server at `port`.

    `rate`: bytes a second that a connection carries to the server, None for all there are.
    """

    def __init__(self, server: int, rate: int | None = None) -> None:
        self.port = free_port()
        self.rate = rate
        self._server = server
        self._listener: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._pumps: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Line":
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Let everything through again."""
        self._flows.set()
        if self._listener is None:
            self._listener = await asyncio.start_server(self._connected, HOST, self.port)

    def hold(self) -> None:
        """Take everything and hand nothing on, as a server that hangs."""
        self._flows.clear()

    async def cut(self) -> None:
        """Refuse new connections and break those that are."""
        if self._listener:
            self._listener.close()
            self._listener = None
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, self._server)
        for source, sink, is_slow in ((reader, back, True), (there, writer, False)):
            pump = asyncio.create_task(self._pump(source, sink, is_slow=is_slow))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_slow: bool) -> None:
        try:
            while data := await source.read(65536):
                await self._flows.wait()
                sink.write(data)
                if is_slow and self.rate:
                    await asyncio.sleep(len(data) / self.rate)
        except OSError:
            pass
        finally:
            with contextlib.suppress(RuntimeError):
                sink.close()
