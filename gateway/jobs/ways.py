"""The way of jobs through the line, for clients that listen: what has changed, and not too often."""

import time
from typing import Protocol

from msgspec.structs import asdict

from events.envelope import to_json
from gateway.http import sse
from gateway.jobs.live import LiveJobs
from gateway.jobs.presentation import Queue, QueueOf, present_queue

EVERY = 2.0
"""Seconds between two looks at places and time left."""

AT_ONCE = 100
"""Jobs of an account that are looked at together. Of more, each has its turn."""


class Way(Protocol):
    """What there is to tell of the line."""

    next: float
    """The time, by the monotonic clock, at which there may be something to tell."""

    def news(self) -> bytes | None:
        """Return the messages; None for no news."""


class WayOfJob:
    """The way of one job."""

    def __init__(self, live: LiveJobs, job_id: str) -> None:
        self._live, self._job_id = live, job_id
        self._told: Queue | None = None
        self.next = 0.0

    def news(self) -> bytes | None:
        """Return the message; None for no news."""
        if (now := time.monotonic()) < self.next:
            return None
        self.next = now + EVERY
        forecast = self._live.forecast(self._job_id)
        queue = present_queue(forecast) if forecast else None
        if queue is None or queue == self._told:
            return None
        self._told = queue
        return sse.message("queue", to_json(queue))


class WaysOfAccount:
    """The ways of all jobs of an account that are not over, some at a time."""

    def __init__(self, live: LiveJobs, account: str) -> None:
        self._live, self._account = live, account
        self._told: dict[str, Queue] = {}
        self._turn = 0
        self.next = 0.0

    def news(self) -> bytes | None:
        """Return a message for each job of this turn that has news; None for no news."""
        if (now := time.monotonic()) < self.next:
            return None
        self.next = now + EVERY
        ids = self._live.line.ids_of(self._account)
        self._told = {job_id: self._told[job_id] for job_id in ids if job_id in self._told}
        self._turn = 0 if self._turn >= len(ids) else self._turn
        turn, self._turn = ids[self._turn : self._turn + AT_ONCE], self._turn + AT_ONCE
        messages = b""
        for job_id in turn:
            forecast = self._live.forecast(job_id)
            queue = present_queue(forecast) if forecast else None
            if queue is not None and queue != self._told.get(job_id):
                self._told[job_id] = queue
                messages += sse.message("queue", to_json(QueueOf(job_id=job_id, **asdict(queue))))
        return messages or None


def way(live: LiveJobs, account: str, job_id: str | None) -> Way:
    """Return the way of a job, or those of all jobs of its account."""
    return WaysOfAccount(live, account) if job_id is None else WayOfJob(live, job_id)
