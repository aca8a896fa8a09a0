"""A real reverse proxy before the replicas of a service, as a cluster's Service and Ingress are: HAProxy.

It never tries a request a second time, so whatever a replica that goes away does to one, the client sees.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.addresses import HOST
from infra.local.ports import free_port, is_open
from infra.local.process import Process
from infra.local.servers.install import find_tool

_CONFIGURATION = """
global
  stats socket {socket} mode 600 level admin
  maxconn 2000
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 60s
"""
_SERVICE = """
frontend {name}
  bind {host}:{port}
  default_backend {name}
backend {name}
  balance roundrobin
"""


class Proxy:
    """One address for each service, and behind it a place for each of the `places` ports it is given."""

    def __init__(self, directory: Path, places: Mapping[str, Sequence[int]]) -> None:
        self.ports = {name: free_port() for name in places}
        self._socket = directory / "haproxy.sock"
        self._file = directory / "haproxy.cfg"
        text = _CONFIGURATION.format(socket=self._socket)
        for name, ports in places.items():
            text += _SERVICE.format(name=name, host=HOST, port=self.ports[name])
            text += "".join(f"  server {port} {HOST}:{port} disabled\n" for port in ports)
        self._file.write_text(text)
        self._process = Process(
            "haproxy",
            [str(find_tool("haproxy")), "-db", "-f", str(self._file)],
            log=directory / "haproxy.log",
        )

    async def start(self) -> None:
        """Start it. Raises NotReady."""
        await self._process.start()
        for port in self.ports.values():
            await self._process.ready(lambda port=port: is_open(port), 10)  # type: ignore[misc]

    async def stop(self) -> None:
        """Stop it."""
        await self._process.stop(2)

    async def take_in(self, service: str, port: int) -> None:
        """Send requests to this place, too."""
        await self._say(f"set server {service}/{port} state ready")

    async def take_out(self, service: str, port: int) -> None:
        """Send no new request there; those under way go on."""
        await self._say(f"set server {service}/{port} state maint")

    async def _say(self, command: str) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        writer.write(f"{command}\n".encode())
        answer = (await reader.read()).strip()
        writer.close()
        assert not answer, f"haproxy: {command}: {answer.decode()}"
