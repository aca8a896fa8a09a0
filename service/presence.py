"""A worker's presence: heartbeats that show who it is and what it works on (see `events.log.heartbeats`)."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from events.envelope import Event
from events.log import heartbeats
from events.log.heartbeats import Heartbeat, Occupation, Room
from events.log.transient import TransientSender
from events.observers import Parked, WorkObserver
from events.tasks import cancelled


def own_name() -> str:
    """Return this process's name, which no other has, as it stands in the log."""
    return f"{socket.gethostname()}/{os.getpid()}"


class Presence:
    """Sends heartbeats while it is `shown`. What its observers enclose is what the worker works on."""

    def __init__(
        self,
        sender: TransientSender,
        *,
        kind: str,
        slots: int,
        folder: Path | None = None,
    ) -> None:
        """`kind` is the service, `slots` how many pieces of work fit in at once, `folder` where it works."""
        self._sender, self._kind, self._slots, self._folder = sender, kind, slots, folder
        self._since = datetime.now(UTC)
        self._working_on: dict[object, Occupation] = {}

    def observer(self, queue: str, inner: WorkObserver) -> WorkObserver:
        """Return an observer of one queue's work that calls `inner`, too."""
        return _Watcher(self._working_on, queue, inner)

    def heartbeat(self, *, last: bool = False) -> Heartbeat:
        """Return the worker as it is now."""
        return Heartbeat(
            name=own_name(),
            kind=self._kind,
            version=version("tonearm"),
            since=self._since,
            time=datetime.now(UTC),
            slots=self._slots,
            working_on=tuple(self._working_on.values()),
            last=last,
            disk=_room(self._folder),
        )

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Send heartbeats during the block, and the last one after it."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            await cancelled([beating])
            await heartbeats.send(self._sender, self.heartbeat(last=True))

    async def _beat(self) -> None:
        while True:
            await heartbeats.send(self._sender, self.heartbeat())
            await asyncio.sleep(heartbeats.INTERVAL)


def _room(folder: Path | None) -> Room | None:
    """Return the room on the folder's disk; None where that cannot be read."""
    if folder is None:
        return None
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return Room(total=usage.total, free=usage.free)


class _Watcher:
    """Notes what is under way (a `WorkObserver`)."""

    def __init__(self, working_on: dict[object, Occupation], queue: str, inner: WorkObserver) -> None:
        self._working_on, self._queue, self._inner = working_on, queue, inner

    @contextmanager
    def handling(self, event: Event, attempt: int) -> Iterator[None]:
        """Note the work for as long as the attempt lasts."""
        key = object()
        self._working_on[key] = Occupation(
            queue=self._queue, subject=event.subject, attempt=attempt, since=datetime.now(UTC)
        )
        try:
            with self._inner.handling(event, attempt):
                yield
        finally:
            del self._working_on[key]

    def retried(self) -> None:
        """Pass it on."""
        self._inner.retried()

    def parked(self, why: Parked) -> None:
        """Pass it on."""
        self._inner.parked(why)
