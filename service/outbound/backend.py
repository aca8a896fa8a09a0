"""Connections of httpcore that go nowhere but to what the guard has let through."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore

from service.outbound.addresses import Address
from service.outbound.errors import NotPublic
from service.outbound.guard import Guard

_TRIED = 4
"""Addresses of one host, each with its share of the time."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a host itself, and connects to the addresses that the guard returned.

    The certificate is still checked against the name: httpcore does that on top of the connection.
    """

    def __init__(self, guard: Guard, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        """`network` makes the connections."""
        self._guard = guard
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect. Raises what the guard raises, and httpcore's ConnectError and ConnectTimeout."""
        found = (await self._guard.addresses(host, port))[:_TRIED]
        share = None if timeout is None else timeout / len(found)
        for address in found[:-1]:
            try:
                return await self._connect(address, port, share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._connect(found[-1], port, share)

    async def _connect(
        self, address: Address, port: int, timeout: float | None
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._network.connect_tcp(str(address), port, timeout)
        peer = stream.get_extra_info("server_addr")
        if not peer or ip_address(peer[0]) != address:
            await stream.aclose()
            raise NotPublic("the connection does not end where it was to go")
        return stream

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: nothing in a URL means a socket of this machine."""
        raise NotPublic("sockets of this machine are not for everybody")

    async def sleep(self, seconds: float) -> None:
        """Wait, between httpcore's own tries."""
        await self._network.sleep(seconds)
