"""The broker's exchanges, queues and bindings, which every service declares idempotently from here.

    topic exchange `events` ── `#` ──────────────────────────► stream `events`
                            ── job.uploaded, job.requeued ───► queue `video` ─► converter
                            ── the same with `.bulk` ────────► queue `video.bulk` ─► converter
                            ── job.converted, job.failed ────► queue `mp3`   ─► notifier
                            ── account.letter_requested, hook.disabled ► queue `letters` ─► notifier
                            ── a job's upload and ends ──────► queue `news`  ─► notifier
                            ── hook.requested ───────────────► queue `hooks` ─► notifier
                            ── import.requested ─────────────► queue `imports` ─► gateway
                            ── job.cancelled, job.deleted ───► topic exchange `withdrawn`
    topic exchange `withdrawn` ── the same ──────────────────► a queue of each converter's own
    topic exchange `work` ── a queue's own name ─────────────► work queues, their retry and parked queues
    topic exchange `progress` (transient) ── job id ─────────► a queue of each gateway's own

Retries and parked work go by the exchange `work`, never through `events`. They avoid the default exchange,
too: a user that may write there may write into every queue, the stream included. A missing binding loses
events silently (`mandatory` does not show it while any other binding matches), so `missing` asks the
management API, the only place where bindings can be listed.

Converters learn by the exchange `withdrawn` that a job is not wanted any more. To bind queues of theirs to
`events` they would have to be allowed to read it, and the stream has the same name.

A user that may not declare them only checks that they are there: in a cluster they come with the broker's
definitions, and no service may change or delete them.
"""

import asyncio
from collections.abc import Mapping, Sequence, Set
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from events.envelope import Event
from events.errors import Unavailable
from events.log import amqp
from events.log.management import asked
from events.routing import bulk_key, keys, routing_key
from events.types import (
    NEWSWORTHY,
    AccountLetterRequested,
    HookDisabled,
    HookRequested,
    ImportRequested,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobRequeued,
    JobUploaded,
)

EXCHANGE = "events"
STREAM = "events"
PROGRESS = "progress"
WORK = "work"
WITHDRAWN = "withdrawn"
VIDEO = "video"
BULK = f"{VIDEO}.bulk"
VIDEOS = (VIDEO, BULK)
"""Of several jobs of one account the first wait in the first, all others in the second."""
MP3 = "mp3"
LETTERS = "letters"
NEWS = "news"
"""What webhooks may want to hear of."""
HOOKS = "hooks"
"""Deliveries to webhooks."""
IMPORTS = "imports"
WORK_QUEUES = (*VIDEOS, MP3, LETTERS, NEWS, HOOKS, IMPORTS)

DELAYS = (5, 30, 120, 600)
"""Seconds before attempts 2, 3, …"""
_DELAYS_OF: Mapping[str, tuple[int, ...]] = {HOOKS: (5, 300, 1800, 7200, 18_000, 36_000, 36_000)}
"""Of the queues whose work waits longer: a receiver may be away for two days."""

SEGMENT_BYTES = 64_000_000
"""Retention removes whole segments, so they are smaller than the 500 MB default. Fixed for ever by the
first declaration; retention itself is set by policy and can be changed."""

BINDINGS: tuple[tuple[str, str], ...] = (
    (STREAM, "#"),
    (VIDEO, JobUploaded.TYPE),
    (VIDEO, JobRequeued.TYPE),
    (BULK, bulk_key(JobUploaded.TYPE)),
    (BULK, bulk_key(JobRequeued.TYPE)),
    (MP3, JobConverted.TYPE),
    (MP3, JobFailed.TYPE),
    (LETTERS, AccountLetterRequested.TYPE),
    (LETTERS, HookDisabled.TYPE),
    *((NEWS, key) for type_ in NEWSWORTHY for key in keys(type_)),
    (HOOKS, HookRequested.TYPE),
    (IMPORTS, ImportRequested.TYPE),
)
"""(queue, routing key) of every binding of the exchange `events` to a queue."""

WITHDRAWALS = (JobCancelled.TYPE, JobDeleted.TYPE)
"""The routing keys of the bindings of the exchange `events` to the exchange `withdrawn`."""
EXCHANGES: tuple[tuple[str, bool], ...] = (
    (EXCHANGE, True),
    (WORK, True),
    (WITHDRAWN, True),
    (PROGRESS, False),
)
"""(name, whether it outlives a restart) of every exchange. All are topic exchanges."""


def work_queue(event: Event) -> str:
    """Return the queue in which the work waits that an event asks for. Raises KeyError, InvalidEvent.

    Its delivery to webhooks is no such work.
    """
    return {key: queue for queue, key in BINDINGS if queue != NEWS}[routing_key(event)]


def delays(queue: str) -> tuple[int, ...]:
    """Return the seconds before attempts 2, 3, … of a queue's work."""
    return _DELAYS_OF.get(queue, DELAYS)


def parked(queue: str) -> str:
    """Return the queue that keeps failed work for an operator."""
    return f"{queue}.parked"


def retry(queue: str, delay: float) -> str:
    """Return the queue in which work waits `delay` seconds before it returns to `queue`."""
    return f"{queue}.retry.{round(delay * 1000)}ms"


def queues() -> dict[str, dict[str, Any]]:
    """Return the arguments of every permanent queue, by its name."""
    stream = {"x-queue-type": "stream", "x-stream-max-segment-size-bytes": SEGMENT_BYTES}
    return {STREAM: stream} | {name: {} for queue in WORK_QUEUES for name in (queue, parked(queue))}


def retries(queue: str, delays: Sequence[float]) -> dict[str, dict[str, Any]]:
    """Return the arguments of the retry queues, one for each delay in seconds. Expired work goes back."""
    back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}
    return {retry(queue, delay): {"x-message-ttl": round(delay * 1000), **back} for delay in delays}


async def declare(url: str, more: Mapping[str, dict[str, Any]] | None = None) -> None:
    """Declare everything, and `more` queues (see `retries`); a user without that permission only checks.

    Raises Unavailable when the broker is away, when a name there stands for something else, and when a check
    finds something missing.
    """
    wanted = queues() | dict(more or {})
    async with amqp.connected(url, name="topology") as connection:
        try:
            await _make(await connection.channel(), wanted)
        except amqp.NotAllowed:
            await _look(await connection.channel(), wanted)


async def _make(channel: amqp.Channel, wanted: Mapping[str, dict[str, Any]]) -> None:
    for exchange, durable in EXCHANGES:
        await channel.call("exchange_declare", exchange=exchange, exchange_type="topic", durable=durable)
    for queue, arguments in wanted.items():
        await channel.call("queue_declare", queue=queue, durable=True, arguments=arguments)
        if queue != STREAM:
            await channel.call("queue_bind", queue=queue, exchange=WORK, routing_key=queue)
    for queue, key in BINDINGS:
        await channel.call("queue_bind", queue=queue, exchange=EXCHANGE, routing_key=key)
    for key in WITHDRAWALS:
        await channel.call("exchange_bind", destination=WITHDRAWN, source=EXCHANGE, routing_key=key)


async def _look(channel: amqp.Channel, wanted: Mapping[str, dict[str, Any]]) -> None:
    for exchange, durable in EXCHANGES:
        if durable:
            await channel.call("exchange_declare", exchange=exchange, passive=True)
    for queue in wanted:
        await channel.call("queue_declare", queue=queue, passive=True)


async def missing(url: str, management_url: str, *, timeout: float = 5.0) -> tuple[str, ...]:
    """Return the name of each binding of `events` that is missing. See `bindings`."""
    return unbound(await bindings(url, management_url, timeout=timeout))


def unbound(present: Set[tuple[str, str]]) -> tuple[str, ...]:
    """Return the name of each binding of `events` that is not among these targets and routing keys."""
    wanted = (*BINDINGS, *((WITHDRAWN, key) for key in WITHDRAWALS))
    return tuple(
        f"binding {EXCHANGE} -> {target} ({key})" for target, key in wanted if (target, key) not in present
    )


async def bindings(url: str, management_url: str, *, timeout: float = 5.0) -> set[tuple[str, str]]:
    """Return the target, a queue or an exchange, and the routing key of each binding of `events`.

    `url` is the broker's AMQP URL (its path is the virtual host), `management_url` the management
    API's, `http://user:password@host:port`. Raises Unavailable when that does not answer.
    """
    vhost = quote(unquote(urlsplit(url).path.removeprefix("/")) or "/", safe="")
    rows = await asked(management_url, f"exchanges/{vhost}/{EXCHANGE}/bindings/source", timeout=timeout)
    return {(row["destination"], row["routing_key"]) for row in rows}


async def declare_when_up(url: str, *, patience: float = 60.0) -> None:
    """Declare, waiting up to `patience` seconds for a broker that is still starting."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await declare(url)
        except Unavailable:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.5)
