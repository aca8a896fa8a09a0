"""Observers of publishes and of work, for metrics. There is none unless an entry point passes one.

An observer is called in the middle of the work, so it may neither raise nor wait.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

from events.envelope import Event

Parked = Literal["attempts", "redeliveries", "unreadable"]
"""The reason for which work was given up: no attempt is left, it came back too often, it is unreadable."""


class PublishObserver(Protocol):
    """Observes every attempt to publish."""

    def __call__(self, key: str, confirmed: bool, seconds: float) -> None:
        """`key` is an event's type. Not confirmed means unknown: it may be in the log."""


class WorkObserver(Protocol):
    """Observes work from a queue."""

    def handling(self, event: Event, attempt: int) -> AbstractContextManager[None]:
        """Enclose one attempt, from the moment it has its slot. An exception passes through."""
        ...

    def retried(self) -> None:
        """An attempt failed, and another one will be made."""

    def parked(self, why: Parked) -> None:
        """No further attempt will be made; the message is put aside for an operator."""


def unobserved(key: str, confirmed: bool, seconds: float) -> None:
    """Ignore it (a `PublishObserver`)."""


class Unobserved:
    """Ignores everything (a `WorkObserver`)."""

    def handling(self, event: Event, attempt: int) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def retried(self) -> None:
        """Do nothing."""

    def parked(self, why: Parked) -> None:
        """Do nothing."""
