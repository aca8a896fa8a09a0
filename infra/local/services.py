"""The components of the stack in the order of their start: servers, then the services that need them."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from infra.local.addresses import HOST
from infra.local.environment import of_service
from infra.local.metrics import scraped
from infra.local.ports import http_ok
from infra.local.process import Process
from infra.local.servers.mail import MailCatcher
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import RabbitMQ
from infra.local.settings import LocalSettings

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0


class Component(Protocol):
    """A server or service that is started, watched and stopped."""

    @property
    def name(self) -> str:
        """The name in messages, and of its log file without `.jsonl`."""

    @property
    def process(self) -> Process | None:
        """Its process once started."""

    async def start(self) -> None:
        """Start it and return once it is ready."""

    async def ready(self) -> bool:
        """Return True if it does its work now, as far as it reports."""

    async def stop(self, grace: float) -> None:
        """Stop it within `grace` seconds, one way or the other."""


MODULES = {
    "auth": "auth",
    "gateway": "gateway",
    "converter": "workers.converter",
    "notifier": "workers.notifier",
}


class Service:
    """One of our own services: `python -m <module>`, with its own variables of the environment."""

    def __init__(
        self,
        name: str,
        service: str,
        *,
        log: Path,
        environment: Mapping[str, str],
        probes: tuple[str, int],
    ) -> None:
        """`probes` is the address, host and port, at which it answers for its health."""
        self.name = name
        self._probes = probes
        self.process = Process(
            name,
            [sys.executable, "-m", MODULES[service]],
            log=log,
            environment=of_service(service, environment),
            directory=ROOT,
        )

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises NotReady."""
        await self.process.start()
        await self.process.ready(self.ready, READY_SECONDS)

    async def ready(self) -> bool:
        """Ask it."""
        host, port = self._probes
        return await http_ok(port, "/health/ready", host)

    async def stop(self, grace: float) -> None:
        """Stop it."""
        await self.process.stop(grace)


def servers(settings: LocalSettings) -> tuple[list[Component], dict[str, str]]:
    """Return the servers to start, and the URLs by which all are reached, ours and those that were set."""
    directory = settings.directory
    found: list[Component] = []
    urls = {
        "RABBITMQ_URL": settings.rabbitmq_url,
        "STREAM_URL": settings.stream_url,
        "MONGODB_URL": settings.mongodb_url,
        "SMTP_URL": settings.smtp_url,
    }
    if settings.auth_directory_url:
        urls["AUTH_DIRECTORY_URL"] = settings.auth_directory_url
    if not settings.rabbitmq_url:
        rabbitmq = RabbitMQ(directory / "rabbitmq", log=settings.logs / "rabbitmq.jsonl")
        urls |= {"RABBITMQ_URL": rabbitmq.amqp_url, "STREAM_URL": rabbitmq.stream_url}
        found.append(rabbitmq)
    if not settings.mongodb_url:
        mongodb = MongoDB(directory / "mongodb", log=settings.logs / "mongodb.jsonl", end_silent=True)
        urls["MONGODB_URL"] = mongodb.url
        found.append(mongodb)
    if not settings.smtp_url:
        mail = MailCatcher(directory / "mail", log=settings.logs / "mail.jsonl")
        urls["SMTP_URL"] = mail.url
        found.append(mail)
    return found, urls


def services(settings: LocalSettings, environment: Mapping[str, str]) -> list[Component]:
    """Return the services to start."""

    converters = [f"converter-{number + 1}" for number in range(settings.converter_count)]
    ports = scraped(
        settings.directory,
        [*([] if settings.auth_url else ["auth"]), "gateway", *converters, "notifier"],
    )

    def service(name: str, probes: tuple[str, int] | None = None) -> Service:
        mine = {"METRICS_PORT": str(ports[name]), "HEALTH_PORT": str(ports[name])}  # it knows one of them
        mine["LOCAL_STACK"] = str(not settings.auth_url).lower()  # the first admin is of this stack
        return Service(
            name,
            name.partition("-")[0],
            log=settings.logs / f"{name}.jsonl",
            environment={**environment, **mine},
            probes=probes or (HOST, ports[name]),
        )

    return [
        *([] if settings.auth_url else [service("auth", (settings.auth_host, settings.auth_port))]),
        service("gateway", (settings.gateway_host, settings.gateway_port)),
        *(service(name) for name in converters),
        service("notifier"),
    ]
