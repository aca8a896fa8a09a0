"""The room on the disks of database and broker, where these report it."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

from events.errors import Unavailable
from events.log import management
from events.mongodb_errors import translated

_KEPT = 10.0
"""Seconds for which what was told is told again."""
_PATIENCE = 2.0
_ALARMS = {"disk": "disk_free_alarm", "memory": "mem_alarm"}


class Disk(Struct, frozen=True, kw_only=True):
    """A disk by who writes to it. `free` and `total` are null where they are not known.

    `low`: with so few free bytes the broker takes no more events; null: nothing depends on it. `alarms` are
    those of the broker, `disk` or `memory`: while there is one, nobody can publish.
    """

    name: str
    free: int | None
    total: int | None = None
    low: int | None = None
    alarms: list[str] = []


class Disks:
    """The disks of the database and of the broker's nodes; one look serves everybody for ten seconds."""

    def __init__(self, database: AsyncDatabase[Any], management_url: str | None) -> None:
        self._database, self._management_url = database, management_url
        self._found: list[Disk] = []
        self._good_until = 0.0
        self._turn = asyncio.Lock()

    async def look(self) -> list[Disk]:
        """Return those that can be read. What cannot in two seconds is left out."""
        async with self._turn:
            if time.monotonic() >= self._good_until:
                both = await asyncio.gather(self._of_database(), self._of_broker())
                self._found = [disk for found in both for disk in found]
                self._good_until = time.monotonic() + _KEPT
            return self._found

    async def _of_database(self) -> list[Disk]:
        with contextlib.suppress(Unavailable, TimeoutError), translated("the database's disk"):
            async with asyncio.timeout(_PATIENCE):
                return list(of_database(await self._database.command("dbStats")))
        return []

    async def _of_broker(self) -> list[Disk]:
        if self._management_url is None:
            return []
        with contextlib.suppress(Unavailable):  # our user of the broker may not see its nodes
            nodes = await management.asked(self._management_url, "nodes", timeout=_PATIENCE)
            return [of_node(each) for each in nodes]
        return []


def of_database(stats: Mapping[str, Any]) -> Iterator[Disk]:
    """Yield the disk by the answer to `dbStats`; none where the server does not report it."""
    if total := int(stats.get("fsTotalSize") or 0):
        yield Disk(name="mongodb", free=total - int(stats.get("fsUsedSize") or 0), total=total)


def of_node(node: Mapping[str, Any]) -> Disk:
    """Return the disk of one of the broker's nodes, by its management API."""
    return Disk(
        name=str(node.get("name") or "rabbitmq"),
        free=_bytes(node.get("disk_free")),
        low=_bytes(node.get("disk_free_limit")),
        alarms=[name for name, key in _ALARMS.items() if node.get(key)],
    )


def _bytes(told: object) -> int | None:
    """Return a number; None for what is none: of a disk that it cannot look at the broker reports `NaN`."""
    return told if isinstance(told, int) else None
