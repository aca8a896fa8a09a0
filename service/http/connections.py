"""The connections that a server holds, and what one address may have of them.

Granian accepts and holds connections in Rust. It knows no share of an address and cannot be made to close a
connection. But its sockets are our process's own: `/dev/fd` lists them, and a shutdown by a duplicate ends
one, whoever holds it. So a look every quarter of a second is enough, and no byte takes a longer way.

A connection without a request under way is silent. Silent ones go first, the longest silence before others.
"""

import asyncio
import os
import resource
import socket
import struct
import termios
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fcntl import ioctl
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import islice
from time import monotonic
from typing import NamedTuple

import structlog
from msgspec import Struct

from service.networks import shares

log = structlog.get_logger()

Network = IPv4Network | IPv6Network

_LOOK_EVERY = 0.25
_ALL_EVERY = 2.0
"""Seconds between looks while there are too few for anybody to have too many."""
_RESERVED = 512
"""Descriptors left for everything else: databases, broker, files."""
_MOST_DESCRIPTORS = 16_384
_KEPT = 32_768
"""Hosts of which it is kept whether they are trusted."""
_INTERNET = (socket.AF_INET, socket.AF_INET6)
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: a reset, so that the kernel keeps nothing for a client that does not read."""


class Peer(NamedTuple):
    """The other end of a connection."""

    host: str
    port: int


class Share(Struct, frozen=True, kw_only=True):
    """The share of the connections that clients may have.

    Networks that are `trusted` are proxies', which have clients of their own; they have no share. Silence of
    `idle` seconds ends a connection.
    """

    of_address: int = _MOST_DESCRIPTORS
    trusted: tuple[Network, ...] = ()
    idle: float = 75.0


class Seen(NamedTuple):
    """A connection as it was found: since when it is silent (None: a request is under way), and the bytes
    that its client has not received yet."""

    silent_since: float | None
    unsent: int


def capacity() -> int:
    """Return how many connections the process can hold, after it has raised its limit of descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a limit below its own hard one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(min(soft, _MOST_DESCRIPTORS) - _RESERVED, 64)


def excess(seen: Mapping[Peer, Seen], share: Share, most: int, now: float) -> list[Peer]:
    """Return the connections to end: those silent for too long, and those above a client's share. Pure.

    Where all together would have more than `most`, those go whose clients have more than others have, and
    among equals the most silent.
    """
    silences = {peer: -1.0 if since is None else now - since for peer, (since, _) in seen.items()}
    gone = [peer for peer, silence in silences.items() if silence > share.idle]
    left = [
        peer
        for peer in sorted(seen, key=silences.__getitem__)
        if silences[peer] <= share.idle and not is_trusted(peer.host, share.trusted)
    ]
    ranks = _ranks(left)
    left.sort(key=ranks.__getitem__)
    return gone + left[min(bisect_right(left, share.of_address, key=ranks.__getitem__), most) :]


def _ranks(peers: Sequence[Peer]) -> dict[Peer, int]:
    """Return which of its client's connections each is: the first, the second, and so on, in this order.

    In a network with the share of several clients, so many are the first.
    """
    ranks = dict.fromkeys(peers, 1)
    for counted in (0, 1):
        # What is beyond the share of a small network comes last in the large one, or it would take all of it.
        counts = Counter[str]()
        for peer in sorted(peers, key=ranks.__getitem__):
            for network, clients in islice(shares(peer.host).items(), counted, counted + 1):
                counts[network] += 1
                ranks[peer] = max(ranks[peer], -(-counts[network] // clients))
    return ranks


@lru_cache(_KEPT)
def is_trusted(host: str, trusted: Sequence[Network]) -> bool:
    """Return True for the address of a trusted proxy."""
    address = ip_address(host)
    bare = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
    return any(bare in each for each in trusted)


class Connections:
    """The connections to one port of this process."""

    def __init__(self, port: int, share: Share, most: int) -> None:
        """`most` is how many all clients together may have."""
        self._port, self._share, self._most = port, share, most
        self._busy: dict[Peer, int] = {}
        self._seen: dict[Peer, Seen] = {}
        self._looked = float("-inf")

    @contextmanager
    def serving(self, peer: Peer) -> Iterator[None]:
        """Note that a request of this client is under way."""
        self._busy[peer] = self._busy.get(peer, 0) + 1
        try:
            yield
        finally:
            self._busy[peer] -= 1
            if not self._busy[peer]:
                del self._busy[peer]
                self._seen[peer] = Seen(monotonic(), -1)

    async def keep_shared(self) -> None:
        """End for ever what clients have beyond their share."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                many = len(_descriptors()) > min(self._share.of_address, self._most)
                if many or monotonic() - self._looked > _ALL_EVERY:
                    await self._look()
            except OSError as error:  # no descriptor is left for the list: some come free without us, too
                log.warning("connections_not_seen", error=str(error))

    def unsent(self, peer: Peer) -> int:
        """Return the bytes that the kernel held for this client at the last look."""
        return max(self._seen[peer].unsent, 0) if peer in self._seen else 0

    async def end(self, peer: Peer) -> None:
        """End a client's connection at once."""
        await asyncio.to_thread(_end, self._port, {peer})

    async def _look(self) -> None:
        found = await asyncio.to_thread(_unsent, self._port)
        self._looked = now = monotonic()
        self._seen = {peer: self._judged(peer, unsent, now) for peer, unsent in found.items()}
        seen = dict(self._seen)  # requests that end meanwhile change it
        if gone := await asyncio.to_thread(excess, seen, self._share, self._most, now):
            log.info("connections_ended", count=len(gone), of=len(found))
            await asyncio.to_thread(_end, self._port, set(gone))

    def _judged(self, peer: Peer, unsent: int, now: float) -> Seen:
        if peer in self._busy:
            return Seen(None, unsent)
        before = self._seen.get(peer)
        if before is None or before.silent_since is None or before.unsent not in (unsent, -1):
            return Seen(now, unsent)  # new, or still receiving its last answer
        return Seen(before.silent_since, unsent)


def _unsent(port: int) -> dict[Peer, int]:
    """Return the port's connections, each with the bytes that its client has not received yet."""
    return {peer: _waiting(connection) for peer, connection in _connections(port)}


def _end(port: int, peers: set[Peer]) -> None:
    for peer, connection in _connections(port):
        if peer in peers:
            with suppress(OSError):  # it has ended by itself
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                connection.shutdown(socket.SHUT_RDWR)


def _connections(port: int) -> Iterator[tuple[Peer, socket.socket]]:
    for descriptor in _descriptors():
        # Whoever holds the descriptor may close it meanwhile, and another may get its number. So only the
        # duplicate is looked at, and its own port tells whether it is one of ours.
        with suppress(OSError), _duplicate(descriptor) as connection:
            if connection.family in _INTERNET and connection.getsockname()[1] == port:
                host, peer_port = connection.getpeername()[:2]  # the listening socket has none
                yield Peer(host.partition("%")[0], peer_port), connection


def _descriptors() -> list[int]:
    return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208 - by the thousand, four times a second


def _duplicate(descriptor: int) -> socket.socket:
    """Raises OSError where it is no socket."""
    duplicate = os.dup(descriptor)
    try:
        return socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise


def _waiting(connection: socket.socket) -> int:
    with suppress(OSError):  # only Linux knows
        return int(struct.unpack("i", ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0])
    return 0
