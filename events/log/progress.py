"""Progress of conversions. It is not state: it travels on a transient exchange and is never stored.

A sender publishes at most twice a second for a job. A percentage that is lost is replaced by the next one.
"""

from collections.abc import AsyncGenerator
from datetime import datetime

import msgspec
from msgspec import Struct

from events.log import transient
from events.log.transient import TransientSender

INTERVAL = 0.5
"""Seconds between two progress messages of one job."""

_KEYS = ("*",)
"""The routing key is the job's id, one word. Heartbeats have two."""


class Progress(Struct, frozen=True, kw_only=True):
    """The progress of an attempt. `percent` is 0 to 100, None while the length is unknown.

    An import has bytes in place of seconds; its id is its job's.
    """

    job_id: str
    account: str
    run: int
    attempt: int
    percent: float | None
    seconds_done: float
    seconds_total: float | None
    speed: float | None
    time: datetime
    bytes_done: int | None = None
    bytes_total: int | None = None


_encoder = msgspec.json.Encoder()


class ProgressSender:
    """Sends progress while the broker can be reached. Never raises, and waits two seconds at most."""

    def __init__(self, sender: TransientSender) -> None:
        self._sender = sender

    async def send(self, progress: Progress) -> None:
        """Send it, or lose it."""
        await self._sender.send(progress.job_id, _encoder.encode(progress))


def progress_feed(url: str) -> AsyncGenerator[Progress, None]:
    """Yield the progress of all jobs from now on; reconnects for ever, missing the messages in between."""
    return transient.messages(url, _KEYS, Progress, name="progress feed")
