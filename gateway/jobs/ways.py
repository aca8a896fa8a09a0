"""The way of jobs through the line, for clients that listen: what has changed, and not too often."""

import time

from msgspec.structs import asdict

from events.envelope import to_json
from gateway.http import sse
from gateway.jobs.live import LiveJobs
from gateway.jobs.presentation import Queue, QueueOf, present_queue

EVERY = 2.0
"""Seconds between two looks at places and time left."""

AT_ONCE = 100
"""Jobs of an account that are looked at together. Of more, each has its turn."""


class Ways:
    """The way of one job, or those of all jobs of an account that are not over, some at a time."""

    next = 0.0
    """The time, by the monotonic clock, at which there may be something to tell."""

    def __init__(self, live: LiveJobs, account: str, job_id: str | None) -> None:
        """`job_id`: None for all jobs of the account."""
        self._live, self._account, self._job_id = live, account, job_id
        self._told: dict[str, Queue] = {}
        self._turn = 0

    def news(self) -> bytes | None:
        """Return a message for each job of this turn that has news; None for no news."""
        if (now := time.monotonic()) < self.next:
            return None
        self.next = now + EVERY
        return b"".join(filter(None, map(self._news_of, self._next_turn()))) or None

    def _next_turn(self) -> list[str]:
        if self._job_id is not None:
            return [self._job_id]
        ids = self._live.line.ids_of(self._account)
        self._told = {job_id: self._told[job_id] for job_id in ids if job_id in self._told}
        self._turn = 0 if self._turn >= len(ids) else self._turn
        turn, self._turn = ids[self._turn : self._turn + AT_ONCE], self._turn + AT_ONCE
        return turn

    def _news_of(self, job_id: str) -> bytes | None:
        forecast = self._live.forecast(job_id)
        queue = present_queue(forecast) if forecast else None
        if queue is None or queue == self._told.get(job_id):
            return None
        self._told[job_id] = queue
        named = queue if self._job_id else QueueOf(job_id=job_id, **asdict(queue))
        return sse.message("queue", to_json(named))
