"""Work from a queue: the event is the work message, and it is acknowledged last.

The ways of one delivery:

    handle ──► result event, confirmed ──► acknowledged
       │ raises
       ├──► attempts left: `retrying` event, a copy into the delay's retry queue ──► acknowledged
       └──► none left:     `gave_up` event, a copy into the parked queue         ──► acknowledged
    stop ──► not done within the grace: a copy into the queue                    ──► acknowledged

A crash anywhere before the acknowledgement means that the same delivery comes again, to this worker or
another; deterministic event ids make the second result the same event. Retry and parked queues are
reached by the exchange `work`, on a connection of its own, never through `events`.

A lost connection does not throw away work under way: it runs on, and when the broker delivers the same
message again to this worker, that delivery waits for it and acknowledges it.
"""

import asyncio
import contextlib
from typing import Any, Protocol
from uuid import uuid4

import structlog
from msgspec import Struct
from msgspec.structs import replace

from events import tracing
from events.envelope import Event, decode
from events.errors import InvalidEvent, NotConfirmed, TonearmError, Unavailable
from events.log import amqp, topology
from events.log.publisher import ConfirmedChannel
from events.observers import Unobserved, WorkObserver
from events.payload import Aggregate
from events.sealing import NO_KEYS, Keys
from events.tasks import cancelled
from events.types import AnyPayload, RunFact, Unknown

log = structlog.get_logger()

MAX_REDELIVERIES = 10
"""Returns of one message without an answer (crashes, mostly) after which it is given up as poison."""

PATIENCE = 30.0
"""Seconds for which work may wait while a slot is free. A broker delivers in milliseconds."""
_LOOKS = 6
"""Looks at the queue in that time."""

DELAYS = (5, 30, 120, 600)
"""Seconds before attempts 2, 3, …"""


class Pace(Struct, frozen=True):
    """The amount of work at once, and the seconds to wait for it."""

    slots: int = 1
    delays: tuple[float, ...] = DELAYS
    """Before attempts 2, 3, …; after the last one the work is given up."""
    grace: float = 5.0
    """For work under way when the worker stops."""
    patience: float = PATIENCE
    """For work that waits while a slot is free; then the worker says so, and connects anew."""


class NothingTaken(Unavailable):
    """Work waits, a slot is free, and the broker delivers nothing."""


class WorkerKeepsDying(TonearmError):
    """The message came back too often without an answer: it may be what kills the workers."""


class Work(Struct, frozen=True):
    """One piece of work: the event that asks for it, and which attempt this is, from 1."""

    event: Event
    payload: AnyPayload
    attempt: int
    redeliveries: int = 0

    @property
    def run(self) -> int:
        """The run of the job that this work belongs to."""
        return self.payload.run if isinstance(self.payload, RunFact) else 1


class Publishes(Protocol):
    """Appends events to the log."""

    async def publish(self, event: Event) -> None:
        """Return once the event is confirmed. Raises NotConfirmed."""


class Handler(Protocol):
    """The work of one kind of worker."""

    async def handle(self, work: Work) -> Event | None:
        """Do the work and return its result's event; None when there is nothing to do any more.

        Any exception means trouble of ours: the work is tried again later. A failure that no later attempt
        can mend is a result, not an exception. Must be idempotent: the same work can come again.
        """

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return the event of a failed attempt whose next one comes in `delay` seconds; None for no event."""

    def gave_up(self, work: Work, error: Exception) -> Event:
        """Return the event of a failure after which no attempt follows."""


class Worker:
    """Consumes one queue, `pace.slots` pieces of work at a time. Run more processes to scale."""

    def __init__(
        self,
        url: str,
        queue: str,
        handler: Handler,
        publisher: Publishes,
        *,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        observer: WorkObserver | None = None,
        keys: Keys = NO_KEYS,
    ) -> None:
        """`keys` open the events that ask for work."""
        self._url, self._queue, self._handler, self._publisher = url, queue, handler, publisher
        self._pace = pace
        self._observer = observer or Unobserved()
        self._keys = keys
        self._aside = ConfirmedChannel(url, name=f"{queue}: retries", timeout=5.0, attempts=1)
        # The broker's prefetch is no bound: after a reconnect it counts anew, and old work runs on.
        self._slot = asyncio.Semaphore(pace.slots)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._consumer_tag = ""
        self._consuming: amqp.Channel | None = None
        self._taken_at = 0.0
        """When work was taken last, or nothing waited, or no slot was free."""
        self._stuck = False

    @property
    def trouble(self) -> str | None:
        """The reason why no work is taken now; None while it is, or while none waits."""
        if self._consuming is not None and self._consuming.is_open and not self._stuck:
            return None
        return f"nothing is taken from the queue {self._queue}"

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish the work under way or hand it back, within the grace."""
        stopping = asyncio.create_task(stop.wait())
        pause = 0.2
        try:
            while not stop.is_set():
                try:
                    await self._declare()
                    async with amqp.connected(self._url, name=f"{self._queue}: worker") as connection:
                        channel = self._consuming = await self._consume(connection)
                        log.info("consuming", queue=self._queue, slots=self._pace.slots)
                        pause = 0.2
                        await self._watch(channel, stopping)
                        if stop.is_set():
                            await self._drain(channel)
                except NothingTaken as error:
                    log.error("consumer_stuck", queue=self._queue, error=str(error), again_in=pause)
                except Unavailable as error:
                    log.warning("broker_away", queue=self._queue, error=str(error), again_in=pause)
                except Exception:  # of any kind: nobody else consumes for this process
                    log.exception("consumer_failed", queue=self._queue, again_in=pause)
                await asyncio.wait({stopping}, timeout=pause)
                pause = min(pause * 2, 5.0)
        finally:
            stopping.cancel()
            await cancelled([*self._running.values(), *self._deliveries])
            await self._aside.close()

    async def _declare(self) -> None:
        """Declare every queue this worker needs, also after the broker came back empty."""
        await topology.declare(self._url, topology.retries(self._queue, self._pace.delays))

    async def _watch(self, channel: amqp.Channel, stopping: asyncio.Task[bool]) -> None:
        """Return at the stop, or when the channel closes. Raises NothingTaken, Unavailable."""
        ends: list[asyncio.Future[Any]] = [stopping, channel.closed]
        self._taken_at = asyncio.get_running_loop().time()
        while not any(each.done() for each in ends):
            await asyncio.wait(
                ends, timeout=self._pace.patience / _LOOKS, return_when=asyncio.FIRST_COMPLETED
            )
            if not any(each.done() for each in ends):
                await self._look(channel)

    async def _look(self, channel: amqp.Channel) -> None:
        """Compare what waits with what is taken: a consumer may be there, and get nothing for ever."""
        waiting = await self._waiting(channel)
        now, busy = asyncio.get_running_loop().time(), max(len(self._deliveries), len(self._running))
        if waiting == 0 or busy >= self._pace.slots:
            self._taken_at, self._stuck = now, False
        elif now - self._taken_at >= self._pace.patience:
            self._stuck = True
            raise NothingTaken(f"{waiting} wait, and none was taken for {now - self._taken_at:.0f} s")

    async def _waiting(self, channel: amqp.Channel) -> int:
        """Return how many messages wait. Raises ConnectionLost."""
        found = await channel.call("queue_declare", queue=self._queue, passive=True)
        return int(found.method.message_count)

    async def _consume(self, connection: amqp.Connection) -> amqp.Channel:
        channel = await connection.channel(prefetch=self._pace.slots)

        def on_message(method: Any, properties: Any, body: bytes) -> None:
            self._taken_at, self._stuck = asyncio.get_running_loop().time(), False
            headers = properties.headers or {}
            delivery = asyncio.create_task(
                self._take(channel, method.delivery_tag, bool(method.redelivered), headers, body)
            )
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)

        self._consumer_tag = await channel.consume(self._queue, on_message)
        return channel

    async def _drain(self, channel: amqp.Channel) -> None:
        """Take nothing more, give work under way its grace, then hand the rest back."""
        try:
            async with asyncio.timeout(1.0):
                await channel.call("basic_cancel", consumer_tag=self._consumer_tag)
        except (Unavailable, TimeoutError):
            return
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=self._pace.grace)
        for task in self._running.values():
            task.cancel()
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=2.0)

    async def _take(
        self, channel: amqp.Channel, tag: int, redelivered: bool, headers: dict[str, Any], body: bytes
    ) -> None:
        """Deliver. What fails in a way that nobody foresaw is handed back later: else it kept its slot."""
        try:
            await self._deliver(channel, tag, redelivered, headers, body)
        except Exception:
            log.exception("delivery_failed", queue=self._queue, again_in=self._pace.delays[0])
            await asyncio.sleep(self._pace.delays[0])
            channel.hand_back(tag)

    async def _deliver(
        self, channel: amqp.Channel, tag: int, redelivered: bool, headers: dict[str, Any], body: bytes
    ) -> None:
        """See one delivery to its end, and acknowledge it or hand it back."""
        try:
            work = _work(headers, body)
        except InvalidEvent as error:
            log.error("work_unreadable", queue=self._queue, error=str(error))
            self._observer.parked("unreadable")
            await self._keep(topology.parked(self._queue), body, reason=str(error))
            channel.ack(tag)
            return
        if isinstance(work, Unknown):
            # A worker of a newer version, in the middle of an upgrade, will know it.
            log.error("work_unknown", queue=self._queue, type=work.type, version=work.version)
            await self._keep(topology.retry(self._queue, self._pace.delays[-1]), body)
            channel.ack(tag)
            return
        key = f"{work.event.id}/{work.attempt}"
        task = self._running.get(key)
        if task is None and redelivered:
            # A classic queue does not count; the copy does. The worker that takes it starts afresh.
            await self._keep(self._queue, body, attempt=work.attempt, redeliveries=work.redeliveries + 1)
            channel.ack(tag)
            return
        if task is None:
            task = self._running[key] = asyncio.create_task(self._do(work, body))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        await asyncio.wait({task})
        if task.cancelled():
            await self._hand_back(channel, tag, work, body)
        elif task.exception() is not None:
            log.error("work_handed_back", queue=self._queue, error=repr(task.exception()))
            channel.hand_back(tag)
        else:
            channel.ack(tag)

    async def _hand_back(self, channel: amqp.Channel, tag: int, work: Work, body: bytes) -> None:
        """Give the message to another worker, by a copy, so that a stop does not count as a death."""
        if not channel.is_open:
            return  # the broker has taken it back already
        same = {"attempt": work.attempt, "redeliveries": work.redeliveries}
        if await self._put_aside(self._queue, body, **same):
            channel.ack(tag)
        else:
            channel.hand_back(tag)

    async def _do(self, work: Work, body: bytes) -> None:
        about = "job_id" if work.event.aggregate is Aggregate.JOB else "account_id"
        with (
            structlog.contextvars.bound_contextvars(
                **{about: work.event.subject}, cause_id=work.event.id, attempt=work.attempt
            ),
            tracing.processing(topology.EXCHANGE, self._queue, work.event, work.attempt) as span,
        ):
            try:
                if work.redeliveries > MAX_REDELIVERIES:
                    raise WorkerKeepsDying(f"came back {work.redeliveries} times without an answer")
                async with self._slot:
                    with self._observer.handling(work.event, work.attempt):
                        work = await self._whole(work)
                        result = await self._handler.handle(work)
            except Exception as error:
                span.failed(type(error).__name__)
                await self._failed(work, body, error)
            else:
                if result is not None:
                    await self._publish(result)

    async def _whole(self, work: Work) -> Work:
        """Open the work's event. Its copies in other queues stay sealed. Raises Unavailable."""
        event = await self._keys.open(work.event)
        payload = event.payload()
        return work if isinstance(payload, Unknown) else replace(work, event=event, payload=payload)

    async def _failed(self, work: Work, body: bytes, error: Exception) -> None:
        left = self._pace.delays[work.attempt - 1 :]
        died = isinstance(error, WorkerKeepsDying)
        if not left or died:
            log.error("work_parked", error=repr(error), exc_info=error)
            self._observer.parked("redeliveries" if died else "attempts")
            await self._publish(self._handler.gave_up(work, error))
            await self._keep(
                topology.parked(self._queue), body, attempt=work.attempt, reason=repr(error)[:500]
            )
            return
        unforeseen = None if isinstance(error, TonearmError) else error
        log.warning("work_retrying", error=repr(error), again_in=left[0], exc_info=unforeseen)
        self._observer.retried()
        event = self._handler.retrying(work, error, left[0])
        if event is not None:
            await self._publish(event)
        await self._keep(topology.retry(self._queue, left[0]), body, attempt=work.attempt + 1)

    async def _publish(self, event: Event) -> None:
        """Publish until it is confirmed: the work is done, only its event is missing."""
        while True:
            try:
                await self._publisher.publish(event)
            except Unavailable as error:
                log.warning("result_not_confirmed", event_type=event.type, error=str(error))
                await asyncio.sleep(1.0)
            else:
                log.info("published", event_type=event.type, event_id=event.id)
                return

    async def _keep(self, queue: str, body: bytes, **headers: str | int) -> None:
        """Put a copy aside, however long the broker takes."""
        while not await self._put_aside(queue, body, **headers):
            await asyncio.sleep(1.0)
            with contextlib.suppress(Unavailable):
                await self._declare()

    async def _put_aside(self, queue: str, body: bytes, **headers: str | int) -> bool:
        try:
            await self._aside.publish(topology.WORK, queue, body, headers, str(uuid4()))
        except NotConfirmed as error:
            log.warning("put_aside_failed", queue=queue, error=str(error))
            return False
        return True


def _work(headers: dict[str, Any], body: bytes) -> Work | Unknown:
    event = decode(body)
    payload = event.payload()
    if isinstance(payload, Unknown):
        return payload
    return Work(event, payload, _count(headers, "attempt", 1), _count(headers, "redeliveries", 0))


def _count(headers: dict[str, Any], name: str, least: int) -> int:
    value = headers.get(name, least)
    return max(value, least) if isinstance(value, int) else least
