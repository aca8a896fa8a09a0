"""One piece of work, the pace at which it is done, and the handler that does it."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from events.envelope import Event, decode
from events.errors import TonearmError, Unavailable
from events.log.amqp import Delivery
from events.log.topology import DELAYS
from events.types import AnyPayload, RunFact, Unknown

PATIENCE = 10.0
"""Seconds for an answer of the broker, and of waiting for work before it is asked again."""

AGAIN = "again"
"""The header of work that was given up, and that an administrator has handed out once more."""


class Pace(Struct, frozen=True):
    """The amount of work at once, and the seconds to wait for it."""

    slots: int = 1
    delays: tuple[float, ...] = DELAYS
    """Before attempts 2, 3, …; after the last one the work is given up."""
    grace: float = 5.0
    """For work under way when the worker stops."""
    patience: float = PATIENCE
    """For the broker's answer, and for work to come before the queues are asked again."""

    def delay(self, attempt: int, error: Exception) -> float | None:
        """Return the seconds before the attempt that follows a failed one; None: there is no other.

        It is one of `delays`: each has a queue. What shall come later than all of them waits for the longest.
        """
        if attempt > len(self.delays):
            return None
        usual = self.delays[attempt - 1]
        least = max(usual, error.seconds) if isinstance(error, TryLater) else usual
        return min((each for each in self.delays if each >= least), default=max(self.delays))


class WorkerKeepsDying(TonearmError):
    """The message came back too often without an answer: it may be what kills the workers."""


class TryLater(Unavailable):
    """This attempt failed; the next one shall not come before some seconds have passed."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class NotYet(Unavailable):
    """The work was not begun, as it is the turn of others. It comes back soon, as the same attempt."""


class Work(Struct, frozen=True):
    """One piece of work: the event that asks for it, and which attempt this is, from 1.

    `again`: it was given up, and an administrator has asked for it once more.
    """

    event: Event
    payload: AnyPayload
    attempt: int
    redeliveries: int = 0
    again: bool = False

    @property
    def headers(self) -> dict[str, str | int]:
        """The headers of a message with this work."""
        marks = {AGAIN: 1} if self.again else {}
        return {"attempt": self.attempt, "redeliveries": self.redeliveries, **marks}

    @property
    def run(self) -> int:
        """The run of the job that this work belongs to."""
        return self.payload.run if isinstance(self.payload, RunFact) else 1


class Publishes(Protocol):
    """Appends events to the log."""

    async def publish(self, event: Event) -> None:
        """Return once the event is confirmed. Raises NotConfirmed."""


class Handler(Protocol):
    """The work of one kind of worker."""

    async def handle(self, work: Work) -> Event | None:
        """Do the work and return its result's event; None when there is nothing to do any more.

        Any exception means trouble of ours: the work is tried again later. A failure that no later attempt
        can mend is a result, not an exception. Must be idempotent: the same work can come again.
        """

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return the event of a failed attempt whose next one comes in `delay` seconds; None for no event."""

    def gave_up(self, work: Work, error: Exception) -> Event | None:
        """Return the event of a failure after which no attempt follows; None for no event."""


def read(delivery: Delivery) -> Work | Unknown:
    """Return the work in a message; Unknown where only a later build knows it. Raises InvalidEvent."""
    event = decode(delivery.body)
    payload = event.payload()
    if isinstance(payload, Unknown):
        return payload
    headers = delivery.headers
    attempt, redeliveries = _count(headers, "attempt", 1), _count(headers, "redeliveries", 0)
    return Work(event, payload, attempt, redeliveries, _count(headers, AGAIN, 0) > 0)


def _count(headers: Mapping[str, Any], name: str, least: int) -> int:
    value = headers.get(name, least)
    return max(value, least) if isinstance(value, int) else least
