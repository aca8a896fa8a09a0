"""A service that takes its work from queues: the workers, and the probes and metrics for its operator."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException, NotFoundException
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct
from prometheus_client import CollectorRegistry

from events.work.worker import Worker
from service import health
from service.health import Checks, trouble_check
from service.http.server import serve
from service.metrics.registry import metrics_app
from service.parts import provided
from service.presence import Presence
from service.problems import Kind, problem

log = structlog.get_logger()

_GRACE = 0.5


async def run_workers(
    workers: Sequence[Worker],
    host: str,
    port: int,
    stop: asyncio.Event,
    registry: CollectorRegistry,
    presence: Presence,
) -> None:
    """Run workers until `stop` is set; probes and metrics are served on the port, nowhere if that is 0."""

    def trouble() -> str | None:
        return next((worker.trouble for worker in workers if worker.trouble), None)

    async with presence.shown(), asyncio.TaskGroup() as tasks:
        for worker in workers:
            tasks.create_task(worker.run(stop))
        if port:
            app = operator_app({"work": trouble_check(trouble)}, registry)
            tasks.create_task(serve(app, host, port, stop, grace=_GRACE))


def operator_app(checks: Checks, registry: CollectorRegistry) -> ASGIApp:
    """Return an application that has `/health/…` and `/metrics`, and nothing else."""
    probes = Litestar(
        health.ROUTES,
        dependencies=provided(_Parts(checks=checks)),
        exception_handlers={Exception: _answer},
        openapi_config=None,
        logging_config=None,
    )
    metrics = metrics_app(registry)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (metrics if scope["path"] == "/metrics" else probes)(scope, receive, send)

    return app


class _Parts(Struct, frozen=True, kw_only=True):
    checks: Checks


def _answer(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    path = request.url.path
    match error:
        case NotFoundException():
            return problem(path, Kind(error.status_code), "there are only /health/… and /metrics")
        case HTTPException():
            return problem(path, Kind(error.status_code), error.detail, error.headers)
        case _:
            log.error("request_failed", path=path, exc_info=error)
            return problem(path, Kind(500), "the log tells more")
