"""The networks that count as one client, wherever clients are counted.

An IPv4 address is one. Of IPv6 one client has at least a /64, out of which it may take any address, and often
a whole /48: that counts, too, with a larger share, as it may also be a campus (RFC 6177).
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address

SITE = 8
"""The share of a /48, in clients."""


def shares(address: str) -> Mapping[str, int]:
    """Return the networks of an address, each with the number of clients whose share it has."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return {network(address): 1, str(IPv6Network((found, 48), strict=False)): SITE}
    return {network(address): 1}


def network(address: str) -> str:
    """Return the network of one client: of IPv6, its /64. What is no address stays as it is."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False).network_address)
    return address if found is None else found


def _address(text: str) -> IPv6Address | str | None:
    """Read an address; IPv4 as text, also where it stands in IPv6 (`::ffff:192.0.2.1`)."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and not found.ipv4_mapped:
        return IPv6Address(int(found))  # without a zone
    return str(found.ipv4_mapped if isinstance(found, IPv6Address) else found)
