"""Metrics of the work in a queue."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from events.envelope import Event
from events.observers import Parked
from events.work.task import NotYet

_WAITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
_DURATIONS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 1800, 7200)


class WorkMetrics:
    """The numbers of a process's queues."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.wait = Histogram(
            "tonearm_queue_wait_seconds",
            "From the event that asks for work to the beginning of its first attempt",
            ["queue"],
            buckets=_WAITS,
            registry=registry,
        )
        self.seconds = Histogram(
            "tonearm_work_duration_seconds",
            "How long an attempt took: done, failed (it will be retried or parked), or handed back, by a stop"
            " or before it began",
            ["queue", "outcome"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self.busy = Gauge(
            "tonearm_work_in_progress", "Pieces of work under way", ["queue"], registry=registry
        )
        self.slots = Gauge(
            "tonearm_work_slots", "How many pieces of work fit in at once", ["queue"], registry=registry
        )
        self.retries = Counter(
            "tonearm_work_retries", "Attempts that failed and will be repeated", ["queue"], registry=registry
        )
        self.parked = Counter(
            "tonearm_work_parked",
            "Messages put aside for good: after the last attempt, after too many deliveries, or unreadable",
            ["queue", "reason"],
            registry=registry,
        )

    def of(self, queue: str, slots: int) -> "QueueMetrics":
        """Return the numbers of one queue, which a worker takes `slots` pieces of work from at once."""
        self.slots.labels(queue).set(slots)
        for reason in get_args(Parked):  # a series that begins with its first event hides that
            self.parked.labels(queue, reason)
        return QueueMetrics(self, queue)


class QueueMetrics:
    """The numbers of one queue (a `WorkObserver`)."""

    def __init__(self, all_: WorkMetrics, queue: str) -> None:
        self._all, self._queue = all_, queue
        self._wait, self._busy, self._retries = (
            all_.wait.labels(queue),
            all_.busy.labels(queue),
            all_.retries.labels(queue),
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
        except (asyncio.CancelledError, NotYet):
            outcome = "handed_back"
            raise
        finally:
            self._busy.dec()
            self._all.seconds.labels(self._queue, outcome).observe(time.monotonic() - began)

    def retried(self) -> None:
        """Count a retry."""
        self._retries.inc()

    def parked(self, why: Parked) -> None:
        """Count a message that was given up."""
        self._all.parked.labels(self._queue, why).inc()
