"""Runs the whole stack: servers, then services; keeps them running; stops them in reverse order."""

import asyncio
import os
import secrets
import time
from collections.abc import Callable

import structlog

from infra.local import given, leftovers, ports, state
from infra.local.addresses import http_url
from infra.local.keeper import Keeper
from infra.local.kept import kept_secret
from infra.local.services import Component, servers, services
from infra.local.settings import LocalSettings

log = structlog.get_logger()

ADMIN_EMAIL = "admin@localhost"
"""The first admin, unless ADMIN_EMAIL and ADMIN_PASSWORD name one; the password is made once and kept."""
ROTATE_BYTES = 50 * 1024 * 1024
SERVICES_GRACE, SERVERS_GRACE = 6.5, 3.0
"""Seconds to end in: all services at once, then all servers at once; under 10 together."""


class Supervisor:
    """One run of the stack. `say` gets a line for people as each component becomes ready."""

    def __init__(self, settings: LocalSettings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._stages: list[list[Keeper]] = []
        self._environment: dict[str, str] = {}
        self._started = time.time()
        self._complete = False

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, with the lock held. Raises PortTaken, NotInstalled, NotReady; all is stopped."""
        await leftovers.end(self._settings.directory)
        self._check_ports()
        self._rotate_logs()
        log.info("started", settings=self._settings.chosen())
        working, stopping = asyncio.create_task(self._work()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                await working
        finally:
            for task in (working, stopping):
                task.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)
            await self._stop()
            state.remove(self._settings.directory)
            log.info("stopped")

    async def _work(self) -> None:
        mine, urls = servers(self._settings)
        self._environment = _environment(self._settings, urls)
        ours = {
            name: value
            for name, value in self._environment.items()
            if name.endswith("_URL") and not getattr(self._settings, name.lower())
        }
        given.keep(self._settings.directory, ours)
        self._write()
        await self._start(mine)
        await self._start(services(self._settings, {**os.environ, **self._environment}))
        self._complete = True
        self._write()
        log.info("ready", seconds=round(time.time() - self._started, 1))
        self._say(f"Tonearm is ready: {self._environment['PUBLIC_URL']}  (./justw status tells who signs in)")
        await asyncio.gather(*(keeper.keep() for stage in self._stages for keeper in stage))

    async def _start(self, components: list[Component]) -> None:
        stage = [Keeper(component, self._changed) for component in components]
        self._stages.append(stage)
        try:
            async with asyncio.TaskGroup() as tasks:
                for keeper in stage:
                    tasks.create_task(keeper.start())
        except* Exception as errors:
            log.error("not_started", error=str(errors.exceptions[0]))
            raise errors.exceptions[0] from None

    async def _stop(self) -> None:
        graces = [SERVERS_GRACE, SERVICES_GRACE][: len(self._stages)]
        for stage, grace in reversed(list(zip(self._stages, graces, strict=True))):
            await asyncio.gather(*(keeper.stop(grace) for keeper in stage))

    def _changed(self, keeper: Keeper) -> None:
        """Tell of it. Where that cannot be written, as on a full disk, the component goes on all the same."""
        try:
            if keeper.phase == "ready":
                self._say(f"  {keeper.name:<12} ready after {keeper.seconds:.1f} s")
            self._write()
        except OSError as error:
            log.error("state_not_written", error=str(error))

    def _write(self) -> None:
        components = [keeper.state() for stage in self._stages for keeper in stage]
        state.write(
            self._settings.directory,
            state.State(
                pid=os.getpid(),
                ready=self._complete and all(part.phase == "ready" for part in components),
                started=self._started,
                environment=self._environment,
                components=components,
            ),
        )

    def _check_ports(self) -> None:
        settings = self._settings
        ports.demand(settings.gateway_host, settings.gateway_port, "GATEWAY_PORT")
        if not settings.auth_url:
            ports.demand(settings.auth_host, settings.auth_port, "AUTH_PORT")

    def _rotate_logs(self) -> None:
        self._settings.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in self._settings.logs.glob("*.jsonl"):
            if file.stat().st_size > ROTATE_BYTES:
                file.replace(file.with_suffix(".jsonl.1"))


def _environment(settings: LocalSettings, urls: dict[str, str]) -> dict[str, str]:
    """Return the variables that services and clients are given."""
    found = {
        **urls,
        "AUTH_URL": settings.auth_url or http_url(settings.auth_host, settings.auth_port),
        "PUBLIC_URL": settings.public_url or http_url(settings.gateway_host, settings.gateway_port),
        "GATEWAY_HOST": settings.gateway_host,
        "GATEWAY_PORT": str(settings.gateway_port),
        "AUTH_HOST": settings.auth_host,
        "AUTH_PORT": str(settings.auth_port),
        "SERVICE_TOKEN": settings.service_token or secrets.token_urlsafe(32),
        "HANDOVER_SECRETS": settings.handover_secrets
        or f"local:{kept_secret(settings.directory / 'handover-secret')}",
        "EMAIL_VERIFICATION": str(settings.email_verification).lower(),
        "LOCAL_DIR": str(settings.directory),
    }
    if not settings.auth_url:
        found["ADMIN_EMAIL"] = settings.admin_email or ADMIN_EMAIL
        found["ADMIN_PASSWORD"] = settings.admin_password or kept_secret(
            settings.directory / "admin-password"
        )
    return found
