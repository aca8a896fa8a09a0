"""A road between a client and gateways on which only so many bytes get through before the test goes on."""

import asyncio
import re
from contextlib import suppress
from typing import Self

from infra.local.addresses import HOST
from infra.local.ports import free_port

_OFFSET = re.compile(rb"(?i)\r\nupload-offset: (\d+)")
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


class Road:
    """`to` is the port where new connections lead, `room` the bytes that may still go there; None: any."""

    def __init__(self, to: int) -> None:
        self.to, self.port = to, free_port()
        self.room: int | None = None
        self.stalled = asyncio.Event()
        self.offsets: list[int] = []
        """Where the client's pieces began."""
        self.statuses: list[int] = []
        self._near: set[asyncio.StreamWriter] = set()
        self._far: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.break_off(far=True)
        if self._server:
            self._server.close()

    def break_off(self, *, far: bool) -> None:
        """End all connections of the client; `far`: those to the gateways, too, which else stay open."""
        for each in [*self._near, *(self._far if far else ())]:
            each.close()
        self._near.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(HOST, self.to)
        except OSError:
            writer.close()
            return
        self._near.add(writer)
        self._far.add(back)
        await asyncio.gather(self._go(reader, back), self._come(there, writer), return_exceptions=True)

    async def _go(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                self.offsets += map(int, _OFFSET.findall(data))
                if self.room is not None:
                    data = data[: self.room]
                    self.room -= len(data)
                    if not self.room:
                        self.stalled.set()
                back.write(data)
                await back.drain()

    async def _come(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await there.read(65536):
                self.statuses += map(int, _STATUS.findall(data))
                writer.write(data)
        writer.close()
