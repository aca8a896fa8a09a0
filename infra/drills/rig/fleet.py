"""The services as a cluster has them: several replicas of each, behind one address, replaced one by one.

The servers are the local stack's. What a Deployment does is done here as `infra/minikube/base` asks for it
(`maxUnavailable: 0, maxSurge: 1`): one replica more is started and becomes ready; an old one gets no new
request, then SIGTERM, then ends by itself; the same for the next.
"""

import asyncio
import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from infra.drills.rig.proxy import Proxy
from infra.local.addresses import HOST
from infra.local.kept import kept_secret
from infra.local.ports import free_port
from infra.local.servers.control import of_node
from infra.local.services import Service, servers
from infra.local.settings import LocalSettings

BEHIND_PROXY = ("auth", "gateway")
REPLICAS = {"auth": 2, "gateway": 2, "converter": 2, "notifier": 2}
PRE_STOP = 2.0
"""Seconds between taking a replica out of the proxy and its SIGTERM. A cluster's 10 are for proxies that hear
of it late; this one hears at once."""
GRACE = 12.0
"""Seconds after which a replica that was told to stop is killed, which counts as a fault."""


class Fleet:
    """Servers, and replicas of every service. Has what `snapshot.take` wants to know of a stack."""

    def __init__(self, directory: Path, **settings: str) -> None:
        """`settings` are variables of the environment for every service."""
        self.directory = directory
        self.replicas: dict[str, list[Replica]] = {name: [] for name in REPLICAS}
        self.killed: list[str] = []
        self._ports = {name: [free_port() for _ in range(REPLICAS[name] + 1)] for name in BEHIND_PROXY}
        self._proxy = Proxy(directory, self._ports)
        local = LocalSettings(local_dir=str(directory))
        local.logs.mkdir(exist_ok=True, mode=0o700)
        self._servers, urls = servers(local)
        self.environment = urls | {
            "AUTH_URL": f"http://{HOST}:{self._proxy.ports['auth']}",
            "PUBLIC_URL": self.url,
            "SERVICE_TOKEN": kept_secret(directory / "service-token"),
            "HANDOVER_SECRETS": f"drill:{kept_secret(directory / 'handover-secret')}",
            "EMAIL_VERIFICATION": "false",
            "ADMIN_EMAIL": "admin@localhost",
            "ADMIN_PASSWORD": kept_secret(directory / "admin-password"),
            "LOCAL_DIR": str(directory),
            "WORK_DIR": str(directory / "work"),
            **settings,
        }
        self._numbers = count(1)

    @property
    def url(self) -> str:
        """The gateways' address."""
        return f"http://{HOST}:{self._proxy.ports['gateway']}"

    @property
    def settings(self) -> dict[str, str]:
        """The variables by which commands find it."""
        return self.environment

    @property
    def mailbox(self) -> Path:
        """The directory of the mail catcher's mails."""
        return self.directory / "mail"

    def broker_control(self) -> tuple[Path, dict[str, str]]:
        """Return rabbitmqctl and the environment in which it reaches this broker."""
        process = next(each.process for each in self._servers if each.name == "rabbitmq")
        assert process and process.pid, "the broker does not run"  # noqa: PT018
        return of_node(process.pid)

    async def start(self) -> None:
        """Start the servers, the proxy, and every service's replicas."""
        await asyncio.gather(*(server.start() for server in self._servers), self._proxy.start())
        for name, number in REPLICAS.items():
            await asyncio.gather(*(self.add(name) for _ in range(number)))

    async def stop(self) -> None:
        """Stop all of it."""
        replicas = [replica for each in self.replicas.values() for replica in each]
        await asyncio.gather(*(replica.service.stop(GRACE) for replica in replicas))
        await self._proxy.stop()
        await asyncio.gather(*(server.stop(8.0) for server in self._servers))

    async def roll(self, name: str) -> None:
        """Replace every replica of a service, one by one."""
        for old in list(self.replicas[name]):
            await self.add(name)
            await self.remove(name, old)

    async def add(self, name: str) -> None:
        """Start one replica more, and send it requests once it is ready."""
        used = {replica.port for replica in self.replicas[name]}
        port = next((port for port in self._ports.get(name, ()) if port not in used), 0)
        replica = Replica(f"{name}-{next(self._numbers)}", name, port, self.directory, self.environment)
        self.replicas[name].append(replica)
        await replica.service.start()
        if port:
            await self._proxy.take_in(name, port)

    async def remove(self, name: str, replica: "Replica") -> None:
        """Send a replica no more requests, and stop it."""
        if replica.port:
            await self._proxy.take_out(name, replica.port)
            await asyncio.sleep(PRE_STOP)
        await replica.service.stop(GRACE)
        if (code := await replica.service.process.wait()) != 0:
            self.killed.append(f"{replica.name} ended with code {code}")
        self.replicas[name].remove(replica)


class Replica:
    """One process of a service."""

    def __init__(
        self, name: str, service: str, port: int, directory: Path, environment: Mapping[str, str]
    ) -> None:
        self.name, self.port = name, port
        inherited = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
        probes = port or free_port()
        self.service = Service(
            name,
            service,
            log=directory / "logs" / f"{name}.jsonl",
            environment={
                **inherited,
                **environment,
                (f"{service.upper()}_PORT" if port else "HEALTH_PORT"): str(probes),
            },
            probes=(HOST, probes),
        )
