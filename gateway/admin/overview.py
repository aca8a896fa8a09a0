"""The route that shows how the system is: jobs by state, the log's lag, queues, workers."""

import asyncio
from collections.abc import Callable

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct

from events.log.heartbeats import Heartbeat
from gateway.admin.broker import Broker, QueueState
from gateway.admin.workers import Workers
from gateway.http.contract import Contract
from gateway.jobs.live import LiveJobs
from gateway.jobs.presentation import Time
from service.scopes import OPERATE


class LogState(Struct, frozen=True, kw_only=True):
    """How far the log goes, and how far it was read: here, and into the stored views.

    Offsets have holes, so differences are upper bounds. `lacking` counts the events of jobs that the stored
    views do not have yet, and `waiting_seconds` says for how long. `trouble` is what keeps this gateway from
    following the log.
    """

    last: int | None
    read: int
    projected: int
    lacking: int
    waiting_seconds: float
    trouble: str | None


class WorkUnderWay(Struct, frozen=True, kw_only=True):
    """A piece of work. `subject` is its job, or the account that a mail is for.

    `percent` is how much of a conversion is done; null: not known.
    """

    queue: str
    subject: str
    attempt: int
    since: Time
    percent: float | None


class WorkerState(Struct, frozen=True, kw_only=True):
    """A worker that is alive. `seen` is the time of its last heartbeat, by its own clock."""

    name: str
    kind: str
    version: str
    since: Time
    seen: Time
    slots: int
    working_on: list[WorkUnderWay]


class Overview(Struct, frozen=True, kw_only=True):
    """How the system is, as this gateway sees it.

    `jobs` counts them by state, as far as they are projected; null: nobody counted them. `queues` is null
    while the broker does not answer. Workers are heard every two seconds; before `listening_since` this
    gateway heard none.
    """

    jobs: dict[str, int] | None
    log: LogState
    queues: list[QueueState] | None
    workers: list[WorkerState]
    listening_since: Time | None


@get(
    "/admin/overview",
    operation_id="getOverview",
    tags=["administration"],
    opt=Contract(scope=OPERATE, errors=()).opt,
)
async def show_overview(
    live: NamedDependency[LiveJobs],
    broker: NamedDependency[Broker],
    workers: NamedDependency[Workers],
) -> Overview:
    """Show how the system is: jobs by state, the log's lag, queues, and the workers that are alive."""
    last, queues = await asyncio.gather(broker.last(), broker.queues())
    return Overview(  # the rest is of one moment: counts and checkpoint belong together
        jobs=None if live.jobs is None else {state: count for state, count in live.jobs.items() if count},
        log=LogState(
            last=last,
            read=live.recent.position,
            projected=live.checkpoint,
            lacking=live.lacking(),
            waiting_seconds=round(live.waiting(), 3),
            trouble=live.trouble,
        ),
        queues=queues,
        workers=[_worker(each, workers.percent) for each in workers.alive()],
        listening_since=workers.listening_since,
    )


def _worker(heartbeat: Heartbeat, percent: Callable[[str], float | None]) -> WorkerState:
    return WorkerState(
        name=heartbeat.name,
        kind=heartbeat.kind,
        version=heartbeat.version,
        since=heartbeat.since,
        seen=heartbeat.time,
        slots=heartbeat.slots,
        working_on=[
            WorkUnderWay(
                queue=each.queue,
                subject=each.subject,
                attempt=each.attempt,
                since=each.since,
                percent=percent(each.subject),
            )
            for each in heartbeat.working_on
        ],
    )


ROUTES = [show_overview]
