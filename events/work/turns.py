"""The turns of several queues: the first one's mostly, and the others' often enough."""

from collections.abc import Sequence

FIRST = 4
"""Jobs of an account, not over, that may wait in the first queue. Those beyond wait in bulk."""

RUN = 4
"""Messages of the first queue after which the others are asked first. So they get a fifth at least."""


class Turns:
    """The order in which queues are asked for the next message."""

    def __init__(self, queues: Sequence[str]) -> None:
        self._queues = tuple(queues)
        self._run = 0

    def order(self) -> tuple[str, ...]:
        """Return the queues, the one first whose turn it is."""
        first, *others = self._queues
        return (*others, first) if self._run >= RUN else self._queues

    def took(self, queue: str) -> None:
        """Note where a message came from."""
        self._run = self._run + 1 if queue == self._queues[0] else 0
