"""The gateway's answers to administrators. Fields that the cockpit has no use for are skipped."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from cli.client.answers import Entry, Failure


class LogState(Struct, frozen=True):
    """The log's last offset, and how far it is read here. `lacking`: events that the stored views lack."""

    last: int | None = None
    read: int = -1
    lacking: int = 0
    waiting_seconds: float = 0.0
    trouble: str | None = None


class Queue(Struct, frozen=True):
    """Messages of a work queue; `waiting` None: there is no such queue."""

    name: str
    waiting: int | None = 0
    retrying: int = 0
    parked: int = 0
    idle_workers: int = 0


class Work(Struct, frozen=True):
    """A piece of work under way; `subject` is its job, or the account that a mail is for."""

    queue: str
    subject: str
    attempt: int
    since: datetime
    percent: float | None = None
    seconds_done: float | None = None
    seconds_total: float | None = None
    speed: float | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None


class Room(Struct, frozen=True):
    """Bytes of a disk."""

    total: int
    free: int


class Worker(Struct, frozen=True):
    """A worker or gateway that is alive."""

    name: str
    kind: str
    version: str
    since: datetime
    slots: int
    working_on: Sequence[Work] = ()
    disk: Room | None = None


class Disk(Struct, frozen=True):
    """A server's disk. `low`: with so few free bytes it stops."""

    name: str
    free: int | None = None
    total: int | None = None
    low: int | None = None
    alarms: Sequence[str] = ()


class Overview(Struct, frozen=True):
    """The state of the system. `checks`: what is wrong with each part. None: nobody knows."""

    log: LogState
    workers: Sequence[Worker]
    jobs: Mapping[str, int] | None = None
    queues: Sequence[Queue] | None = None
    listening_since: datetime | None = None
    checks: Mapping[str, str | None] = {}
    disks: Sequence[Disk] = ()


class Done(Struct, frozen=True):
    """The figures of a while of the log."""

    made: int = 0
    converted: int = 0
    failed: int = 0
    realtime_factor: float | None = None


class Depth(Struct, frozen=True):
    """Messages of a work queue, a while ago."""

    waiting: int = 0
    retrying: int = 0
    parked: int = 0


class Look(Struct, frozen=True):
    """A look at queues and lag, a while ago."""

    queues: Mapping[str, Depth] | None = None
    waiting_seconds: float = 0.0


class Point(Struct, frozen=True):
    """A minute, or several. None: nobody counted, or looked."""

    at: datetime
    done: Done | None = None
    look: Look | None = None


class History(Struct, frozen=True):
    """Numbers over time."""

    points: Sequence[Point]


class AnyJob(Struct, frozen=True):
    """Anybody's job."""

    job_id: str
    state: str
    account: str = ""
    filename: str = ""
    done: bool = False
    run: int = 1
    created: datetime | None = None
    finished_at: datetime | None = None
    error: Failure | None = None
    timeline: Sequence[Entry] = ()


class AnyJobs(Struct, frozen=True):
    """A page of jobs."""

    items: Sequence[AnyJob]


class Parked(Struct, frozen=True):
    """Work that was given up, with the worker's reason."""

    queue: str
    reason: str
    attempt: int
    job_id: str | None = None
    event_id: str | None = None


class ParkedItems(Struct, frozen=True):
    """All of it."""

    items: Sequence[Parked]


class Event(Struct, frozen=True):
    """An event of the log; `data` differs by `type`."""

    type: str
    id: str
    time: datetime
    subject: str = ""
    account: str = ""
    data: Mapping[str, Any] = {}
