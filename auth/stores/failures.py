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

    async def uncount(self, key: str) -> None:
        """Take one failure back."""
        ...

    async def forget(self, key: str) -> None:
        """Remove the count of this key."""
        ...
