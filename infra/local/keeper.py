"""Keeps one component running: starts it, starts it again when it ends by itself, stops it."""

import asyncio
import time
from collections.abc import Callable

import structlog

from infra.local.errors import LocalError
from infra.local.process import Process
from infra.local.services import Component
from infra.local.state import ComponentState, Phase, identity

log = structlog.get_logger()

FIRST_DELAY, LAST_DELAY = 0.5, 30.0
"""Seconds before a restart: doubled each time, from the first again after a minute of health."""
HEALTHY_SECONDS = 60.0
LOOK_SECONDS = 5.0
MOST_MISSES = 3
"""Looks in a row at which a component is not ready, before it is called so: one may come at a bad moment."""


class Keeper:
    """The keeper of one component. `changed` is called whenever its state is another."""

    def __init__(self, component: Component, changed: Callable[["Keeper"], None]) -> None:
        self.component = component
        self.name = component.name
        self.seconds: float | None = None
        self._changed = changed
        self._phase: Phase = "starting"
        self._restarts = 0

    @property
    def phase(self) -> Phase:
        """The component's phase."""
        return self._phase

    def state(self) -> ComponentState:
        """Return what others may know of it."""
        pid = self.component.process.pid if self.component.process else None
        return ComponentState(
            name=self.name,
            phase=self._phase,
            pid=pid,
            identity=identity(pid) if pid else None,
            restarts=self._restarts,
            seconds=self.seconds,
        )

    async def start(self) -> None:
        """Start it and return once it is ready. Raises NotInstalled, NotReady."""
        begin = time.monotonic()
        await self.component.start()
        self.seconds = round(time.monotonic() - begin, 2)
        self._become("ready")
        log.info("component_ready", component=self.name, seconds=self.seconds)

    async def keep(self) -> None:
        """Start it again, later and later, each time it ends by itself. Runs until cancelled."""
        delay = FIRST_DELAY
        while True:
            begin = time.monotonic()
            process = self.component.process
            code = await self._watched(process) if process else None
            if time.monotonic() - begin > HEALTHY_SECONDS:
                delay = FIRST_DELAY
            self._restarts += 1
            self._become("restarting")
            log.warning("component_ended", component=self.name, code=code, again_in_seconds=delay)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LAST_DELAY)
            try:
                await self.start()
            except (LocalError, OSError) as error:  # a full disk, no more processes: the others go on
                await self.component.stop(1.0)
                log.error("component_not_ready", component=self.name, error=str(error))

    async def _watched(self, process: Process) -> int:
        """Return the exit code once it has ended. Until then look whether it is ready."""
        ending, misses = asyncio.create_task(process.wait()), 0
        try:
            while not ending.done():
                await asyncio.wait({ending}, timeout=LOOK_SECONDS)
                if ending.done():
                    break
                misses = 0 if await self.component.ready() else misses + 1
                phase: Phase = "ready" if misses < MOST_MISSES else "not ready"
                if phase != self._phase and not (self._phase == "not ready" and misses):
                    log.warning("component_phase", component=self.name, phase=phase)
                    self._become(phase)
            return ending.result()
        finally:
            ending.cancel()

    async def stop(self, grace: float) -> None:
        """Stop it within `grace` seconds."""
        self._become("stopping")
        await self.component.stop(grace)

    def _become(self, phase: Phase) -> None:
        self._phase = phase
        self._changed(self)
