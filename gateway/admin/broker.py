"""The state of the broker's queues and the log's end, as the broker reports them."""

import asyncio

from msgspec import Struct

from events.errors import Unavailable
from events.log import amqp, topology
from events.log.bounds import last_offset
from events.log.depths import queues

_PATIENCE = 3.0
"""Seconds in which the broker has to answer."""


class QueueState(Struct, frozen=True, kw_only=True):
    """One work queue: messages that wait, those that wait for their next attempt, and those given up.

    `idle_workers` are programs that wait for work. Null: there is no such queue.
    """

    name: str
    waiting: int | None
    retrying: int
    parked: int
    idle_workers: int


class Broker(Struct, frozen=True):
    """The addresses to ask: the broker's AMQP URL, and that of its streams."""

    url: str
    stream_url: str

    async def queues(self) -> list[QueueState] | None:
        """Return the work queues; None while the broker does not answer."""
        try:
            async with (
                asyncio.timeout(_PATIENCE),
                amqp.connected(self.url, name="queue depths") as connection,
            ):
                found = {each.name: each for each in await queues(connection)}
        except (Unavailable, TimeoutError):
            return None
        return [
            QueueState(
                name=name,
                waiting=found[name].ready,
                retrying=sum(
                    found[each].ready or 0 for each in topology.retries(name, topology.delays(name))
                ),
                parked=found[topology.parked(name)].ready or 0,
                idle_workers=found[name].consumers,
            )
            for name in topology.WORK_QUEUES
        ]

    async def last(self) -> int | None:
        """Return the log's last offset; None for an empty log, and while the broker does not answer."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await last_offset(self.stream_url)
        except (Unavailable, TimeoutError):
            return None
