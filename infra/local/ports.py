"""Ports on the loopback interface: free ones, taken ones, waiting for one to open."""

import asyncio
import errno
import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

from infra.local.addresses import HOST, reachable
from infra.local.errors import PortTaken

BELOW_EPHEMERAL = range(20_000, 32_000)
"""The range of free ports. Outgoing connections never take these by chance."""


def free_port() -> int:
    """Return a port that nobody listens on now, and that this user's other programs do not get next.

    A server begins to listen on its port some seconds after it was given. So the callers take turns through
    the whole range, and two servers that start at the same time cannot be given the same port.
    """
    while True:
        port = _next_port()
        if not is_taken(port):
            return port


def _next_port() -> int:
    """Return the port after the last one that was given; the user's file in the folder for such holds it."""
    file = Path(tempfile.gettempdir(), f"tonearm-port-{os.getuid()}")
    port = random.choice(BELOW_EPHEMERAL)  # noqa: S311 – no secret
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:  # a folder that cannot be written, somebody else's file: chance is nearly as good
        return port
    with os.fdopen(descriptor, "r+") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        last = turn.read(5)
        if last.isdecimal():
            port = int(last) + 1
        if port not in BELOW_EPHEMERAL:
            port = BELOW_EPHEMERAL.start
        turn.seek(0)
        turn.write(str(port))
    return port


def kept_ports(file: Path, count: int) -> list[int]:
    """Return the ports in the file, each one that is missing or taken replaced by a free one, and keep them.

    So who has once learned where a server is finds it there after a restart, too.
    """
    try:
        known = [int(word) for word in file.read_text().split()][:count]
    except (OSError, ValueError):
        known = []
    found: list[int] = []
    for port in [*known, *[0] * (count - len(known))]:
        while port in (0, *found) or is_taken(port):
            port = free_port()
        found.append(port)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(" ".join(map(str, found)))
    return found


def is_taken(port: int, host: str = HOST) -> bool:
    """Return True if somebody listens on this port. Raises OSError if we may not, or `host` is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    return False


async def is_open(port: int, host: str = HOST) -> bool:
    """Return True if a server accepts connections."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def http_ok(port: int, path: str, host: str = HOST) -> bool:
    """Return True if a GET is answered with 200."""
    try:
        reader, writer = await asyncio.open_connection(reachable(host), port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), 2)
        return status.split(b" ")[1:2] == [b"200"]
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def demand(host: str, port: int, setting: str) -> None:
    """Raise PortTaken, saying by whom and what to do, unless we can listen there."""
    try:
        taken = is_taken(port, host)
    except OSError as error:
        raise PortTaken(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose others:"
            f" {setting.replace('PORT', 'HOST')}=127.0.0.1 {setting}={another(port)}"
        ) from error
    if taken:
        raise PortTaken(
            f"port {port} is taken by {holder(port) or 'another program'}; stop that, or choose another port:"
            f" {setting}={another(port)}"
        )


def another(port: int) -> int:
    """Return a free port near this one, to suggest."""
    near = range(max(port, 8080) + 10, 65536, 10)[:100]
    return next((port for port in near if not is_taken(port)), None) or free_port()


def holder(port: int) -> str | None:
    """Return who listens on the port, as far as Linux lets us see: program name and pid."""
    listening = {
        fields[9]
        for table in ("tcp", "tcp6")
        for line in _lines(Path("/proc/net") / table)[1:]
        if (fields := line.split())[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
    }
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if listening else ():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith("socket:[") and target[8:-1] in listening:
            process = descriptor.parents[1]
            return f"{''.join(_lines(process / 'comm')) or 'a program'} (process {process.name})"
    return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
