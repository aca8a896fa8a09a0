"""One odd byte of a request is the client's fault, on every route: never ours."""

import asyncio
import gzip
import itertools
import re

from events.ids import new_id
from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing
from tests.gateway.running import Gateway

READ = (
    b"Accept",
    b"Accept-Language",
    b"Authorization",
    b"Content-Encoding",
    b"Content-Type",
    b"Expect",
    b"Idempotency-Key",
    b"If-Match",
    b"If-Modified-Since",
    b"If-None-Match",
    b"If-Range",
    b"Last-Event-ID",
    b"Origin",
    b"Prefer",
    b"Range",
    b"Sec-Fetch-Site",
    b"Traceparent",
    b"X-Forwarded-For",
)
NOT_READ = (b"User-Agent", b"Referer", b"Cookie", b"Cf-Ipcity", b"Forwarded", b"Dnt")
NONSENSE = (b"Accept: text/html;q=1e999", b"Accept: ;q=nan, /", b"Origin: http://[", b"Range: bytes=-")
ODD = ("é".encode("latin-1"), "é".encode(), b"\xff")

AWAY = ("/health/ready", "/entry")
"""By their contracts these answer 503 while another service is away or slow: no header does that."""


def routes() -> list[tuple[str, str]]:
    """Every route of the application, however new, with an address that fits it."""
    found = [
        (method, _PART.sub(new_id(), route.path_format))
        for route in litestar_app(parts_of_nothing()).routes
        for method in sorted(route.methods)  # type: ignore[union-attr]
    ]
    return [*found, ("GET", "/nothing-here"), ("PATCH", "/jobs")]


_PART = re.compile(r"\{[^}]*\}")


async def ask(
    gateway: Gateway, method: str, path: str, *headers: bytes, body: bytes = b""
) -> tuple[int, bytes]:
    """Return the status of an answer, and its head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: localhost", b"Content-Length: %d" % len(body)]
    writer.write(b"\r\n".join([*lines, *headers, b"", body]))
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    finally:
        writer.close()
    return int(head.split(b" ", 2)[1]), head.lower()


async def test_one_odd_byte_in_a_header_is_a_4xx_on_every_route(gateway: Gateway) -> None:
    for (method, path), odd in zip(routes(), itertools.cycle(ODD), strict=False):
        for header in READ:
            status, head = await ask(gateway, method, path, header + b": a" + odd)
            assert status == 400, (method, path, header)
            assert b"application/problem+json" in head or method == "HEAD"
        for header in NOT_READ:
            status, _ = await ask(gateway, method, path, header + b": a" + odd)
            assert status < 500 or (status == 503 and path in AWAY), (method, path, header)


async def test_a_header_that_is_nonsense_is_never_our_fault(gateway: Gateway) -> None:
    paths = [("POST", "/login?cookies=true"), *routes()]
    for (method, path), header in itertools.product(paths, NONSENSE):
        status, _ = await ask(gateway, method, path, header)
        assert status < 500 or (status == 503 and path in AWAY), (method, path, header)


async def test_an_encoded_body_is_refused_on_every_route_that_takes_one(
    gateway: Gateway, account: str
) -> None:
    token = b"Authorization: Bearer " + gateway.auth.token(account).encode()
    body = gzip.compress(b"a video, or a password")
    for method, path in routes():
        if method in {"POST", "PUT", "PATCH"}:
            status, head = await ask(gateway, method, path, token, b"Content-Encoding: gzip", body=body)
            assert status == 415, (method, path)
            assert b"\r\naccept-encoding: identity\r\n" in head
    async with gateway.as_(account) as client:
        assert (await client.get("/jobs")).json()["items"] == []
        plain = await client.put("/upload/a.mp4", content=b"video", headers={"Content-Encoding": "identity"})
        assert plain.status_code == 202
