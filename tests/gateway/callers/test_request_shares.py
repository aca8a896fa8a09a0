"""Behind a proxy all connections are the proxy's, so requests are shared out by client."""

import asyncio
from ipaddress import ip_network
from typing import Any

from gateway.callers.request_shares import RequestShares
from service.http.connections import Share

SHARE = Share(of_address=2, trusted=(ip_network("10.0.0.0/8"),))


def request(peer: str, forwarded: str = "") -> dict[str, Any]:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return {"client": (peer, "1234"), "headers": headers, "path": "/jobs"}


async def test_a_client_of_a_proxy_has_so_many_requests_under_way_and_others_have_their_own() -> None:
    let_go = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await let_go.wait()
        await send({"status": 200})

    shares = RequestShares(app, SHARE)

    async def ask(peer: str, forwarded: str = "") -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await shares(request(peer, forwarded), None, send)  # type: ignore[arg-type]
        return int(sent[0]["status"])

    async with asyncio.TaskGroup() as tasks:
        greedy = [tasks.create_task(ask("10.0.0.1", "192.0.2.1")) for _ in range(2)]
        await asyncio.sleep(0)
        assert await ask("10.0.0.1", "192.0.2.1") == 429
        assert await ask("10.9.9.9", "198.51.100.1, 192.0.2.1, 10.0.0.1") == 429, "by whatever way it comes"
        honest = [("10.0.0.1", "192.0.2.2"), *[("10.0.0.1", "")] * 3, *[("192.0.2.1", "192.0.2.1")] * 3]
        others = [tasks.create_task(ask(*each)) for each in honest]
        await asyncio.sleep(0)
        let_go.set()
    assert {task.result() for task in (*greedy, *others)} == {200}
    assert await ask("10.0.0.1", "192.0.2.1") == 200
