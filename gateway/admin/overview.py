"""The route that shows how the system is: jobs by state, the log's lag, queues, workers."""

import asyncio

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct
from msgspec.structs import replace

from events.log.heartbeats import Heartbeat, Occupation, Room
from events.log.progress import Progress
from gateway.admin.broker import Broker, QueueState
from gateway.admin.disks import Disk, Disks
from gateway.admin.workers import Workers
from gateway.http.contract import Contract
from gateway.jobs.live import LiveJobs
from gateway.jobs.presentation import Time
from service import health
from service.health import Checks
from service.scopes import OPERATE


class LogState(Struct, frozen=True, kw_only=True):
    """The log's end, and the places up to which it was read: here, and into the stored views.

    Offsets have holes, so differences are upper bounds. `lacking` counts the events of jobs that the stored
    views do not have yet, and `waiting_seconds` shows for how long. `trouble` is what keeps this gateway from
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

    `percent` is how much of a conversion or an import is done; null, as for the others: not known.
    `seconds_…` are of the recording, and `speed` is how many of them are done in one. Imports have bytes.
    """

    queue: str
    subject: str
    attempt: int
    since: Time
    percent: float | None
    seconds_done: float | None = None
    seconds_total: float | None = None
    speed: float | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None


class WorkerState(Struct, frozen=True, kw_only=True):
    """A worker that is alive; gateways are, too: they do imports.

    `seen` is the time of its last heartbeat, by its own clock. `disk` is the one that it works on.
    """

    name: str
    kind: str
    version: str
    since: Time
    seen: Time
    slots: int
    working_on: list[WorkUnderWay]
    disk: Room | None


class Overview(Struct, frozen=True, kw_only=True):
    """The state of the system, as this gateway sees it.

    `jobs` counts them by state, as far as they are projected; null: nobody counted them. `queues` is null
    while the broker does not answer. Workers are heard every two seconds; before `listening_since` this
    gateway heard none. `checks` names what is wrong with each part that this gateway needs, and with auth;
    null: nothing. `disks` are those of the database and the broker, where these report it.
    """

    jobs: dict[str, int] | None
    log: LogState
    queues: list[QueueState] | None
    workers: list[WorkerState]
    listening_since: Time | None
    checks: dict[str, str | None]
    disks: list[Disk]


class Condition(Struct, frozen=True):
    """The checks of what this gateway needs, by name, and the disks."""

    checks: Checks
    disks: Disks


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
    condition: NamedDependency[Condition],
) -> Overview:
    """Show how the system is: jobs by state, the log's lag, queues, the workers that are alive, and disks."""
    last, queues, checks, disks = await asyncio.gather(
        broker.last(), broker.queues(), health.answers(condition.checks), condition.disks.look()
    )
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
        workers=[_worker(each, workers) for each in workers.alive()],
        listening_since=workers.listening_since,
        checks=checks,
        disks=disks,
    )


def _worker(heartbeat: Heartbeat, workers: Workers) -> WorkerState:
    return WorkerState(
        name=heartbeat.name,
        kind=heartbeat.kind,
        version=heartbeat.version,
        since=heartbeat.since,
        seen=heartbeat.time,
        slots=heartbeat.slots,
        working_on=[_work(each, workers.progress(each.subject)) for each in heartbeat.working_on],
        disk=heartbeat.disk,
    )


def _work(each: Occupation, told: Progress | None) -> WorkUnderWay:
    work = WorkUnderWay(
        queue=each.queue, subject=each.subject, attempt=each.attempt, since=each.since, percent=None
    )
    if told is None:
        return work
    return replace(
        work,
        percent=told.percent,
        seconds_done=told.seconds_done if told.bytes_done is None else None,
        seconds_total=told.seconds_total,
        speed=told.speed,
        bytes_done=told.bytes_done,
        bytes_total=told.bytes_total,
    )


ROUTES = [show_overview]
