"""A registry for one process, and its exposition for Prometheus."""

import asyncio
from importlib.metadata import version

from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from service.http.server import serve

CONTENT_TYPE = CONTENT_TYPE_LATEST
_GRACE = 0.5


def new_registry(service: str) -> CollectorRegistry:
    """Return a registry with the metrics of any process: CPU, memory, garbage collection, version."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of no use
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    build = Gauge(
        "tonearm_build_info", "Always 1; the labels say what runs", ["service", "version"], registry=registry
    )
    build.labels(service, version("tonearm")).set(1)
    return registry


def exposition(registry: CollectorRegistry) -> bytes:
    """Return the text of all metrics, of the type CONTENT_TYPE."""
    return generate_latest(registry)


async def serve_metrics(registry: CollectorRegistry, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve `/metrics` until `stop` is set, on a port of its own that clients do not reach.

    With port 0 it is served nowhere. Raises CannotListen and ServerFailed.
    """
    if port:
        await serve(metrics_app(registry), host, port, stop, grace=_GRACE)


def metrics_app(registry: CollectorRegistry) -> ASGIApp:
    """Return an application that has `/metrics` and nothing else."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = scope["path"] == "/metrics"
        body = exposition(registry) if found else b"there is only /metrics\n"
        kind = CONTENT_TYPE if found else "text/plain"
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return app
