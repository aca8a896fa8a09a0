"""Work from queues: the event is the work message, and it is acknowledged last.

The ways of one delivery:

    handle ──► result event, confirmed ──► acknowledged
       │ raises
       ├──► not begun:     a copy into the first retry queue, as the same attempt  ──► acknowledged
       ├──► attempts left: `retrying` event, a copy into the delay's retry queue ──► acknowledged
       └──► none left:     `gave_up` event, a copy into the parked queue         ──► acknowledged
    stop ──► not done within the grace: a copy into the queue                    ──► acknowledged

A crash anywhere before the acknowledgement means that the same delivery comes again, to this worker or
another; deterministic event ids make the second result the same event. Retry and parked queues are
reached by the exchange `work`, on a connection of its own, never through `events`.

A message is taken when a slot is free for it, so none waits at a busy worker while another one is idle.

A lost connection does not throw away work under way: it runs on. The broker has its message again, so the
worker looks for it among those that wait, and acknowledges that delivery when the work is done.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import structlog
from msgspec.structs import replace

from events import tracing
from events.envelope import Event
from events.errors import InvalidEvent, NotConfirmed, TonearmError, Unavailable
from events.log import amqp, topology
from events.log.amqp import Channel, Delivery
from events.log.publisher import ConfirmedChannel
from events.observers import Unobserved, WorkObserver
from events.payload import Aggregate
from events.privacy.sealing import NO_KEYS, Keys
from events.tasks import cancelled
from events.types import Unknown
from events.work.taking import NoAnswer, Taking
from events.work.task import Handler, NotYet, Pace, Publishes, Work, WorkerKeepsDying, read

log = structlog.get_logger()

MAX_REDELIVERIES = 10
"""Returns of one message without an answer (crashes, mostly) after which it is given up as poison."""


class Worker:
    """Takes work from queues, `pace.slots` pieces at a time. Run more processes to scale.

    Of several queues the first one goes before the others, which still get their turns (see `turns`).
    """

    def __init__(
        self,
        url: str,
        queues: Sequence[str],
        handler: Handler,
        publisher: Publishes,
        *,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        observers: Mapping[str, WorkObserver] = MappingProxyType({}),
        keys: Keys = NO_KEYS,
    ) -> None:
        """`observers` are by queue. `keys` open the events that ask for work."""
        self._url, self._queues, self._handler, self._publisher = url, queues, handler, publisher
        self._pace = pace
        self._observers = {queue: observers.get(queue) or Unobserved() for queue in queues}
        self._keys = keys
        self._aside = ConfirmedChannel(url, name=f"{queues[0]}: retries", timeout=5.0, attempts=1)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._lost: dict[str, str] = {}
        """What runs on although the connection that brought it is gone, and the queue of each."""
        self._deliveries: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._channel: Channel | None = None

    @property
    def trouble(self) -> str | None:
        """The reason why no work is taken now; None while it is, or while none waits."""
        if self._channel is not None and self._channel.is_open:
            return None
        return f"nothing is taken from the queue {self._queues[0]}"

    @property
    def _free(self) -> int:
        return self._pace.slots - len(self._deliveries) - len(self._lost)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish the work under way or hand it back, within the grace."""
        stopping = asyncio.create_task(stop.wait())
        pause = 0.2
        try:
            while not stop.is_set():
                try:
                    await self._declare()
                    async with amqp.connected(self._url, name=f"{self._queues[0]}: worker") as connection:
                        channel = self._channel = await connection.channel(prefetch=1)
                        log.info("consuming", queue=self._queues[0], slots=self._pace.slots)
                        pause = 0.2
                        await self._consume(channel, stopping)
                        if stop.is_set():
                            await self._drain()
                except NoAnswer as error:
                    log.error("consumer_stuck", queue=self._queues[0], error=str(error), again_in=pause)
                except Unavailable as error:
                    log.warning("broker_away", queue=self._queues[0], error=str(error), again_in=pause)
                except Exception:  # of any kind: nobody else consumes for this process
                    log.exception("consumer_failed", queue=self._queues[0], again_in=pause)
                self._channel = None
                await asyncio.wait({stopping}, timeout=pause)
                pause = min(pause * 2, 5.0)
        finally:
            stopping.cancel()
            await cancelled([*self._running.values(), *self._deliveries])
            await self._aside.close()

    async def _declare(self) -> None:
        """Declare every queue this worker needs, also after the broker came back empty."""
        retries = [topology.retries(queue, self._pace.delays) for queue in self._queues]
        await topology.declare(self._url, {name: each for some in retries for name, each in some.items()})

    async def _consume(self, channel: Channel, stopping: asyncio.Task[bool]) -> None:
        """Take what there is a slot for, until the stop, or until the channel closes. Raises Unavailable."""
        ends: tuple[asyncio.Future[Any], ...] = (stopping, channel.closed)
        taking = Taking(channel, self._queues, self._pace.patience)
        await self._find_lost(channel, taking)
        while not any(each.done() for each in ends):
            if self._free <= 0:
                await self._slot(ends)
            elif delivery := await taking.next():
                self._take(channel, delivery, room=True)
            else:
                for arrived in await taking.listen(ends):
                    self._take(channel, arrived, room=self._free > 0 and not stopping.done())

    async def _find_lost(self, channel: Channel, taking: Taking) -> None:
        """Take the messages of what runs on: the broker has them again, first in their queues."""
        for queue in self._queues:
            while queue in self._lost.values() and (delivery := await taking.next(queue)):
                self._take(channel, delivery, room=self._free > 0)
                await asyncio.sleep(0)  # then it has found what is its own
                if not delivery.redelivered:
                    break

    async def _slot(self, ends: Collection[asyncio.Future[Any]]) -> None:
        """Wait until a slot may be free, or one of these is done."""
        self._freed.clear()
        freed = asyncio.create_task(self._freed.wait())
        waits: set[asyncio.Future[Any]] = {freed, *ends}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        freed.cancel()

    async def _drain(self) -> None:
        """Give work under way its grace, then hand the rest back."""
        under_way: list[asyncio.Future[Any]] = [*self._deliveries, *self._running.values()]
        if under_way:
            await asyncio.wait(under_way, timeout=self._pace.grace)
        for task in self._running.values():
            task.cancel()
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=2.0)

    def _take(self, channel: Channel, delivery: Delivery, *, room: bool) -> None:
        seeing = asyncio.create_task(self._see_to(channel, delivery, room))
        self._deliveries.add(seeing)
        seeing.add_done_callback(self._deliveries.discard)
        seeing.add_done_callback(lambda _: self._freed.set())

    async def _see_to(self, channel: Channel, delivery: Delivery, room: bool) -> None:
        """Deliver. What fails in a way that nobody foresaw is handed back later: else it kept its slot."""
        try:
            await self._deliver(channel, delivery, room)
        except Exception:
            log.exception("delivery_failed", queue=delivery.queue, again_in=self._pace.delays[0])
            await asyncio.sleep(self._pace.delays[0])
            channel.hand_back(delivery.tag)

    async def _deliver(self, channel: Channel, delivery: Delivery, room: bool) -> None:
        """See one delivery to its end, and acknowledge it or hand it back. `room`: its work may begin."""
        queue, tag = delivery.queue, delivery.tag
        try:
            work = read(delivery)
        except InvalidEvent as error:
            log.error("work_unreadable", queue=queue, error=str(error))
            self._observers[queue].parked("unreadable")
            await self._keep(topology.parked(queue), delivery.body, reason=str(error))
            channel.ack(tag)
            return
        if isinstance(work, Unknown):
            # A worker of a newer version, in the middle of an upgrade, will know it.
            log.error("work_unknown", queue=queue, type=work.type, version=work.version)
            await self._keep(topology.retry(queue, self._pace.delays[-1]), delivery.body)
            channel.ack(tag)
            return
        key = f"{work.event.id}/{work.attempt}"
        task = self._running.get(key)
        if task is None and delivery.redelivered:
            # A classic queue does not count; the copy does. The worker that takes it starts afresh.
            counted = replace(work, redeliveries=work.redeliveries + 1)
            await self._keep(queue, delivery.body, **counted.headers)
            channel.ack(tag)
            return
        if task is None and not room:
            await self._hand_back(channel, delivery, work)
            return
        if task is None:
            task = self._running[key] = asyncio.create_task(self._do(work, delivery))
            task.add_done_callback(lambda done: self._done(key, done))
        self._lost.pop(key, None)
        ends: list[asyncio.Future[Any]] = [task, channel.closed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            self._lost[key] = queue
        elif task.cancelled():
            await self._hand_back(channel, delivery, work)
        elif task.exception() is not None:
            channel.hand_back(tag)
        else:
            channel.ack(tag)

    def _done(self, key: str, task: asyncio.Task[None]) -> None:
        del self._running[key]
        self._lost.pop(key, None)
        self._freed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work_handed_back", queue=self._queues[0], error=repr(error))

    async def _hand_back(self, channel: Channel, delivery: Delivery, work: Work) -> None:
        """Give the message to another worker, by a copy, so that a stop does not count as a death."""
        if not channel.is_open:
            return  # the broker has taken it back already
        if await self._put_aside(delivery.queue, delivery.body, **work.headers):
            channel.ack(delivery.tag)
        else:
            channel.hand_back(delivery.tag)

    async def _do(self, work: Work, delivery: Delivery) -> None:
        about = f"{work.event.aggregate or Aggregate.JOB}_id"
        with (
            structlog.contextvars.bound_contextvars(
                **{about: work.event.subject}, cause_id=work.event.id, attempt=work.attempt
            ),
            tracing.processing(topology.EXCHANGE, delivery.queue, work.event, work.attempt) as span,
        ):
            try:
                if work.redeliveries > MAX_REDELIVERIES:
                    raise WorkerKeepsDying(f"came back {work.redeliveries} times without an answer")
                with self._observers[delivery.queue].handling(work.event, work.attempt):
                    work = await self._whole(work)
                    result = await self._handler.handle(work)
            except NotYet:
                await self._keep(
                    topology.retry(delivery.queue, self._pace.delays[0]), delivery.body, **work.headers
                )
            except Exception as error:
                span.failed(type(error).__name__)
                await self._failed(work, delivery, error)
            else:
                if result is not None:
                    await self._publish(result)

    async def _whole(self, work: Work) -> Work:
        """Open the work's event. Its copies in other queues stay sealed. Raises Unavailable."""
        event = await self._keys.open(work.event)
        payload = event.payload()
        return work if isinstance(payload, Unknown) else replace(work, event=event, payload=payload)

    async def _failed(self, work: Work, delivery: Delivery, error: Exception) -> None:
        queue, body, delay = delivery.queue, delivery.body, self._pace.delay(work.attempt, error)
        died = isinstance(error, WorkerKeepsDying)
        if delay is None or died:
            log.error("work_parked", error=repr(error), exc_info=error)
            self._observers[queue].parked("redeliveries" if died else "attempts")
            if (end := self._handler.gave_up(work, error)) is not None:
                await self._publish(end)
            reason = str(error) if isinstance(error, TonearmError) else repr(error)
            await self._keep(topology.parked(queue), body, attempt=work.attempt, reason=reason[:500])
            return
        unforeseen = None if isinstance(error, TonearmError) else error
        log.warning("work_retrying", error=repr(error), again_in=delay, exc_info=unforeseen)
        self._observers[queue].retried()
        event = self._handler.retrying(work, error, delay)
        if event is not None:
            await self._publish(event)
        next_ = replace(work, attempt=work.attempt + 1, redeliveries=0)
        await self._keep(topology.retry(queue, delay), body, **next_.headers)

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
