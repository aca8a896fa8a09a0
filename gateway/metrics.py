"""What Prometheus sees of the gateway. Labels are route templates, never paths: ids would be unbounded."""

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from events.views import DAMAGED
from gateway.draining import Uploading
from gateway.live import Live

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


class Metrics:
    """The gateway's numbers, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Counter(
            "tonearm_gateway_http_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tonearm_gateway_http_response_seconds",
            "Time from a request's headers to its answer's headers; for uploads that is the whole body",
            ["method", "route"],
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800),
            registry=self.registry,
        )
        self._uploads = Counter("tonearm_gateway_uploads", "Videos accepted", registry=self.registry)
        self._bytes = Counter("tonearm_gateway_upload_bytes", "Their bytes", registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def uploaded(self, size: int) -> None:
        """Count a video of so many bytes."""
        self._uploads.inc()
        self._bytes.inc(size)

    def watch(self, live: Live, uploading: Uploading) -> None:
        """Show the state of these at every scrape."""
        for name, text, read in (
            ("listeners", "Clients that listen to live events", lambda: len(live.subscriptions)),
            ("uploads_in_progress", "Uploads under way", lambda: uploading.count),
            ("tail_events", "Events held in memory", lambda: len(live.tail)),
            (
                "tail_offset",
                "Offset in the log up to which this process has read",
                lambda: live.tail.position,
            ),
            ("views_damaged", "Stored views that could not be read, and were left out", lambda: len(DAMAGED)),
            ("checkpoint_offset", "Offset up to which the views are stored", lambda: live.checkpoint),
            ("caught_up", "1 while the log is followed", lambda: live.caught_up),
        ):
            Gauge(f"tonearm_gateway_{name}", text, registry=self.registry).set_function(read)


def metrics_route(metrics: Metrics) -> HTTPRouteHandler:
    """Return the route that Prometheus scrapes."""

    @get("/metrics", media_type="text/plain", tags=["operation"], security=[])
    async def show_metrics() -> Response[bytes]:
        """Show the metrics in the Prometheus text format."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return show_metrics
