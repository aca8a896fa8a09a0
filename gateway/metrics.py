"""The gateway's metrics: requests, uploads, and the progress of log and views."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

from prometheus_client import Counter, Gauge, Histogram

from events.envelope import Recorded
from events.projections.job_view import State
from events.views.store import DAMAGED
from gateway.jobs.live import LiveJobs
from gateway.uploads.metrics import UploadMetrics
from gateway.uploads.under_way import UploadsUnderWay
from service.metrics.http import HttpMetrics
from service.metrics.publishes import PublishMetrics
from service.metrics.registry import new_registry


class Metrics:
    """The gateway's numbers, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = new_registry("gateway")
        self.http = HttpMetrics(self.registry)
        self.publishing = PublishMetrics(self.registry)
        self.uploads = UploadMetrics(self.registry)
        self._since = datetime.now(UTC)
        self._read_to = -1
        self._delay = Histogram(
            "tonearm_view_delay_seconds",
            "From an event's time to when it is part of what this process answers; only of events that"
            " are younger than the process",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=self.registry,
        )
        self._restarts = Counter(
            "tonearm_log_reader_restarts",
            "How often a reader of the log lost its connection and began again where it was",
            ["reader"],
            registry=self.registry,
        )

    def seen(self, recorded: Recorded) -> None:
        """Note that an event is part of the answers now. One that comes again is not counted again."""
        if recorded.offset > self._read_to:
            self._read_to = recorded.offset
            if recorded.event.time >= self._since:
                self._delay.observe(max(0.0, (datetime.now(UTC) - recorded.event.time).total_seconds()))

    def reader(self, name: str) -> Callable[[str], None]:
        """Return a callback that counts a reader's restarts (see `StreamReader`)."""
        restarts = self._restarts.labels(name)

        def count(state: str) -> None:
            if state != "connected":
                restarts.inc()

        return count

    def watch(self, live: LiveJobs, under_way: UploadsUnderWay) -> None:
        """Show the state of these at every scrape. All of it is in memory already."""
        for name, text, read in (
            ("event_listeners", "Clients that listen to live events", lambda: len(live.subscriptions)),
            ("uploads_in_progress", "Uploads under way", lambda: under_way.count),
            ("tail_events", "Events held in memory", lambda: len(live.recent)),
            ("tail_offset", "Offset in the log up to which this process has read", _tail_offset(live)),
            (
                "tail_following",
                "1 while this process follows the log and answers for now",
                lambda: live.caught_up,
            ),
            ("projection_offset", "Offset up to which the views are stored", lambda: live.checkpoint),
            (
                "projection_lag_events",
                "Events of jobs that this process has read and the stored views lack",
                live.lacking,
            ),
            (
                "projection_lag_seconds",
                "For how long the stored views have lacked an event that this process has read",
                live.waiting,
            ),
            ("views_damaged", "Stored views that could not be read, and were left out", lambda: len(DAMAGED)),
        ):
            Gauge(f"tonearm_{name}", text, registry=self.registry).set_function(read)
        jobs = Gauge(
            "tonearm_jobs",
            "Jobs by state, as the stored views have them; NaN where they were not counted from their"
            " beginning (`tonearm replay rebuild` does)",
            ["state"],
            registry=self.registry,
        )
        for state in State:
            jobs.labels(state.value).set_function(_count_of(live, state))


def _tail_offset(live: LiveJobs) -> Callable[[], float]:
    return lambda: live.recent.position


def _count_of(live: LiveJobs, state: State) -> Callable[[], float]:
    return lambda: math.nan if live.jobs is None else live.jobs.get(state.value, 0)
