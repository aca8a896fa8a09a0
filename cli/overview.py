"""How it is: what flows, what waits, what failed, who consumes, how full the disk is. In lines for people."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cli.pretty import size
from events.errors import Unavailable
from events.log import amqp, topology
from events.projections.job_view import SETTLED, State
from events.work import DELAYS

CONSUMERS = {
    topology.VIDEO: "converter",
    topology.BULK: "converter",
    topology.MP3: "notifier",
    topology.LETTERS: "notifier",
}
"""The service that takes the work of each queue."""
_ALARMS = {"disk": "disk_free_alarm", "memory": "mem_alarm"}
"""What may stop all publishes, and how the management API calls it."""


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
        for name in (queue, *(topology.retry(queue, delay) for delay in DELAYS), topology.parked(queue))
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


def lines_of_queues(found: Iterable[Queue]) -> Iterator[str]:
    """Yield a line for each work queue, and for each other one that holds anything or is missing."""
    for queue in found:
        said = []
        if service := CONSUMERS.get(queue.name):
            said = _takers(queue, service)
        elif queue.ready and queue.name.endswith(topology.parked("")):
            said = ["given up, and kept for `replay requeue`"]
        elif queue.ready:
            said = ["wait for their next attempt"]
        if queue.ready != 0 or queue.name in CONSUMERS:
            count = "not there" if queue.ready is None else f"{queue.ready:,}"
            yield "   ".join([f"{queue.name:<28} {count:>12}", *said])


def _takers(queue: Queue, service: str) -> list[str]:
    """Say who waits for work. Who is busy does not, so a queue that holds some may have nobody."""
    if queue.consumers:
        return [f"{queue.consumers:,} {service}{'s wait' if queue.consumers > 1 else ' waits'} for work"]
    return [f"every {service} is busy, or none runs"] if queue.ready else []


def line_of_jobs(counts: Mapping[str, int]) -> str:
    """Return the states that any job is in: first those under way, then the failed."""
    order = sorted(State, key=lambda state: (state in SETTLED, state is not State.FAILED))
    told = [f"{counts[state]:,} {state}" for state in order if counts.get(state)]
    total = f"{sum(counts.values()):,}: " if len(told) > 1 else ""
    return total + (", ".join(told) or "none")


def lines_of_nodes(nodes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield how full the disk of each of the broker's nodes is, by its management API."""
    for node in nodes:
        free, limit = int(node.get("disk_free") or 0), int(node.get("disk_free_limit") or 0)
        alarms = [name for name, key in _ALARMS.items() if node.get(key)]
        warning = f"; ALARM of its {' and '.join(alarms)}: nobody can publish" if alarms else ""
        yield f"{node.get('name')}: {size(free)} free, publishes stop below {size(limit)}{warning}"
