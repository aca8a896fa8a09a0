"""Anybody may knock at these doors: nobody may stand in them."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide
from structlog.testing import capture_logs
from waiting import wait_for

from gateway.accounts import letters, sessions
from gateway.accounts.auth_client import AuthClient, AuthProxy
from gateway.accounts.entry import WaysIn
from gateway.callers.cookies import Cookies
from gateway.http.problems import answer
from infra.local.ports import free_port
from service.http.server import serve
from tests.gateway.running import FakeAuth, auth_running, gateway_running


@asynccontextmanager
async def doors(auth_url: str, seconds: float) -> AsyncIterator[int]:
    """Serve these routes alone; the port."""
    port, stop = free_port(), asyncio.Event()

    async with httpx.AsyncClient() as client:
        auth_client = AuthClient(client, auth_url)
        proxy, ways_in = AuthProxy(auth_client, seconds=seconds), WaysIn(auth_client)
        app = Litestar(
            [*sessions.ROUTES, *letters.ROUTES],
            dependencies={
                "auth": Provide(lambda: proxy, sync_to_thread=False),
                "ways_in": Provide(lambda: ways_in, sync_to_thread=False),
                "session_cookies": Provide(Cookies, sync_to_thread=False),
            },
            exception_handlers={Exception: answer},
            logging_config=None,
        )
        serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop, grace=1.0))

        async def listening() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        await wait_for(listening)
        try:
            yield port
        finally:
            stop.set()
            await serving


async def begin(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Announce a hundred bytes, and send one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx".encode())
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize("path", ["/login", "/register"])
@pytest.mark.parametrize("dripping", [False, True])
async def test_a_body_that_does_not_end_is_not_waited_for(auth: FakeAuth, path: str, dripping: bool) -> None:
    async with doors(auth.url, 0.5) as port:
        reader, writer = await begin(port, path)

        async def drip() -> None:
            while dripping:
                await asyncio.sleep(0.1)
                writer.write(b"x")

        dropping = asyncio.create_task(drip())
        try:
            async with asyncio.timeout(5):
                head = await reader.readuntil(b"\r\n\r\n")
        finally:
            dropping.cancel()
            writer.close()
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in head


async def test_who_goes_away_in_the_middle_is_no_fault_of_ours(auth: FakeAuth) -> None:
    with capture_logs() as logs:
        async with doors(auth.url, 5) as port:
            for _ in range(5):
                _, writer = await begin(port, "/login")
                await asyncio.sleep(0)
                writer.close()
                await writer.wait_closed()
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                assert (await client.post("/login")).status_code == 429
    assert [each for each in logs if each["log_level"] == "error"] == []


CROWD = 1030
"""More than may wait for their own bodies, or for auth."""


@contextmanager
def room_for_a_crowd() -> Iterator[None]:
    """Let this process and those it starts open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "length",
    [pytest.param(100, id="half sent", marks=pytest.mark.long), pytest.param(1, id="not answered by auth")],
)
async def test_a_crowd_of_stalled_sign_ins_keeps_nobody_else_from_the_gateway(
    broker: Any, mongodb_url: str, account: str, length: int
) -> None:
    request = f"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nx".encode()
    with room_for_a_crowd():
        async with (
            auth_running() as auth,
            gateway_running(broker, mongodb_url, auth, CONNECTIONS_PER_ADDRESS="1500") as gateway,
            gateway.as_(account) as client,
            AsyncExitStack() as stack,
        ):
            assert (await client.get("/jobs")).status_code == 200  # it knows auth's keys from now on
            auth.speaks.clear()
            stack.callback(auth.speaks.set)
            crowd = []
            for _ in range(CROWD):
                reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
                stack.callback(writer.close)
                writer.write(request)
                crowd.append(asyncio.create_task(reader.readuntil(b"\r\n\r\n")))
                stack.callback(crowd[-1].cancel)
            sent = await client.put("/upload/a.mp4", content=b"x")
            assert sent.status_code == 202, sent.text
            assert len((await client.get("/jobs")).json()["items"]) == 1
            assert (await client.get("/health/ready")).status_code == 200
            assert not all(each.done() for each in crowd[:1000]), "who stalls was waited for"
            answers = asyncio.as_completed(crowd)
            refused = await next(answers)
            if length == 1:
                while b"HTTP/1.1 408 " in refused:  # its body was not even read before others came
                    refused = await next(answers)
                assert b"HTTP/1.1 503 " in refused
                assert b"retry-after: " in refused
            else:
                assert b"HTTP/1.1 408 " in refused


async def test_a_form_that_comes_too_early_is_told_when_to_come_again(auth: FakeAuth) -> None:
    form = {"email": "ann@example.com"}
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    async with doors(auth.url, 5.0) as port, httpx.AsyncClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/password/forgot", data=form, headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("program", "told"), [("MyApp é", "MyApp"), ("é MyApp", "MyApp"), ("x" * 999 + " MyApp", "x" * 999)]
)
async def test_a_program_is_told_of_in_plain_letters(auth: FakeAuth, program: str, told: str) -> None:
    headers = {"User-Agent": program.encode("latin-1")}
    async with doors(auth.url, 5.0) as port, httpx.AsyncClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/login", headers=headers)
    assert answer.status_code == 429, "auth's own answer"
    assert f"\r\nuser-agent: {told}\r\n" in auth.posted[-1][0].lower().replace("myapp", "MyApp")
