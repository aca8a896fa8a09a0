"""The networks that count as one client, wherever clients are counted.

An IPv4 address is one. Of IPv6 one client has at least a /64, out of which it may take any address, and often
a whole /48: that counts, too, with a larger share, as it may also be a campus (RFC 6177).
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

SITE = 8
"""The share of a /48, in clients."""

_IN_64, _IN_48 = 64, 80
"""Bits of an IPv6 address that name a place inside such a network."""
_KEPT = 32_768
"""Addresses whose networks are kept: a server looks at all of its clients several times a second."""


@lru_cache(_KEPT)
def shares(address: str) -> Mapping[str, int]:
    """Return the networks of an address, the smallest first, each with the clients whose share it has."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return {network(address): 1, f"{_start(found, _IN_48)}/48": SITE}
    return {network(address): 1}


def network(address: str) -> str:
    """Return the network of one client: of IPv6, its /64. What is no address stays as it is."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return _start(found, _IN_64)
    return address if found is None else found


def _start(address: IPv6Address, bits: int) -> str:
    return str(IPv6Address(int(address) >> bits << bits))


def _address(text: str) -> IPv6Address | str | None:
    """Read an address; IPv4 as text, also where it stands in IPv6 (`::ffff:192.0.2.1`)."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and not found.ipv4_mapped:
        return IPv6Address(int(found))  # without a zone
    return str(found.ipv4_mapped if isinstance(found, IPv6Address) else found)
