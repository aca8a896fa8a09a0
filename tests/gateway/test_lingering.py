"""Who is refused in the middle of a body gets to read why."""

import asyncio

import pytest

from tests.gateway.running import Gateway

SIZE = 2 * 1024 * 1024
PIECE = bytes(64 * 1024)


@pytest.mark.parametrize("expecting", [True, False])
async def test_a_sender_refused_in_the_middle_reads_the_answer(
    gateway: Gateway, account: str, expecting: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = [
        "POST /upload HTTP/1.1",
        "Host: a",
        f"Authorization: Bearer {gateway.auth.token(account)}",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {SIZE}",
        *(["Expect: 100-continue"] if expecting else []),
    ]
    writer.write("\r\n".join([*head, "", ""]).encode())
    async with asyncio.timeout(10):
        if expecting:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        begin = b"--b\r\nnot a header\r\n\r\n"
        writer.write(begin)
        await writer.drain()
        await asyncio.sleep(0.3)  # a slow sender, who is refused meanwhile
        left = SIZE - len(begin)
        while left:
            writer.write(PIECE[:left])
            await writer.drain()
            left -= min(left, len(PIECE))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_who_waits_for_our_word_is_not_waited_for(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"PUT /upload/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
    async with asyncio.timeout(1.5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")
    writer.close()
