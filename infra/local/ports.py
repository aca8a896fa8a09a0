"""Ports on the loopback interface: free ones, taken ones, waiting for one to open."""

import asyncio
import random
import socket

HOST = "127.0.0.1"
BELOW_EPHEMERAL = range(20_000, 32_000)
"""Where free ports are looked for: outgoing connections never take these by chance."""


def free_port() -> int:
    """Return a port that nobody listens on now."""
    while True:
        port = random.choice(BELOW_EPHEMERAL)  # noqa: S311 – no secret
        if not is_taken(port):
            return port


def is_taken(port: int, host: str = HOST) -> bool:
    """Whether a server could not listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


async def is_open(port: int, host: str = HOST, greeting: bytes = b"") -> bool:
    """Whether a server accepts a connection; with a greeting, whether it also answers it with anything."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        if not greeting:
            return True
        writer.write(greeting)
        return bool(await asyncio.wait_for(reader.read(1), 1))
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
