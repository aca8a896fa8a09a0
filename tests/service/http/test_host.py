"""Every server of ours wants exactly one good Host (RFC 9112, 3.2)."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from litestar.types import Receive, Scope, Send
from waiting import wait_for

from infra.local.ports import free_port
from service.http.server import serve


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok", "more_body": False})


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    port, stop = free_port(), asyncio.Event()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop, grace=1.0))

    async def listening() -> bool:
        try:
            return await asked(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") is not None
        except OSError:
            return False

    await wait_for(listening)
    yield port
    stop.set()
    await serving


async def asked(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
    writer.close()
    return int(head.split()[1]), body


GOOD = [
    b"a",
    b"tonearm.example",
    b"127.0.0.1:8080",
    b"[::1]:8080",
    b"[::1]",
    b"a_b.c:",
    b"xn--bcher-kva.example:443",
]
BAD = [
    b"",
    b" ",
    b"a b",
    b"a/b",
    b"http://a",
    b"a@b",
    b"[::1",
    b"[a]",
    b"[:::]",
    b"::1",
    b"a:b",
    b"a:65536",
    b"a%2",
    b"\xc3\xbc",
    b"a?b",
    b"a#b",
    b'a"b',
]


@pytest.mark.parametrize("host", GOOD)
async def test_a_request_with_one_host_is_served(port: int, host: bytes) -> None:
    assert await asked(port, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n") == (200, b"ok")


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Host: a\r\nHost: a\r\n",
        b"Host: a\r\nX-A: b\r\nhost: b\r\n",
        *(b"Host: " + host + b"\r\n" for host in BAD),
    ],
)
async def test_a_request_with_two_hosts_none_or_a_bad_one_is_refused(port: int, headers: bytes) -> None:
    status, body = await asked(port, b"GET /jobs HTTP/1.1\r\n" + headers + b"\r\n")
    assert status == 400
    problem = json.loads(body)
    assert (problem["type"], problem["instance"]) == ("/problems/bad-host", "/jobs")


async def test_an_old_request_may_name_no_host(port: int) -> None:
    assert await asked(port, b"GET / HTTP/1.0\r\n\r\n") == (200, b"ok")
    assert (await asked(port, b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"))[0] == 400
