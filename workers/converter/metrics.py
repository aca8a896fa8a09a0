"""Metrics of conversions: results, speed and delay."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram

from events.envelope import Event
from events.types import FailureCode, JobConverted, JobFailed

SHORTEST = 60.0
"""Seconds: shorter audio counts as this long in the turnaround, as every job takes some seconds."""


class ConversionMetrics:
    """Counts the ends of runs."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._results = Counter(
            "tonearm_conversions",
            "Runs that ended, by result: `converted`, or the code of the failure",
            ["result"],
            registry=registry,
        )
        for result in ("converted", *FailureCode):  # a series that begins with its first event hides that
            self._results.labels(result)
        self._seconds = Histogram(
            "tonearm_conversion_duration_seconds",
            "From the beginning of a conversion to its stored audio, the fetching of the video included",
            ["format"],
            buckets=(0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 1800, 7200),
            registry=registry,
        )
        self._media = Counter(
            "tonearm_conversion_media_seconds", "Seconds of audio made, as it plays", registry=registry
        )
        self._speed = Histogram(
            "tonearm_conversion_realtime_ratio",
            "Real-time factor: seconds of audio made in a second",
            ["format"],
            buckets=(0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
            registry=registry,
        )
        self._turnaround = Histogram(
            "tonearm_job_turnaround_ratio",
            "From the upload's event to the end of the conversion, as a multiple of the audio's length"
            " (a minute at least)",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 100),
            registry=registry,
        )

    def __call__(self, cause: Event, end: JobConverted | JobFailed) -> None:
        """Count a run that `cause` has begun."""
        if isinstance(end, JobFailed):
            self._results.labels(end.code.value).inc()
            return
        self._results.labels("converted").inc()
        self._seconds.labels(end.format.value).observe(end.seconds_spent)
        self._media.inc(end.duration_seconds)
        if end.seconds_spent > 0:
            self._speed.labels(end.format.value).observe(end.duration_seconds / end.seconds_spent)
        since = (datetime.now(UTC) - cause.time).total_seconds()
        self._turnaround.observe(max(0.0, since) / max(end.duration_seconds, SHORTEST))
