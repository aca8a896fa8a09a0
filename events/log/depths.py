"""The number of messages that wait in each queue, and of programs that wait for one."""

from typing import Any, NamedTuple

from events.errors import Unavailable
from events.log import amqp, topology


class Queue(NamedTuple):
    """A queue: how many messages wait in it, and how many programs wait for one. None: it is not there."""

    name: str
    ready: int | None
    consumers: int = 0


async def queues(connection: amqp.Connection) -> list[Queue]:
    """Return the work queues, those of their retries, and those of what was given up. Raises Unavailable."""
    names = [
        name
        for queue in topology.WORK_QUEUES
        for name in (queue, *topology.retries(queue, topology.delays(queue)), topology.parked(queue))
    ]
    return [await _queue(connection, name) for name in names]


async def _queue(connection: amqp.Connection, name: str) -> Queue:
    frame = await passively(connection, "queue_declare", queue=name)
    return (
        Queue(name, frame.method.message_count, frame.method.consumer_count) if frame else Queue(name, None)
    )


async def passively(connection: amqp.Connection, method: str, **named: str) -> Any:
    """Return the broker's answer; None when there is nothing of that name. Raises Unavailable."""
    channel = await connection.channel()  # the broker closes it when there is none
    try:
        frame = await channel.call(method, **named, passive=True)
    except Unavailable as error:
        if connection.is_open and "NOT_FOUND" in str(error):
            return None
        raise
    channel.close()
    return frame
