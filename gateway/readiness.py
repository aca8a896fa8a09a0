"""The checks of the gateway's readiness that need more than a look: bindings, and the stored views."""

import asyncio
from collections.abc import Callable

import httpx
import structlog

from events.errors import TonearmError, TopologyMissing
from events.log import topology
from service.health import Check, trouble_check

log = structlog.get_logger()

_VIEWS_WITHIN = 30.0
_TROUBLED_WITHIN = 10.0


class Bindings:
    """Looks in the background for missing bindings of the broker: without one, events are lost silently."""

    def __init__(self, url: str, management_url: str | None, *, every: float = 30.0) -> None:
        self._url, self._management_url, self._every = url, management_url, every
        self.trouble: str | None = None
        """The missing bindings that the last look found."""

    async def run(self) -> None:
        """Look every `every` seconds, for ever; at nothing without a management API."""
        if self._management_url is None:
            await asyncio.Event().wait()
            return
        while True:
            try:
                missing = await topology.missing(self._url, self._management_url)
                trouble = str(TopologyMissing(missing)) if missing else None
            except TonearmError as error:
                # Not being able to look is no reason to refuse uploads: publishing is confirmed anyway.
                log.warning("topology_unknown", error=str(error))
                trouble = None
            if trouble != self.trouble:
                log.log(40 if trouble else 20, "topology_changed", trouble=trouble)
            self.trouble = trouble
            await asyncio.sleep(self._every)


def projection(waiting: Callable[[], float], trouble: Callable[[], str | None]) -> Check:
    """Return a check that stored views follow the log; `waiting` is the seconds they have lacked an event.

    Any process may be the one that projects, so all of them check the result: more than 30 s fails. If this
    process's own projector is in trouble, 10 s are enough. While nothing waits, trouble is no reason to
    refuse: it may be long over, or another process may project now.
    """

    def late() -> str | None:
        seconds, why = waiting(), trouble()
        if seconds <= (_TROUBLED_WITHIN if why else _VIEWS_WITHIN):
            return None
        return f"the views have not followed the log for {seconds:.0f} s"

    return trouble_check(late)


def auth_check(client: httpx.AsyncClient, url: str) -> Check:
    """Return a check that auth is ready. Without it nobody can sign in, and all else goes on."""

    async def check() -> str | None:
        try:
            answer = await client.get(f"{url.rstrip('/')}/health/ready")
        except httpx.HTTPError:
            return "it does not answer"
        return None if answer.is_success else "it is not ready"

    return check
