"""Attempts to publish events: confirmed, or unknown (see `events.log.publisher`)."""

from prometheus_client import CollectorRegistry, Counter, Histogram


class PublishMetrics:
    """Counts and times attempts (a `PublishObserver`)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "tonearm_publish_attempts",
            "Attempts to publish an event, by its type. Unknown: not confirmed, so it was tried again",
            ["type", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "tonearm_publish_duration_seconds",
            "From handing an event to the broker to its confirm; attempts without one are not in it",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
            registry=registry,
        )

    def __call__(self, key: str, confirmed: bool, seconds: float) -> None:
        """Count an attempt."""
        self._attempts.labels(key, "confirmed" if confirmed else "unknown").inc()
        if confirmed:
            self._seconds.observe(seconds)
