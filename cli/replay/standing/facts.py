"""The facts about log, queues and views. Pure. A part that could not be found out is None; `away` has why."""

from datetime import datetime, timedelta

from msgspec import Struct, field

from events.log.heartbeats import Heartbeat

RECENT = timedelta(minutes=10)
"""What is of late."""


class TheLog(Struct, frozen=True, kw_only=True):
    """The log: its ends, and what flowed of late, by type. `types` are those of the whole log, if asked."""

    first: int
    last: int
    oldest: datetime
    newest: datetime
    recent: dict[str, int]
    types: dict[str, int] | None = None


class View(Struct, frozen=True, kw_only=True):
    """A version of the job views: how many jobs it holds, and the last offset that it has seen."""

    name: str
    live: bool
    jobs: int
    offset: int | None


class Views(Struct, frozen=True, kw_only=True):
    """The versions of the views, and the jobs of the live one by their states."""

    live: str
    jobs: dict[str, int]
    versions: list[View]


class GivenUp(Struct, frozen=True, kw_only=True):
    """Work that was given up. Without a `type` it could not be read."""

    queue: str
    type: str
    subject: str
    attempt: int
    reason: str


class Depth(Struct, frozen=True, kw_only=True):
    """A queue: the messages in it, None where there is no such queue, and the programs that wait for one."""

    name: str
    ready: int | None
    consumers: int


class Waiting(Struct, frozen=True, kw_only=True):
    """The queues, and the first of what was given up."""

    queues: list[Depth]
    given_up: list[GivenUp]


class Binding(Struct, frozen=True, kw_only=True):
    """Events with this key come into this queue."""

    queue: str
    key: str


class Topology(Struct, frozen=True, kw_only=True):
    """The missing exchanges, queues and bindings. `bindings` is None where nothing can list them."""

    missing: list[str]
    bindings: list[Binding] | None


class Standing(Struct, kw_only=True):
    """All of it. `log` is null for an empty one, too. A worker is heard if it works within some seconds."""

    log: TheLog | None = None
    views: Views | None = None
    waiting: Waiting | None = None
    workers: list[Heartbeat] | None = None
    topology: Topology | None = None
    disks: list[str] = field(default_factory=list)
    away: dict[str, str] = field(default_factory=dict)
    """Parts that could not be found out, and why."""
    unset: list[str] = field(default_factory=list)
    """Parts that were not looked for, as the URL for them is not set."""
