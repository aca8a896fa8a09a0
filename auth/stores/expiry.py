"""The protocol of every store whose documents expire."""

from datetime import datetime
from typing import Protocol


class ExpiringStore(Protocol):
    """Sessions, tokens of letters, failures. Both methods raise DirectoryUnavailable."""

    async def prepare(self) -> None:
        """Create the indexes. Idempotent."""
        ...

    async def sweep(self, now: datetime) -> None:
        """Remove the documents that have expired."""
        ...
