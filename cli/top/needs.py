"""The things that need somebody, each in a sentence: pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from cli.pretty import clock, size
from cli.system.words import counted
from cli.top.answers import Disk, Overview, Room

_BEHIND = 30.0
"""Seconds that the views may lack an event."""
_HEARD = 5.0
"""Seconds in which a gateway that begins to listen hears of every worker: they tell every two."""
_SCARCE = 0.1
"""The share of a disk that is free, below which it is nearly full."""
_TOLD = {"tail", "projection"}
"""Checks that other sentences tell of."""
_PARTS = {
    "publisher": "the broker",
    "mongodb": "the database",
    "revocations": "signing out",
    "topology": "the broker's bindings",
}


def needs(overview: Overview, at: datetime, reasons: Sequence[str] = ()) -> Iterator[str]:
    """Yield the sentences, the gravest first.

    `at` is when that was asked for, and `reasons` are those for which work was given up.
    """
    log = overview.log
    if log.trouble:
        yield f"This gateway does not follow the log: {log.trouble.rstrip('.')}."
    for name, wrong in overview.checks.items():
        if wrong and name not in _TOLD:
            part = _PARTS.get(name, name)
            yield f"{part[0].upper()}{part[1:]}: {wrong.rstrip('.')}."
    for disk in overview.disks:
        if disk.alarms:
            yield f"The broker at {disk.name} lacks {' and '.join(disk.alarms)}: nobody can publish."
    listened = (at - overview.listening_since).total_seconds() if overview.listening_since else 0.0
    if listened > _HEARD and not any(each.kind == "converter" for each in overview.workers):
        yield "No converter is alive. Jobs wait until one is."
    if log.waiting_seconds > _BEHIND:
        yield f"The stored views have been behind the log for {clock(log.waiting_seconds)}."
    for name, free in _short_of_room(overview):
        yield f"The disk of {name} is nearly full: {size(free)} are free."
    if parked := sum(each.parked for each in overview.queues or ()):
        given_up = counted(parked, "piece of work was", "pieces of work were")
        often = [reason for reason, _ in Counter(reasons).most_common(2)]
        why = f": {'; '.join(often)}" if often else ""
        yield f"{given_up} given up{why}."
    if len(versions := sorted({each.version for each in overview.workers})) > 1:
        yield f"Several versions run: {', '.join(versions)}."


def _short_of_room(overview: Overview) -> Iterator[tuple[str, int]]:
    for disk in overview.disks:
        if disk.free is not None and is_scarce(disk):
            yield disk.name, disk.free
    for worker in overview.workers:
        if worker.disk is not None and is_short(worker.disk):
            yield worker.name, worker.disk.free


def is_short(room: Room) -> bool:
    """Return True if a worker's disk is nearly full."""
    return room.free < _SCARCE * room.total


def is_scarce(disk: Disk) -> bool:
    """Return True if a server's disk is nearly full, as far as is known."""
    return disk.free is not None and disk.free < max(_SCARCE * (disk.total or 0), 2 * (disk.low or 0))
