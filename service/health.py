"""The probes of every service: `/health/live` and `/health/ready`.

Live means that the event loop turns. Ready means that the work can be done now; if not, the answer names
each check that failed, in words that any visitor may read. The log gives operators more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from litestar import Request, Response, get
from litestar.di import NamedDependency

from events.errors import TonearmError
from service.known_problems import NOT_READY
from service.problems import problem

Check = Callable[[], Awaitable[str | None]]
"""Returns what is wrong, None when all is well. May raise TonearmError, which counts as wrong."""
Checks = Mapping[str, Check]
"""The checks by the names that an operator reads."""

log = structlog.get_logger()

_TIMEOUT = 3.0
_NO_STORE = {"Cache-Control": "no-store"}


def trouble_check(trouble: Callable[[], str | None]) -> Check:
    """Return the check for a part that knows its own trouble."""

    async def check() -> str | None:
        return trouble()

    return check


@get("/health/live", operation_id="checkLive", tags=["operation"], security=[])
async def live() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "live"}


@get("/health/ready", operation_id="checkReady", tags=["operation"], security=[])
async def ready(request: Request[Any, Any, Any], checks: NamedDependency[Checks]) -> Response[dict[str, Any]]:
    """Answer 200 when everything this process needs is there, else 503 and what is missing."""
    wrong = {name: answer for name, answer in (await answers(checks)).items() if answer is not None}
    if wrong:
        text = "; ".join(f"{name}: {answer}" for name, answer in wrong.items())
        return problem(request.url.path, NOT_READY, text, _NO_STORE, missing=list(wrong))
    return Response({"status": "ready", "checks": list(checks)}, headers=_NO_STORE)


ROUTES = [live, ready]


async def answers(checks: Checks) -> dict[str, str | None]:
    """Return each check's answer now: what is wrong, None where all is well."""
    told = await asyncio.gather(*map(_ask, checks.values()))
    return dict(zip(checks, told, strict=True))


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await check()
    except TimeoutError:
        return f"no answer in {_TIMEOUT:g} s"
    except TonearmError as error:
        log.warning("check_failed", kind=type(error).__name__, error=str(error))
        return error.told
