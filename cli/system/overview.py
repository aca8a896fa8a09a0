"""The system in lines for people: what flows, what waits, what failed, who consumes, how full the disk is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.pretty import size
from cli.system.words import CONSUMERS
from events.log import topology
from events.log.depths import Queue
from events.projections.job_view import SETTLED, State

_ALARMS = {"disk": "disk_free_alarm", "memory": "mem_alarm"}
"""What may stop all publishes, and how the management API calls it."""


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
