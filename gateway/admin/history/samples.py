"""Samples of what the log lacks: the length of queues at a moment, the lag of the stored views. Pure."""

from collections.abc import Iterable

from msgspec import Struct


class Depth(Struct, frozen=True, omit_defaults=True):
    """Messages of a work queue: those that wait, that wait for their next attempt, and that were given up."""

    waiting: int = 0
    retrying: int = 0
    parked: int = 0


class Sample(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One look. `jobs`: those that are not over, by state; None, as for `queues`: not known.

    `lacking` counts the events that the stored views did not have yet, `waiting_seconds` shows for how long.
    """

    jobs: dict[str, int] | None = None
    queues: dict[str, Depth] | None = None
    lacking: int = 0
    waiting_seconds: float = 0.0


def together(samples: Iterable[Sample]) -> Sample | None:
    """Return several looks as one: the deepest queues, the longest wait, and the latest jobs; None for none.

    They come in the order of time.
    """
    found: Sample | None = None
    for each in samples:
        found = each if found is None else _both(found, each)
    return found


def _both(one: Sample, later: Sample) -> Sample:
    return Sample(
        jobs=one.jobs if later.jobs is None else later.jobs,
        queues=_deepest(one.queues, later.queues),
        lacking=max(one.lacking, later.lacking),
        waiting_seconds=max(one.waiting_seconds, later.waiting_seconds),
    )


def _deepest(one: dict[str, Depth] | None, other: dict[str, Depth] | None) -> dict[str, Depth] | None:
    if one is None or other is None:
        return other if one is None else one
    names = one | other
    return {name: _deeper(one.get(name, Depth()), other.get(name, Depth())) for name in names}


def _deeper(one: Depth, other: Depth) -> Depth:
    return Depth(
        max(one.waiting, other.waiting),
        max(one.retrying, other.retrying),
        max(one.parked, other.parked),
    )
