"""Counted failures, and the protocol of a store that keeps them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Failures(Struct, frozen=True):
    """The number of failures under one key, and the time of the last."""

    count: int = 0
    last: datetime | None = None


class FailureStore(Protocol):
    """Counts failures by key. Every method raises DirectoryUnavailable."""

    async def get(self, keys: Sequence[str], now: datetime) -> dict[str, Failures]:
        """Return the counts of these keys that have not expired."""
        ...

    async def count(self, key: str, now: datetime, until: datetime) -> None:
        """Count one more failure, remembered until then."""
        ...

    async def charge(self, key: str, seen: Failures, now: datetime, until: datetime) -> bool:
        """Count one more failure. Return False, and count nothing, if the count is not `seen` any more."""
        ...

    async def refund(self, key: str, before: Failures, charged: datetime, until: datetime) -> None:
        """Take back the charge of that time: all is as before, unless a failure was counted since then."""
        ...

    async def admit(self, key: str, most: int, now: datetime, until: datetime) -> datetime | None:
        """Count one more unless there are as many already; then return the time at which the count ends.

        The first one decides when it ends.
        """
        ...

    async def forget(self, key: str) -> None:
        """Remove the count of this key."""
        ...
