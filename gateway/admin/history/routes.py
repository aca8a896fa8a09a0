"""The route that shows numbers over time."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from gateway.admin.history.counts import MINUTE, Counts
from gateway.admin.history.recorder import KEPT
from gateway.admin.history.samples import Sample, together
from gateway.admin.history.store import HistoryStore, Place
from gateway.errors import BadParameters, Fault
from gateway.http.contract import Contract
from gateway.jobs.presentation import Time
from service.scopes import OPERATE

MOST = 500
"""Points of an answer."""
_DAY = 24 * 3600
STEPS = (*(MINUTE * minutes for minutes in (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360)), _DAY)
"""Seconds between two points, of which the first is taken that fits. Each divides a day."""


class WorkDone(Struct, frozen=True, kw_only=True):
    """A while of the log: jobs made, and how runs ended. `failures` are by code.

    `realtime_factor`: seconds of audio made by seconds that the conversions took, both of which are there,
    too; null without a conversion.
    """

    made: int
    converted: int
    failed: int
    cancelled: int
    failures: dict[str, int]
    audio_seconds: float
    work_seconds: float
    realtime_factor: float | None


class QueueDepth(Struct, frozen=True, kw_only=True):
    """Messages of a work queue: that wait, that wait for their next attempt, that were given up."""

    waiting: int
    retrying: int
    parked: int


class LookTaken(Struct, frozen=True, kw_only=True):
    """A while of samples. Of several looks, one a minute: the deepest queues, the longest lag, the last jobs.

    `jobs` are those that are not over, by state. Null, as for `queues`: not known. `lacking` counts
    the events that the stored views did not have yet, `waiting_seconds` shows for how long.
    """

    jobs: dict[str, int] | None
    queues: dict[str, QueueDepth] | None
    lacking: int
    waiting_seconds: float


class Point(Struct, frozen=True, kw_only=True):
    """The time from `at` to the next point. Null: the log was not read so far, or nobody looked."""

    at: Time
    done: WorkDone | None
    look: LookTaken | None


class Numbers(Struct, frozen=True, kw_only=True):
    """Numbers over time. Points lie `step` seconds apart, at its multiples; the last one is not over yet."""

    since: Time
    step: int
    points: list[Point]


@get(
    "/admin/history",
    operation_id="getHistory",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=()).opt,
)
async def show_history(
    history: NamedDependency[HistoryStore],
    since: Annotated[
        datetime | None, QueryParameter(description="The first point's time: a day ago, a week at most.")
    ] = None,
    step: Annotated[
        int | None,
        QueryParameter(
            ge=MINUTE, le=_DAY, description="Seconds between two points, of which there are 500 at most."
        ),
    ] = None,
) -> Numbers:
    """Show numbers over time, for plots: what was made and how it ended, queues, lag, speed.

    A week is kept. Without `step` the smallest is taken that fits.
    """
    now = time.time()
    begin = min(now, max(now - KEPT, since.timestamp() if since else now - _DAY))
    width = _step(now - begin, step)
    first, last = (int(each // width) * width for each in (begin, now))
    place = await history.place()
    counts, samples = await history.counts(first, int(now)), await history.samples(first, int(now))
    return Numbers(
        since=_time(first),
        step=width,
        points=[_point(at, width, counts, samples, place) for at in range(first, last + 1, width)],
    )


def _step(span: float, wanted: int | None) -> int:
    """Return the seconds between two points. Raises BadParameters for a step that does not fit."""
    fitting = [each for each in STEPS if span / each < MOST - 1]
    if wanted is None:
        return fitting[0]
    if wanted not in STEPS:
        raise BadParameters([Fault("step", f"give one of {', '.join(map(str, STEPS))}")])
    if wanted not in fitting:
        raise BadParameters(
            [Fault("step", f"since then it takes {fitting[0]} or more: {MOST} points at most")]
        )
    return wanted


def _point(
    at: int, width: int, counts: Mapping[int, Counts], samples: Mapping[int, Sample], place: Place | None
) -> Point:
    minutes = range(at, at + width, MINUTE)
    is_counted = place is not None and at + width > place.since and at < place.until
    return Point(
        at=_time(at),
        done=_done(counts[each] for each in minutes if each in counts) if is_counted else None,
        look=_look(together(samples[each] for each in minutes if each in samples)),
    )


def _done(several: Iterable[Counts]) -> WorkDone:
    counts = Counts()
    for each in several:
        counts.add(each)
    factor = counts.realtime_factor
    return WorkDone(
        made=counts.made,
        converted=counts.converted,
        failed=counts.failed,
        cancelled=counts.cancelled,
        failures=counts.failures,
        audio_seconds=round(counts.audio_seconds, 3),
        work_seconds=round(counts.work_seconds, 3),
        realtime_factor=None if factor is None else round(factor, 3),
    )


def _look(sample: Sample | None) -> LookTaken | None:
    if sample is None:
        return None
    return LookTaken(
        jobs=sample.jobs,
        queues=None
        if sample.queues is None
        else {
            name: QueueDepth(waiting=each.waiting, retrying=each.retrying, parked=each.parked)
            for name, each in sample.queues.items()
        },
        lacking=sample.lacking,
        waiting_seconds=sample.waiting_seconds,
    )


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


ROUTES = [show_history]
