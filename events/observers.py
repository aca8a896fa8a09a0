"""What the adapters tell somebody who counts: metrics, say. Nobody listens unless an entry point says so.

Whoever listens is called in the middle of the work: it may neither raise nor wait.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

from events.envelope import Event

Parked = Literal["attempts", "redeliveries", "unreadable"]
"""Why work was given up: its attempts came to an end, it came back too often, nobody can read it."""


class PublishObserver(Protocol):
    """Hears of every attempt to publish."""

    def __call__(self, key: str, confirmed: bool, seconds: float) -> None:
        """`key` is an event's type. Not confirmed means unknown: it may be in the log."""


class WorkObserver(Protocol):
    """Hears what becomes of work from a queue."""

    def handling(self, event: Event, attempt: int) -> AbstractContextManager[None]:
        """Stand around one attempt, from the moment it has its slot; an exception passes through."""
        ...

    def retried(self) -> None:
        """An attempt failed, and another one will be made."""

    def parked(self, why: Parked) -> None:
        """No further attempt will be made; the message is put aside for an operator."""


def unobserved(key: str, confirmed: bool, seconds: float) -> None:
    """Hear nothing (a `PublishObserver`)."""


class Unobserved:
    """Hears nothing (a `WorkObserver`)."""

    def handling(self, event: Event, attempt: int) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def retried(self) -> None:
        """Do nothing."""

    def parked(self, why: Parked) -> None:
        """Do nothing."""
