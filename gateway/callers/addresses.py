"""The address of a client: the socket's, or the one that a proxy trusted by the operator adds.

Such a proxy appends its client's address to X-Forwarded-For. Everything left of the first address that is
not trusted was written by strangers. An entry that is no address (such as `unknown`) is not used.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection
from msgspec import Struct

Network = IPv4Network | IPv6Network
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")


def networks(text: str) -> tuple[Network, ...]:
    """Read networks or addresses, separated by commas. Raises ValueError."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the nearest address that is not a trusted proxy's; `forwarded`: X-Forwarded-For, by header."""
    hops = [hop.strip() for each in forwarded for hop in each.split(",")]
    address = _address(peer)
    while hops and address and any(address in network for network in trusted):
        if not (nearer := _address(hops.pop())):
            break
        address = nearer
    return str(address) if address else peer


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as sockets and proxies write it: some add a port, and one client has many."""
    if bare := _WITH_PORT.fullmatch(text):
        text = bare[1] or bare[2]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


class Origin(Struct, frozen=True):
    """The client of a request, by its address, and the secret by which auth believes it."""

    service_token: str = ""
    trusted: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return "Origin(…)"

    def client(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        """Return the address of the client."""
        peer = connection.client.host if connection.client else ""
        return client_address(peer, connection.headers.getall("x-forwarded-for", []), self.trusted)

    def headers(self, connection: ASGIConnection[Any, Any, Any, Any]) -> dict[str, str]:
        """Return the headers to send along; none without a secret."""
        if not self.service_token:
            return {}
        return {"tonearm-service": self.service_token, "tonearm-client": self.client(connection)[:100]}
