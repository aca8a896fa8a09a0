"""Work that was given up. It lies in a queue of its own beside each work queue, until somebody decides.

To look at it is to take it and to hand it back, in its place: AMQP knows no other way. Quorum queues count
how often a message came back, and since RabbitMQ 4 drop it at the 20th time, unless a policy allows for more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from uuid import uuid4

from msgspec import Struct

from events.envelope import Event, decode
from events.errors import InvalidEvent, NotConfirmed
from events.ids import event_id
from events.log import topology
from events.log.amqp import Channel, Connection, Delivery
from events.projections.job_view import JobView, State
from events.types import JobNotified, RunFact
from events.work.task import AGAIN

_CONFIRMED_WITHIN = 5.0
_OF_NO_JOB = (topology.LETTERS, topology.NEWS, topology.HOOKS, topology.IMPORTS)
"""Queues whose work no job's view decides about."""


class ParkedWork(Struct, frozen=True, kw_only=True):
    """One message. `event` is None where it could not be read; `reason` is the worker's, for operators."""

    queue: str
    event: Event | None
    attempt: int
    reason: str
    delivery: Delivery


class Remedy(StrEnum):
    """A remedy for parked work."""

    RUN = "run"
    """Another run of its job begins. The message has served its turn."""
    HAND_OUT = "hand_out"
    """It goes back into its work queue."""
    DROP = "drop"
    """It is not needed any more: its job has gone on, or is deleted."""
    KEEP = "keep"
    """It cannot be read, or its job is not known."""


def remedy(work: ParkedWork, view: JobView | None) -> Remedy:
    """Return what to do when it is asked for again. `view` is that of its job. Pure."""
    if work.queue in _OF_NO_JOB and work.event is not None:
        return Remedy.HAND_OUT
    if work.event is None or view is None:
        return Remedy.KEEP
    if view.state is State.DELETED:
        return Remedy.DROP
    run = _run(work.event)
    end = view.end_of(run)
    if end is None:
        return Remedy.KEEP  # of no end that the log knows
    if work.queue in topology.VIDEOS:
        return Remedy.RUN if end.state is State.FAILED and view.run == run else Remedy.DROP
    notified = view.has(event_id(view.job_id, JobNotified.TYPE, run, work.event.type))
    return Remedy.DROP if notified or end.id != work.event.id else Remedy.HAND_OUT


class Held:
    """Messages that are held: `works` is in the order of the queue. Those that are not dropped go back."""

    def __init__(self, channel: Channel, works: list[ParkedWork]) -> None:
        self._channel, self.works = channel, works
        self._left = {work.delivery.tag for work in works}

    def drop(self, work: ParkedWork) -> None:
        """Take it out of the queue for good."""
        self._left.discard(work.delivery.tag)
        self._channel.ack(work.delivery.tag)

    def give_back(self) -> None:
        """Put what is left where it was."""
        for tag in sorted(self._left):
            self._channel.hand_back(tag)


@asynccontextmanager
async def held(connection: Connection, queue: str, most: int) -> AsyncIterator[Held]:
    """Hold up to `most` of a work queue's parked messages for the block. Raises Unavailable."""
    channel = await connection.channel()
    works: list[ParkedWork] = []
    while len(works) < most and (delivery := await channel.get(topology.parked(queue))) is not None:
        works.append(_read(queue, delivery))
    holding = Held(channel, works)
    try:
        yield holding
    finally:
        holding.give_back()
        channel.close()


async def hand_out(channel: Channel, work: ParkedWork) -> None:
    """Put a copy into the work queue, as its first attempt. The channel has confirms. Raises Unavailable."""
    headers: dict[str, str | int] = {"attempt": 1, AGAIN: 1}
    try:
        async with asyncio.timeout(_CONFIRMED_WITHIN):
            await channel.publish(topology.WORK, work.queue, work.delivery.body, headers, str(uuid4()))
    except TimeoutError as error:
        raise NotConfirmed(f"the broker did not confirm that the work is in {work.queue} again") from error


def _read(queue: str, delivery: Delivery) -> ParkedWork:
    try:
        event = decode(delivery.body)
    except InvalidEvent:
        event = None
    attempt, reason = delivery.headers.get("attempt", 0), delivery.headers.get("reason", "")
    return ParkedWork(
        queue=queue,
        event=event,
        attempt=attempt if isinstance(attempt, int) else 0,
        reason=str(reason),
        delivery=delivery,
    )


def _run(event: Event) -> int:
    """Return the run that an event belongs to; 0 where its data cannot be read, which no run has."""
    try:
        payload = event.payload()
    except InvalidEvent:
        return 0
    return payload.run if isinstance(payload, RunFact) else 1
