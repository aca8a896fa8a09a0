"""Requests to addresses that strangers named, to a server that means harm."""

import asyncio
import gzip
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from servers.certificate import certificate
from servers.rogue import Rogue

from service.outbound.addresses import Address, read
from service.outbound.backend import GuardedBackend
from service.outbound.client import Call, Outbound, Patience
from service.outbound.errors import (
    BadAnswer,
    BadURL,
    NameUnknown,
    NotPublic,
    Refused,
    TLSFailed,
    TooSlow,
    Unreachable,
)
from service.outbound.guard import Guard, SystemResolver
from tests.service.outbound.test_addresses import PRIVATE

HERE = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Names:
    """A resolver whose answers are told, one after the other; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers, self.asked = answers, 0

    async def __call__(self, host: str) -> list[Address]:
        self.asked += 1
        answers = self.answers[host.partition(".")[0]]
        return [ip_address(each) for each in (answers.pop(0) if len(answers) > 1 else answers[0])]


def outbound(names: Names | None = None, allow: str = HERE, patience: Patience | None = None) -> Outbound:
    return Outbound(Guard(read(allow), names), patience or Patience(connect=5, answer=5, idle=5))


async def fetched(out: Outbound, url: str, redirects: int = 0, longest: int = 1000) -> tuple[int, bytes]:
    async with out.ask(Call(await out.check(url), redirects=redirects)) as answer:
        return answer.status, await answer.read(longest)


async def test_an_allowed_address_is_asked(rogue: Rogue):
    rogue.replies["/a?b"] = OK
    assert await fetched(outbound(), rogue.url("/a?b")) == (200, b"ok")
    assert f"Host: 127.0.0.1:{rogue.port}\r\n".encode() in rogue.requests[0]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_private_address_is_never_asked_whether_written_or_found(address: str):
    literal = f"[{address}]" if ":" in address else address
    out = outbound(Names(alone=[[address]], mixed=[["93.184.216.34", address]]), allow="")
    for url in (f"http://{literal}/", "http://alone.example/", "https://mixed.example/"):
        with pytest.raises(Refused):
            await out.check(url)


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_redirect_leads_to_no_private_address(rogue: Rogue, address: str):
    literal = f"[{address}]" if ":" in address else address
    rogue.replies["/"] = (
        f"HTTP/1.1 302 Found\r\nLocation: http://{literal}/\r\nContent-Length: 0\r\n\r\n".encode()
    )
    names = Names(good=[[HERE]])
    # Of this machine only the one address is allowed, and that one is asked by its name.
    if address != HERE:
        with pytest.raises(Refused):
            await fetched(outbound(names), rogue.url("/", "good.example"), redirects=3)
        assert len(rogue.requests) == 1


async def test_one_bad_address_among_good_ones_spoils_a_name(rogue: Rogue):
    rogue.replies["/"] = OK
    with pytest.raises(NotPublic):
        await fetched(outbound(Names(two=[[HERE, "10.0.0.1"]])), rogue.url("/", "two.example"))
    assert not rogue.requests


async def test_a_name_that_changes_after_the_check_is_refused_when_it_is_asked(rogue: Rogue):
    out = outbound(Names(fickle=[[HERE], ["127.0.0.2"]]))
    target = await out.check(rogue.url("/", "fickle.example"))
    with pytest.raises(NotPublic):
        async with out.ask(Call(target)):
            pass
    assert not rogue.requests


async def test_a_connection_goes_to_the_address_that_was_checked(rogue: Rogue):
    """The name is looked up once for a request: there is no second answer that could lead elsewhere."""
    rogue.replies["/"] = OK
    names = Names(fickle=[[HERE], ["127.0.0.2"]])
    out = outbound(names)
    async with out.ask(
        Call(await outbound(Names(fickle=[[HERE]])).check(rogue.url("/", "fickle.example")))
    ) as answer:
        assert answer.status == 200
    assert names.asked == 1


async def test_a_good_address_that_does_not_answer_gives_way_to_the_next(rogue: Rogue):
    rogue.replies["/"] = OK
    names = Names(two=[["127.0.0.3", HERE]])
    assert await fetched(outbound(names, allow="127.0.0.0/8"), rogue.url("/", "two.example")) == (200, b"ok")


class Detour(httpcore.AnyIOBackend):
    """A network that brings every connection to one place."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect_tcp(
        self, host: str, port: int, *more: Any, **options: Any
    ) -> httpcore.AsyncNetworkStream:
        return await super().connect_tcp(HERE, self.port)


async def test_a_connection_that_ends_elsewhere_is_not_used(rogue: Rogue):
    backend = GuardedBackend(Guard(read("")), Detour(rogue.port))
    with pytest.raises(NotPublic):
        await backend.connect_tcp("93.184.216.34", 80)


async def test_ports_other_than_the_webs_are_for_allowed_networks(rogue: Rogue):
    names = Names(public=[["93.184.216.34"]])
    out = outbound(names, allow="")
    await out.check("http://public.example/")
    for port in (22, 25, 6379, 8080):
        with pytest.raises(NotPublic):
            await out.check(f"http://public.example:{port}/")


async def test_redirects_are_followed_only_when_asked_for(rogue: Rogue):
    rogue.replies["/a"] = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    rogue.replies["/b"] = OK
    assert await fetched(outbound(), rogue.url("/a")) == (302, b"")
    assert await fetched(outbound(), rogue.url("/a"), redirects=1) == (200, b"ok")


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://127.1/", "http://u:p@127.0.0.1/", "\\\\x\\y"]
)
async def test_a_redirect_to_what_is_no_url_is_refused(rogue: Rogue, location: str):
    rogue.replies["/a"] = f"HTTP/1.1 301 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(BadURL):
        await fetched(outbound(), rogue.url("/a"), redirects=3)


async def test_redirects_in_a_circle_end(rogue: Rogue):
    rogue.replies["/a"] = b"HTTP/1.1 307 x\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(BadAnswer):
        await fetched(outbound(), rogue.url("/a"), redirects=4)
    assert len(rogue.requests) == 5


async def test_proxies_of_the_environment_are_not_used(rogue: Rogue, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    rogue.replies["/"] = OK
    assert await fetched(outbound(), rogue.url("/")) == (200, b"ok")


async def test_a_packed_answer_is_not_unpacked(rogue: Rogue):
    bomb = gzip.compress(bytes(1_000_000))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    rogue.replies["/"] = head + bomb
    assert await fetched(outbound(), rogue.url("/"), longest=5000) == (200, bomb)


async def drip(rogue: Rogue, writer: asyncio.StreamWriter, start: bytes, piece: bytes) -> None:
    writer.write(start)
    while await rogue.passes(0.02):
        writer.write(piece)
        await writer.drain()


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b""),
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    ],
    ids=[
        "silence",
        "a slow line",
        "slow headers",
        "100 for ever",
        "a slow body",
        "slow chunks",
        "slow trailers",
    ],
)
async def test_a_slow_answer_ends_when_time_is_over(rogue: Rogue, start: bytes, piece: bytes):
    rogue.replies["/"] = lambda writer: drip(rogue, writer, start, piece)
    patience = Patience(connect=600, answer=600, idle=600, total=0.4)
    async with asyncio.timeout(60):
        with pytest.raises(TooSlow):
            await fetched(outbound(patience=patience), rogue.url("/"))


async def test_headers_have_a_time_of_their_own(rogue: Rogue):
    """A long download has no total of time; its headers still may not take for ever."""
    rogue.replies["/"] = lambda writer: drip(rogue, writer, b"", b"HTTP/1.1 100 Continue\r\n\r\n")
    with pytest.raises(TooSlow):
        await fetched(outbound(patience=Patience(answer=0.3)), rogue.url("/"))


async def test_a_pause_in_the_body_ends_it(rogue: Rogue):
    async def stall(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
        await rogue.passes(30)

    rogue.replies["/"] = stall
    with pytest.raises(TooSlow):
        await fetched(outbound(patience=Patience(idle=0.3)), rogue.url("/"))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, BadAnswer),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000, BadAnswer),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 1_000_000, BadAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", BadAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", BadAnswer),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", BadAnswer),
        (b"\x15\x03\x01\x00\x02\x02\x16", BadAnswer),
        (b"", BadAnswer),
    ],
    ids=["long body", "many headers", "long header", "bad length", "cut", "SSH", "TLS", "nothing"],
)
async def test_an_answer_that_is_none_is_told(rogue: Rogue, reply: bytes, error: type[Exception]):
    rogue.replies["/"] = reply
    with pytest.raises(error):
        await fetched(outbound(), rogue.url("/"))


async def test_nobody_at_the_port_is_told(rogue: Rogue):
    url = rogue.url("/")
    async with Rogue().listening() as other:
        url = other.url("/")
    with pytest.raises(Unreachable):
        await fetched(outbound(), url)


async def test_a_name_that_nobody_knows_is_told():
    out = Outbound(Guard(read(""), SystemResolver()))
    target = await out.check("http://nobody.invalid/")
    with pytest.raises(NameUnknown):
        async with out.ask(Call(target)):
            pass


async def test_names_of_this_machine_are_refused():
    with pytest.raises(NotPublic):
        await Outbound(Guard(read(""))).check("http://localhost/")


async def test_names_that_nobody_answers_for_do_not_hold_up_others(monkeypatch: pytest.MonkeyPatch):
    """As many as an account has webhooks, each asked for again and again."""
    over, asked = threading.Event(), list[bytes]()

    def look_up(host: bytes, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        if host.startswith(b"silent"):
            over.wait(30)
            raise OSError
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolve = SystemResolver()
    waiting = [asyncio.create_task(resolve(f"silent{number % 20}.example")) for number in range(100)]
    try:
        async with asyncio.timeout(5):
            assert await resolve("good.example") == [ip_address("93.184.216.34")]
    finally:
        over.set()
    assert {type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)} == {OSError}
    assert len(asked) == 21, "each name once, though a hundred asked"


@pytest.fixture
async def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rogue]:
    """A server with a certificate for `good.example` and for its address, which we trust."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with Rogue().listening(context) as server:
        server.replies["/"] = OK
        yield server


async def test_the_certificate_is_checked_against_the_name_and_not_the_address(secure: Rogue):
    out = outbound(Names(good=[[HERE]], other=[[HERE]]))
    assert await fetched(out, secure.url("/", "good.example", "https")) == (200, b"ok")
    assert await fetched(out, secure.url("/", HERE, "https")) == (200, b"ok")
    with pytest.raises(TLSFailed):
        await fetched(out, secure.url("/", "other.example", "https"))


async def test_a_certificate_of_nobody_we_trust_is_told(secure: Rogue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(TLSFailed):
        await fetched(outbound(), secure.url("/", HERE, "https"))


async def test_a_host_that_speaks_no_tls_is_told(rogue: Rogue):
    rogue.replies["/"] = OK
    with pytest.raises((TLSFailed, TooSlow)):
        await fetched(outbound(patience=Patience(connect=1)), rogue.url("/", HERE, "https"))


async def test_a_host_that_breaks_tls_in_the_middle_is_lost(secure: Rogue):
    async def breaks(writer: asyncio.StreamWriter) -> None:
        writer.write(OK.replace(b": 2", b": 500"))
        await writer.drain()
        os.write(writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))
        await secure.passes(5)

    secure.replies["/"] = breaks
    with pytest.raises(Unreachable):
        await fetched(outbound(), secure.url("/", HERE, "https"))


async def test_a_host_that_breaks_tls_instead_of_an_answer_is_told(secure: Rogue):
    async def breaks(writer: asyncio.StreamWriter) -> None:
        os.write(writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))
        await secure.passes(5)

    secure.replies["/"] = breaks
    with pytest.raises(TLSFailed):
        await fetched(outbound(), secure.url("/", HERE, "https"))


async def test_no_error_names_the_address():
    names = Names(secret=[["10.0.0.1"]])
    with pytest.raises(NotPublic) as refused:
        await outbound(names).check("http://secret.example/token")
    assert "secret" not in refused.value.told
    assert "10." not in refused.value.told
