"""Downloads that nobody reads: what they hold, for how long, and how many an account may have."""

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from waiting import wait_for

from events.ids import new_id
from tests.gateway.running import FakeAuth, Gateway, gateway_running

MIB = 1024 * 1024
OF_ACCOUNT = 20
ACCOUNTS = 3


async def converted(gateway: Gateway, account: str) -> str:
    """The path of an account's audio of 16 MiB."""
    async with gateway.as_(account) as client:
        job_id: str = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        await gateway.convert(job_id, account, bytes(16 * MIB))

        async def there() -> bool:
            return (await client.head(f"/jobs/{job_id}/audio")).status_code == 200

        await wait_for(there)
    return f"/jobs/{job_id}/audio"


async def deaf(gateway: Gateway, path: str, account: str) -> socket.socket:
    """A client that asks, and does not read."""
    client, loop = socket.socket(), asyncio.get_running_loop()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await loop.sock_connect(client, ("127.0.0.1", gateway.port))
    token = gateway.auth.token(account)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    await loop.sock_sendall(client, head.encode())
    return client


def memory_of(gateway: Gateway) -> int:
    """The bytes of memory that the process holds."""
    assert gateway.process
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def test_downloads_that_nobody_reads_hold_little_end_soon_and_leave_others_served(
    broker: Any, mongodb_url: str, auth: FakeAuth
) -> None:
    settings = {"ANSWER_IDLE_SECONDS": "10"}
    async with gateway_running(broker, mongodb_url, auth, **settings) as gateway:
        accounts = [new_id() for _ in range(ACCOUNTS)]
        paths = {account: await converted(gateway, account) for account in accounts}
        before, peak = memory_of(gateway), 0
        with ExitStack() as stack:
            for account, path in paths.items():
                for _ in range(OF_ACCOUNT):
                    stack.callback((await deaf(gateway, path, account)).close)
                async with gateway.as_(account) as client:

                    async def refused(client: Any = client, path: str = path) -> bool:
                        async with client.stream("GET", path) as answer:
                            kind = await answer.aread() if answer.status_code == 429 else b""
                        return b"/problems/too-many-downloads" in kind

                    await wait_for(refused)
            async with gateway.as_(accounts[0]) as client:
                assert (await client.get("/jobs")).status_code == 200

            def all_given_up() -> bool:
                nonlocal peak
                peak = max(peak, memory_of(gateway))
                ended = [line for line in gateway.lines if line.get("event") == "client_given_up"]
                return len(ended) >= ACCOUNTS * OF_ACCOUNT

            await wait_for(all_given_up, 60)
            assert peak - before < ACCOUNTS * OF_ACCOUNT * 4 * MIB
        for account, path in paths.items():
            async with gateway.as_(account) as client:
                assert len((await client.get(path)).content) == 16 * MIB
        await wait_for(lambda: memory_of(gateway) - before < 60 * MIB, 20, "the memory is given back")
