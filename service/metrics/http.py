"""Requests answered, by OpenTelemetry's name: `http_server_request_duration_seconds`. Its count is theirs."""

import time
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Send
from prometheus_client import CollectorRegistry, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
# Fewer than OpenTelemetry advises: each costs every scrape. Up to minutes: an upload is answered at its end.
_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600)


class HttpMetrics:
    """Counts and times what a server answers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "http_server_request_duration_seconds",
            "From a request's headers to its answer's; of an upload, that is the whole body",
            ["http_request_method", "http_route", "http_response_status_code"],
            buckets=_BUCKETS,
            registry=registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` is a template; `status` is 0 for a client that left before its answer."""
        method = method if method in _METHODS else "_OTHER"  # OpenTelemetry's word for it
        self._seconds.labels(method, route, str(status or "none")).observe(seconds)


class Counted:
    """An application whose requests are counted."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        began, status, seconds = time.perf_counter(), 0, 0.0

        async def sending(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._metrics.answered(scope["method"], route_of(scope), status, seconds)


def route_of(scope: Any) -> str:
    """Return the template of the route that Litestar has found, `none` where it found none."""
    return scope.get("path_template") or "none"
