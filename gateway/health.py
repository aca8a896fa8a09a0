"""Is the process alive, and can it do its work?"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from events.errors import TonearmError, TopologyMissing
from events.log import topology
from gateway.callers.guard import AnyRequest
from gateway.http.problems import Kind, problem

log = structlog.get_logger()

Check = Callable[[], Awaitable[str | None]]
"""Returns what is wrong, None when all is well. May raise TonearmError, which counts as wrong."""

_TIMEOUT = 3.0
_VIEWS_WITHIN = 30.0
_TROUBLED_WITHIN = 10.0
_NOT_READY = Kind(503, "not-ready", "Not ready", 2)


class Topology:
    """Whether the broker has all bindings, asked in the background: without one, events are lost silently."""

    def __init__(self, url: str, management_url: str | None, *, every: float = 30.0) -> None:
        self._url, self._management_url, self._every = url, management_url, every
        self._trouble: str | None = None

    async def check(self) -> str | None:
        """Return what the last look found (a `Check`)."""
        return self._trouble

    async def run(self) -> None:
        """Look every now and then, for ever. Without a management API there is nothing to look at."""
        while self._management_url is not None:
            try:
                missing = await topology.missing(self._url, self._management_url)
                trouble = str(TopologyMissing(missing)) if missing else None
            except TonearmError as error:
                # Not being able to look is no reason to refuse uploads: publishing is confirmed anyway.
                log.warning("topology_unknown", error=str(error))
                trouble = None
            if trouble != self._trouble:
                log.log(40 if trouble else 20, "topology_changed", trouble=trouble)
            self._trouble = trouble
            await asyncio.sleep(self._every)


def projection(waiting: Callable[[], float], trouble: Callable[[], str | None]) -> Check:
    """Check that stored views follow the log. `waiting` tells for how many seconds they have lacked an event.

    Any process may be the one that projects, so all look at what comes of it: 30 s are too long. A process
    whose own projector is in trouble says so after 10 s, and why. While nothing waits, trouble is no reason
    to refuse: it may be long over, or another process may project now.
    """

    async def check() -> str | None:
        seconds, why = waiting(), trouble()
        if seconds <= (_TROUBLED_WITHIN if why else _VIEWS_WITHIN):
            return None
        return f"the views have not followed the log for {seconds:.0f} s" + (f": {why}" if why else "")

    return check


def health_routes(checks: dict[str, Check]) -> list[HTTPRouteHandler]:
    """Return the probes. The checks' names are what an operator reads."""

    @get("/health/live", tags=["operation"], security=[])
    async def live() -> dict[str, str]:
        """Tell that the process answers."""
        return {"status": "live"}

    @get("/health/ready", tags=["operation"], security=[])
    async def ready(request: AnyRequest) -> Response[dict[str, Any]]:
        """Tell whether everything this process needs is there; if not, what is missing."""
        answers = await asyncio.gather(*map(_ask, checks.values()))
        wrong = {name: answer for name, answer in zip(checks, answers, strict=True) if answer is not None}
        if wrong:
            text = "; ".join(f"{name}: {answer}" for name, answer in wrong.items())
            return problem(request.url.path, _NOT_READY, text, missing=list(wrong))
        return Response({"status": "ready", "checks": list(checks)})

    return [live, ready]


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await check()
    except TimeoutError:
        return f"no answer in {_TIMEOUT:g} s"
    except TonearmError as error:
        return str(error)
