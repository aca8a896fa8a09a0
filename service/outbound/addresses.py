"""The internet addresses that are for everybody, and those that an operator allows besides.

Python's `is_global` alone does not do. It takes multicast, and addresses that carry another one inside, which
a router on the way may unwrap: NAT64, 6to4, IPv4-compatible. So IPv6 must be in 2000::/3, which is all that
hosts of the world have, and outside of what is set aside there (the registries of RFC 6890).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from msgspec import Struct

from service.settings import InvalidSetting

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS = frozenset({80, 443})
"""Of hosts that are for everybody."""

_WORLD = IPv6Network("2000::/3")
_SET_ASIDE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT; Alibaba's metadata
        "127.0.0.0/8",  # this machine
        "168.63.129.16/32",  # Azure's own services, in every virtual network, though the address looks public
        "169.254.0.0/16",  # this link; the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4's relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast
        "2001::/23",  # protocols: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


def is_public(address: Address) -> bool:
    """Return True if the address is a host's of the world, and no other one hides in it."""
    if isinstance(address, IPv6Address) and address not in _WORLD:
        return False
    return address.is_global and not any(address in network for network in _SET_ASIDE)


class Allowed(Struct, frozen=True):
    """The reach of requests: the world at its ports, and `networks` at any port."""

    networks: tuple[Network, ...] = ()

    def takes(self, address: Address, port: int) -> bool:
        """Return True if a request may go there."""
        if any(address in network for network in self.networks):
            return True
        return port in PORTS and is_public(address)


def read(text: str) -> Allowed:
    """Read networks such as `10.0.0.0/8, fd00::/8`, or addresses. Raises ValueError, with the wrong one."""
    return Allowed(tuple(ip_network(each.strip()) for each in text.split(",") if each.strip()))


def allowed(name: str, setting: str) -> Allowed:
    """Read the setting of this name, a list of networks. Raises InvalidSetting."""
    try:
        return read(setting)
    except ValueError as error:
        raise InvalidSetting(f"setting: {name}: {error}") from None
