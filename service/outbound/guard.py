"""The addresses of a host, if a request may go to all of them."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from service.outbound.addresses import Address, Allowed
from service.outbound.errors import NameUnknown, NotPublic, TooSlow
from service.outbound.urls import Target, literal

Resolve = Callable[[str], Awaitable[list[Address]]]
"""Returns a name's addresses, the best first. Raises OSError."""

_SECONDS = 10.0
"""For one look-up."""
_LOOKUPS = 64
"""At once. Threads of their own: names that nobody answers for must not hold up what else needs threads.

Such a name holds its thread longer than anybody waits for it, and those of one account shall not hold all.
"""


class Guard:
    """Finds where requests may go."""

    def __init__(self, allowed: Allowed, resolve: Resolve | None = None) -> None:
        """By default names are resolved as this machine does it."""
        self._allowed = allowed
        self._resolve = resolve or SystemResolver()

    async def check(self, target: Target) -> None:
        """Raise Refused if a request may not go there. A name that has no address may have one later."""
        try:
            await self.addresses(target.host, target.port)
        except (NameUnknown, TooSlow):
            return

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Return the addresses of a target's host, the best first.

        Raises NotPublic if *one* of them is not allowed: a name that also leads into our network is a trap.
        Raises NameUnknown, TooSlow.
        """
        found = await self._look_up(host)
        if not all(self._allowed.takes(address, port) for address in found):
            raise NotPublic(
                "the address leads into a network that is not public, or to another port than 80 and 443"
            )
        return found

    async def _look_up(self, host: str) -> list[Address]:
        address = literal(host)
        if address is not None:
            return [address]
        try:
            async with asyncio.timeout(_SECONDS):
                found = await self._resolve(host)
        except TimeoutError:
            raise TooSlow("the host's name was not resolved in time") from None
        except OSError as error:
            raise NameUnknown("the host's name has no address") from error
        if not found:
            raise NameUnknown("the host's name has no address")
        return found


class SystemResolver:
    """Asks this machine's resolver, which knows its hosts file and its search domains.

    Who asks for a name that is being looked up waits for the same answer.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="resolver")
        self._under_way: dict[str, asyncio.Future[list[Address]]] = {}

    async def __call__(self, host: str) -> list[Address]:
        """Return a name's addresses. Raises OSError."""
        looking = self._under_way.get(host)
        if looking is None:
            looking = self._under_way[host] = asyncio.get_running_loop().run_in_executor(
                self._threads, _addresses, host.encode("ascii")
            )
            looking.add_done_callback(lambda _: self._under_way.pop(host))
        return await asyncio.shield(looking)


def _addresses(host: bytes) -> list[Address]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in found))
