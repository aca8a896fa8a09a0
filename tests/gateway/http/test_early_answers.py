"""A client that is refused in the middle of its body can read the reason."""

import asyncio
import socket
from typing import Any

import pytest
from waiting import wait_for

from gateway.http import early_answers
from tests.gateway.running import Gateway

SIZE = 2 * 1024 * 1024
PIECE = bytes(64 * 1024)


def has_come(client: socket.socket) -> bool:
    """Return True if there is something to read; it is left where it is."""
    try:
        return client.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return False


@pytest.mark.parametrize("expecting", [True, False])
async def test_a_sender_refused_in_the_middle_reads_the_answer(
    gateway: Gateway, account: str, expecting: bool
) -> None:
    """Unlike an asyncio stream, this one reads nothing before it asks to: what a reset takes away is gone."""
    loop = asyncio.get_running_loop()
    head = [
        "POST /upload HTTP/1.1",
        "Host: a",
        f"Authorization: Bearer {gateway.auth.token(account)}",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {SIZE}",
        *(["Expect: 100-continue"] if expecting else []),
    ]
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.setblocking(False)
        async with asyncio.timeout(30):
            await loop.sock_sendall(client, "\r\n".join([*head, "", ""]).encode())
            if expecting:
                assert (await loop.sock_recv(client, 1024)).startswith(b"HTTP/1.1 100 ")
            begin = b"--b\r\nnot a header\r\n\r\n"
            await loop.sock_sendall(client, begin)
            await wait_for(lambda: has_come(client), message="it is refused")
            left = SIZE - len(begin)
            while left:
                await loop.sock_sendall(client, PIECE[:left])
                left -= min(left, len(PIECE))
            assert (await loop.sock_recv(client, 1024)).startswith(b"HTTP/1.1 400 ")


async def test_who_was_read_on_from_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_answers, "MOST", 2)
    monkeypatch.setattr(early_answers, "SECONDS", 60.0)

    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        return None

    app, never = early_answers.EarlyAnswers(refuse), asyncio.Event()
    scope: Any = {"type": "http", "headers": [(b"content-length", b"9")]}
    clients = [asyncio.create_task(app(scope, never.wait, never.wait)) for _ in range(3)]  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(10):
            await clients[0]
        assert [each.done() for each in clients] == [True, False, False]
    finally:
        for each in clients:
            each.cancel()


async def test_who_announces_a_body_and_sends_it_without_our_word_reads_the_answer(gateway: Gateway) -> None:
    loop = asyncio.get_running_loop()
    head = ["PUT /upload/a HTTP/1.1", "Host: a", f"Content-Length: {SIZE}", "Expect: 100-continue", "", ""]
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.setblocking(False)
        async with asyncio.timeout(30):
            await loop.sock_sendall(client, "\r\n".join(head).encode())
            await wait_for(lambda: has_come(client), message="it is refused")
            for _ in range(SIZE // len(PIECE)):
                await loop.sock_sendall(client, PIECE)
            assert (await loop.sock_recv(client, 1024)).startswith(b"HTTP/1.1 401 ")
