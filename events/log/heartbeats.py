"""Heartbeats of workers: they show who is alive, and on what. Like progress they are never stored.

Nobody asks for them and nobody answers. Who has heard nothing of a worker for `SILENCE` takes it for gone.
"""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime

import msgspec
from msgspec import Struct

from events.log import transient
from events.log.transient import TransientSender

INTERVAL = 2.0
"""Seconds between two heartbeats of a worker."""

SILENCE = 3.5 * INTERVAL
"""Seconds after which a worker that says nothing counts as gone."""

_KEYS = ("heartbeat.*",)


class Occupation(Struct, frozen=True, kw_only=True):
    """A piece of work under way. `subject` is the job, or the account that a mail is for."""

    queue: str
    subject: str
    attempt: int
    since: datetime


class Room(Struct, frozen=True, kw_only=True):
    """Bytes of a disk, and how many of them are free."""

    total: int
    free: int


class Heartbeat(Struct, frozen=True, kw_only=True):
    """A worker's sign of life. `name` is the worker's alone; `since`: when it began; `last`: the good-bye.

    `disk` is the one that it works on; None: it works on none.
    """

    name: str
    kind: str
    version: str
    since: datetime
    time: datetime
    slots: int
    working_on: tuple[Occupation, ...] = ()
    last: bool = False
    disk: Room | None = None


_encoder = msgspec.json.Encoder()


async def send(sender: TransientSender, heartbeat: Heartbeat) -> None:
    """Send it, or lose it; never raises."""
    await sender.send(f"heartbeat.{heartbeat.kind}", _encoder.encode(heartbeat))


def heartbeat_feed(url: str, began: Callable[[], None] = lambda: None) -> AsyncGenerator[Heartbeat, None]:
    """Yield the heartbeats of all workers from now on; reconnects for ever.

    `began` is called whenever it begins to listen.
    """
    return transient.messages(url, _KEYS, Heartbeat, name="heartbeats", began=began)
