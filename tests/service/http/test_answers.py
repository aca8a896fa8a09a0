"""What an answer holds for a client that does not read it, and for how long."""

import asyncio
import socket
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import pytest
from litestar import Litestar, get
from litestar.exceptions import LitestarException
from waiting import wait_for

from service.http.answers import PIECE, BoundedAnswers
from service.http.connections import Connections, Peer
from service.http.patience import Pace, Patience
from service.http.streams import ClosedStream
from tests.service.http.serving import GET, connect, served

MIB = 1024 * 1024
CLIENTS = 20


class Source:
    """Streams without end, and counts what was taken."""

    def __init__(self) -> None:
        self.taken = self.open = self.begun = 0

    async def chunks(self) -> Any:
        self.open += 1
        self.begun += 1
        try:
            while True:
                self.taken += MIB
                yield bytes(MIB)
        finally:
            self.open -= 1


def application(source: Source) -> Any:
    @get("/")
    async def stream() -> ClosedStream:
        return ClosedStream(source.chunks())

    return Litestar([stream], openapi_config=None, logging_config=None)


async def deaf(port: int) -> socket.socket:
    """A client that asks, and does not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    await asyncio.get_running_loop().sock_sendall(client, GET)
    return client


async def receive() -> Any:
    raise AssertionError("nothing is asked for")


def read_all(client: socket.socket) -> None:
    while client.recv(MIB):
        pass


async def test_what_waits_for_a_deaf_client_is_little_and_ends_with_its_connection() -> None:
    source = Source()
    async with served(application(source), patience=Patience(idle=2.0)) as port:
        clients = [await deaf(port) for _ in range(CLIENTS)]
        await wait_for(lambda: source.begun == CLIENTS)  # the first may be over by then
        await wait_for(lambda: source.open == 0, message="all streams were given up")
        assert source.taken <= 5 * MIB * CLIENTS, "what the kernel takes, and no more"
        for client in clients:
            with client, pytest.raises(ConnectionResetError):
                read_all(client)


class Kernel:
    """Stands for the connections. It takes a piece at once, and the next when its client was looked at often.

    At each look the client has received `pace` bytes more.
    """

    def __init__(self, pace: int) -> None:
        self._left, self._looks, self._pace = PIECE, 0, pace
        self.room, self.ended = asyncio.Event(), False
        self.room.set()

    def serving(self, peer: Peer) -> AbstractContextManager[None]:
        return nullcontext()

    async def take(self, message: Any) -> None:
        await self.room.wait()
        self.room.clear()

    def unsent(self, peer: Peer) -> int:
        self._looks, self._left = self._looks + 1, self._left - self._pace
        if self._looks == 6:
            self.room.set()
        return self._left

    async def end(self, peer: Peer) -> None:
        self.ended = True


@pytest.mark.parametrize(("pace", "ended"), [(1, False), (0, True)])
async def test_who_reads_a_little_each_time_may_be_slow_and_who_reads_nothing_may_not(
    pace: int, ended: bool
) -> None:
    async def two_pieces(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    kernel = Kernel(pace)
    app = BoundedAnswers(two_pieces, cast("Connections", kernel), Patience(idle=0.01))
    await app({"client": ("127.0.0.1", 1)}, receive, kernel.take)
    assert kernel.ended == ended


async def test_a_large_answer_comes_whole_to_a_client_with_a_small_buffer() -> None:
    async def measured(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(8 * MIB), "more_body": False})

    async with served(measured) as port:
        client = await deaf(port)
        received, end, loop = 0, b"", asyncio.get_running_loop()
        while end != b"0\r\n\r\n":  # which comes in one piece or in several
            piece = await loop.sock_recv(client, 64 * 1024)
            assert piece, "the connection was ended"
            received, end = received + len(piece), (end + piece)[-5:]
        client.close()
    assert received >= 8 * MIB


def test_a_pace_is_judged_by_whole_windows_of_waiting() -> None:
    pace = Pace(Patience(window=10.0, min_rate=100.0))
    assert not pace.is_too_slow(9.0, 10)
    assert not pace.is_too_slow(1.0, 990)
    assert pace.is_too_slow(10.0, 999)


async def test_what_a_stream_holds_is_given_back_though_its_client_left_before_it() -> None:
    held: list[str] = []

    async def chunks() -> Any:
        held.append("a place")
        try:
            yield b""
            yield b"never sent"
        finally:
            held.clear()

    @get("/")
    async def stream() -> ClosedStream:
        begun = chunks()
        await anext(begun)
        assert held
        return ClosedStream(begun)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise ConnectionResetError

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "query_string": b"",
        "scheme": "http",
    }
    application: Any = Litestar([stream], openapi_config=None, logging_config=None)
    with pytest.raises(LitestarException):
        await application(scope | {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}, receive, send)
    assert not held


async def test_a_stream_outlasts_a_body_in_thousands_of_pieces() -> None:
    taken = asyncio.Event()

    async def chunks() -> Any:
        yield b"begun"
        await taken.wait()
        yield b"the end"

    @get("/")
    async def stream() -> ClosedStream:
        return ClosedStream(chunks())

    inner: Any = Litestar([stream], openapi_config=None, logging_config=None)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        async def receiving() -> Any:
            message = await receive()
            if not message.get("more_body"):
                taken.set()
            return message

        await inner(scope, receiving, send)

    async with served(application) as port:
        reader, writer = await connect(port, "127.0.0.1")
        writer.write(GET.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"))
        writer.write(b"1\r\na\r\n" * 3000 + b"0\r\n\r\n")
        assert b"the end" in await asyncio.wait_for(reader.readuntil(b"\r\n0\r\n"), 20)
        writer.close()
