"""Downloads that nobody reads: what they hold, for how long, and how many an account may have."""

import asyncio
import socket
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from events.ids import new_id
from gateway.errors import TooManyDownloads
from gateway.http.capacity import Downloads
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


async def status(client: socket.socket) -> int:
    """The status of its answer, which is all that it reads."""
    line = await asyncio.get_running_loop().sock_recv(client, len(b"HTTP/1.1 200"))
    return int(line.split()[1])


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
                    client = await deaf(gateway, path, account)
                    stack.callback(client.close)
                    assert await status(client) == 200
                async with gateway.as_(account) as other:
                    assert (await other.get(path)).json()["type"] == "/problems/too-many-downloads"
            async with gateway.as_(accounts[0]) as other:
                assert (await other.get("/jobs")).status_code == 200

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


async def test_who_asks_for_many_at_the_same_moment_gets_no_more(gateway: Gateway, account: str) -> None:
    path = await converted(gateway, account)
    clients = await asyncio.gather(*(deaf(gateway, path, account) for _ in range(4 * OF_ACCOUNT)))
    answers = Counter(await asyncio.gather(*map(status, clients)))
    assert answers == {200: OF_ACCOUNT, 429: 3 * OF_ACCOUNT}
    for client in clients:
        client.close()


@pytest.mark.parametrize("other", ["192.0.2.1", "2001:db8::2"])
def test_an_address_has_a_share_of_the_downloads_whatever_accounts_it_uses(other: str) -> None:
    downloads = Downloads(of_account=2, of_address=3, most=100)
    one = "2001:db8::1" if ":" in other else other
    with downloads.one("a", one), downloads.one("a", one), downloads.one("b", other):
        with pytest.raises(TooManyDownloads), downloads.one("c", one):
            pass
        with downloads.one("c", "198.51.100.1"):
            pass
    with downloads.one("c", one):
        pass
