"""What becomes of the work in a queue."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from events.envelope import Event
from events.watching import Parked

_WAITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
_DURATIONS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 1800, 7200)


class WorkMetrics:
    """The numbers of one queue (a `WorkWatch`)."""

    def __init__(self, registry: CollectorRegistry, queue: str, slots: int) -> None:
        self._queue = queue
        self._wait = Histogram(
            "tonearm_queue_wait_seconds",
            "From the event that asks for work to the beginning of its first attempt",
            ["queue"],
            buckets=_WAITS,
            registry=registry,
        ).labels(queue)
        self._seconds = Histogram(
            "tonearm_work_duration_seconds",
            "How long an attempt took: done, failed (it will be retried or parked), or handed back by a stop",
            ["queue", "outcome"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self._busy = Gauge(
            "tonearm_work_in_progress", "Pieces of work under way", ["queue"], registry=registry
        ).labels(queue)
        Gauge(
            "tonearm_work_slots", "How many pieces of work fit in at once", ["queue"], registry=registry
        ).labels(queue).set(slots)
        self._retries = Counter(
            "tonearm_work_retries", "Attempts that failed and will be repeated", ["queue"], registry=registry
        ).labels(queue)
        self._parked = Counter(
            "tonearm_work_parked",
            "Messages put aside for good: after the last attempt, after too many deliveries, or unreadable",
            ["queue", "reason"],
            registry=registry,
        )

    @contextmanager
    def handling(self, event: Event, attempt: int) -> Iterator[None]:
        """Count and time an attempt."""
        if attempt == 1:
            self._wait.observe(max(0.0, (datetime.now(UTC) - event.time).total_seconds()))
        began, outcome = time.monotonic(), "failed"
        self._busy.inc()
        try:
            yield
            outcome = "done"
        except asyncio.CancelledError:
            outcome = "handed_back"
            raise
        finally:
            self._busy.dec()
            self._seconds.labels(self._queue, outcome).observe(time.monotonic() - began)

    def retried(self) -> None:
        """Count a retry."""
        self._retries.inc()

    def parked(self, why: Parked) -> None:
        """Count a message that was given up."""
        self._parked.labels(self._queue, why).inc()
