"""The future, played through: converters take jobs in turns, each for as long as it is expected to last.

Pure: what is known comes in as arguments.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from events.log.topology import BULK, VIDEO, VIDEOS
from events.work.turns import Turns
from gateway.line.open_jobs import Open

_LAST = 0.1
"""The share of its time that a conversion has left at least, while it is not done."""
_SOON = 1.0
"""Seconds: work that comes back later than that waits for another attempt. Clocks differ by less."""


class Outlook(NamedTuple):
    """The place of a job among those that wait, from 1; 0 while a worker is at it.

    `seconds` are those until a job that waits is done, and those of one under way in all. None: nobody knows.
    """

    place: int
    seconds: float | None


def played(
    jobs: Iterable[Open], slots: int, expected: Callable[[Open], float | None], now: float
) -> dict[str, Outlook]:
    """Return the outlook of each job. `slots`: how many jobs are worked on at once."""
    outlooks: dict[str, Outlook] = {}
    waiting: list[Open] = []
    left: list[float] = []
    for job in jobs:
        if job.began is None:
            waiting.append(job)
            continue
        seconds = expected(job)
        outlooks[job.job_id] = Outlook(0, seconds)
        left.append(max((seconds or 0.0) - (now - job.began), _LAST * (seconds or 0.0)))
    busy = sorted(left)[:slots]
    free_at = [0.0] * (slots - len(busy)) + busy
    for place, job in enumerate(in_turns(waiting, now), 1):
        seconds = expected(job) if slots else None
        if seconds is not None:
            seconds += max(free_at[0], job.ready - now)
            heapq.heapreplace(free_at, seconds)
        outlooks[job.job_id] = Outlook(place, seconds)
    return outlooks


def in_turns(waiting: Iterable[Open], now: float) -> Iterator[Open]:
    """Yield the jobs as they will be taken; at last those whose next attempt is to come."""
    lanes: dict[str, deque[Open]] = {VIDEO: deque(), BULK: deque()}
    later: list[Open] = []
    for job in sorted(waiting, key=lambda job: (job.ready, job.offset)):
        if job.ready > now + _SOON:
            later.append(job)
        else:
            lanes[BULK if job.bulk else VIDEO].append(job)
    turns = Turns(VIDEOS)
    while any(lanes.values()):
        queue = next(each for each in turns.order() if lanes[each])
        turns.took(queue)
        yield lanes[queue].popleft()
    yield from later
