"""A worker's promises about the messages it takes, against a real broker."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest
from making import event, uploaded

from events.envelope import Event, decode, encode
from events.errors import Unavailable
from events.log import amqp, topology
from events.log.amqp import Channel
from events.log.publisher import Publisher
from events.log.reader import StreamReader
from events.log.stream import First
from events.observers import Unobserved
from events.privacy.job_keys import JobKeys
from events.privacy.sealing import NO_KEYS
from events.types import FailureCode, JobFailed, JobRetrying, JobStarted
from events.work.task import NotYet, Pace, Work
from events.work.worker import MAX_REDELIVERIES, Worker

pytestmark = pytest.mark.servers


class Echo:
    """A handler of ours: fails `failures` times, then answers `job.started`."""

    def __init__(self, failures: int = 0, trouble: Exception = OSError("the disk is full")) -> None:  # noqa: B008
        self.failures, self.trouble = failures, trouble
        self.seen: list[Work] = []
        self.release = asyncio.Event()
        self.release.set()

    async def handle(self, work: Work) -> Event | None:
        self.seen.append(work)
        await self.release.wait()
        if len(self.seen) <= self.failures:
            raise self.trouble
        return event(JobStarted(run=1, attempt=work.attempt, worker="w"), work.event.subject)

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        payload = JobRetrying(run=1, attempt=work.attempt, reason=str(error), delay_seconds=delay)
        return event(payload, work.event.subject)

    def gave_up(self, work: Work, error: Exception) -> Event:
        payload = JobFailed(run=1, attempt=work.attempt, code=FailureCode.INTERNAL, message=str(error))
        return event(payload, work.event.subject)


class Running:
    """A worker that runs for the length of a block."""

    def __init__(self, broker, handler, *, observer=None, keys=NO_KEYS, **pace) -> None:
        self.broker, self.handler, self.observer, self.pace = broker, handler, observer, Pace(**pace)
        self.keys = keys
        self.stop = asyncio.Event()

    async def __aenter__(self):
        self.publisher = Publisher(self.broker.url, name="test", attempts=30)
        await self.publisher.__aenter__()
        self.worker = Worker(
            *(self.broker.url, topology.VIDEOS, self.handler, self.publisher),
            pace=self.pace,
            observers=dict.fromkeys(topology.VIDEOS, self.observer or Unobserved()),
            keys=self.keys,
        )
        self.task = asyncio.create_task(self.worker.run(self.stop))
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        async with asyncio.timeout(20):
            await self.task
        await self.publisher.__aexit__(None, None, None)


async def log_until(broker, type_: str) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(60), aclosing(StreamReader(broker.stream_url, First()).batches()) as batches:
        async for batch in batches:
            events += [decode(record.body) for record in batch]
            if any(each.type == type_ for each in events):
                return events
    raise AssertionError("the reader ended")


async def upload(broker, *job_ids: str) -> None:
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test") as publisher:
        for job_id in job_ids:
            await publisher.publish(uploaded(job_id))


async def test_work_is_acknowledged_once_its_result_is_in_the_log(broker, eventually):
    await upload(broker, "j1")
    async with Running(broker, Echo()):
        types = [each.type for each in await log_until(broker, "job.started")]
        assert types == ["job.uploaded", "job.started"]
    assert await broker.depth(topology.VIDEO) == 0, "the message came back when the worker left"


async def test_a_worker_that_dies_before_its_result_is_confirmed_has_not_acknowledged(broker, eventually):
    await upload(broker, "j1")

    class Never:
        """A log that never confirms."""

        asked = asyncio.Event()

        async def publish(self, _: Event) -> None:
            self.asked.set()
            await asyncio.Event().wait()

    never = Never()
    worker = Worker(broker.url, topology.VIDEOS, Echo(), never, pace=Pace(grace=0.1))
    working = asyncio.create_task(worker.run(asyncio.Event()))
    async with asyncio.timeout(20):
        await never.asked.wait()
    working.cancel()
    await asyncio.wait({working})
    await eventually(lambda: broker.depth(topology.VIDEO), 1)


async def test_trouble_is_retried_after_its_delay_and_each_time_told(broker):
    await upload(broker, "j1")
    handler = Echo(failures=2)
    async with Running(broker, handler, delays=(0.1, 0.2)):
        events = await log_until(broker, "job.started")
    assert [each.type for each in events[1:]] == ["job.retrying", "job.retrying", "job.started"]
    assert [work.attempt for work in handler.seen] == [1, 2, 3]


async def test_work_that_was_not_begun_comes_back_as_the_same_attempt_and_nothing_is_told(broker):
    handler = Echo(failures=2, trouble=NotYet("others first"))
    await upload(broker, "j")
    async with Running(broker, handler, delays=(0.2, 0.1)):
        events = await log_until(broker, JobStarted.TYPE)
    assert [work.attempt for work in handler.seen] == [1, 1, 1]
    assert [each.type for each in events] == ["job.uploaded", "job.started"]


async def test_work_that_never_succeeds_is_parked_and_failed(broker, eventually):
    await upload(broker, "j1")
    async with Running(broker, Echo(failures=99), delays=(0.05, 0.05)):
        events = await log_until(broker, "job.failed")
        await eventually(lambda: broker.depth(topology.parked(topology.VIDEO)), 1)
    assert await broker.depth(topology.VIDEO) == 0
    assert [each.type for each in events[1:]] == ["job.retrying", "job.retrying", "job.failed"]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(Unavailable("the storage is away"), "the storage is away"), (KeyError("a"), "KeyError('a')")],
)
async def test_parked_work_has_its_reason_in_words_where_there_are_any(broker, eventually, trouble, reason):
    parked = topology.parked(topology.VIDEO)
    await upload(broker, "j1")
    async with Running(broker, Echo(failures=99, trouble=trouble), delays=()):
        await eventually(lambda: broker.depth(parked), 1)
    async with amqp.connected(broker.url, name="test") as connection:
        delivery = await (await connection.channel()).get(parked)
    assert delivery
    assert delivery.headers["reason"] == reason


async def test_a_handler_gets_its_work_whole_and_every_queue_holds_it_sealed(broker, eventually, database):
    name, keys, parked = "canary of Anna.mp4", JobKeys(database), topology.parked(topology.VIDEO)
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test", keys=keys) as publisher:
        await publisher.publish(uploaded("j1", name))
    handler = Echo(failures=99)
    async with Running(broker, handler, keys=JobKeys(database), delays=(0.05,)):
        await eventually(lambda: broker.depth(parked), 1)
    assert [work.payload.filename for work in handler.seen] == [name] * 2
    async with amqp.connected(broker.url, name="test") as connection:
        delivery = await (await connection.channel()).get(parked)
    assert delivery
    assert b"canary" not in delivery.body
    assert (await keys.open(decode(delivery.body))).payload().filename == name


async def test_a_message_that_is_no_event_is_parked_and_does_not_stop_the_work_behind_it(broker, eventually):
    await topology.declare(broker.url)
    await broker.put(topology.VIDEO, b"not an event")
    await upload(broker, "j1")
    async with Running(broker, Echo()):
        await log_until(broker, "job.started")
        await eventually(lambda: broker.depth(topology.parked(topology.VIDEO)), 1)


async def test_a_message_that_keeps_killing_its_workers_is_given_up(broker, eventually):
    await topology.declare(broker.url)
    await broker.put(
        topology.VIDEO, encode(uploaded("j1")), {"attempt": 1, "redeliveries": MAX_REDELIVERIES + 1}
    )
    handler = Echo()
    async with Running(broker, handler):
        events = await log_until(broker, "job.failed")
    assert handler.seen == []
    assert events[-1].subject == "j1"


async def test_work_under_way_is_handed_back_when_a_worker_stops_and_another_does_it(broker, eventually):
    await upload(broker, "j1")
    slow = Echo()
    slow.release.clear()
    async with Running(broker, slow, grace=0.1):
        await eventually(lambda: length(slow.seen), 1)
    quick = Echo()
    async with Running(broker, quick):
        await log_until(broker, "job.started")
    assert [work.redeliveries for work in quick.seen] == [0], "a stop is no death"


async def length(items: Sequence[object]) -> int:
    return len(items)


async def test_a_delivery_that_nobody_foresaw_to_fail_does_not_hold_up_the_work_behind_it(broker, eventually):
    await topology.declare(broker.url)
    await broker.put(topology.VIDEO, b"not an event")
    await upload(broker, "j1")

    class FailsOnce(Unobserved):
        failures = 0

        def parked(self, why) -> None:
            self.failures += 1
            if self.failures == 1:
                raise RuntimeError("as when a log line could not be written")

    async with Running(broker, Echo(), observer=FailsOnce(), delays=(0.1,)):
        await log_until(broker, "job.started")
        await eventually(lambda: broker.depth(topology.parked(topology.VIDEO)), 1)


async def test_work_is_taken_also_where_the_broker_forgot_that_somebody_waits_for_it(
    broker, eventually, monkeypatch
):
    """The channel stays open, and its consumer is gone."""
    forgotten: list[str] = []
    listen = Channel.listen

    async def listen_in_vain(channel: Channel, *arguments, **options) -> str:
        tag = await listen(channel, *arguments, **options)
        await channel.call("basic_cancel", consumer_tag=tag)
        forgotten.append(tag)
        return tag

    monkeypatch.setattr(Channel, "listen", listen_in_vain)
    await topology.declare(broker.url)
    async with Running(broker, Echo(), patience=0.3):
        await eventually(lambda: any_after(forgotten, 2), True)
        await upload(broker, "j1")
        await log_until(broker, "job.started")


async def test_no_work_waits_at_a_busy_worker_while_another_is_idle(broker, eventually):
    slow, quick = Echo(), Echo()
    slow.release.clear()
    await topology.declare(broker.url)
    async with Running(broker, slow):
        await eventually(lambda: waiting_for_work(broker), True)
        await upload(broker, "j1")
        await eventually(lambda: length(slow.seen), 1)
        await upload(broker, "j2")
        await broker.put(topology.BULK, encode(uploaded("j3")))
        async with Running(broker, quick):
            await eventually(lambda: length(quick.seen), 2)
        assert sorted(work.event.subject for work in quick.seen) == ["j2", "j3"]
        assert [work.redeliveries for work in quick.seen] == [0, 0], "the busy one never had them"
        slow.release.set()


async def waiting_for_work(broker) -> bool:
    return await broker.consumers(topology.VIDEO) == await broker.consumers(topology.BULK) == 1


async def test_of_two_messages_of_the_same_moment_a_worker_keeps_the_one_that_it_has_a_slot_for(
    broker, eventually, monkeypatch
):
    call, both_came = Channel.call, asyncio.Event()

    async def call_later(channel: Channel, method: str, **arguments):
        if method == "basic_cancel":
            await both_came.wait()
        return await call(channel, method, **arguments)

    monkeypatch.setattr(Channel, "call", call_later)
    await topology.declare(broker.url)
    handler = Echo()
    handler.release.clear()
    async with Running(broker, handler):
        await eventually(lambda: waiting_for_work(broker), True)
        for queue in topology.VIDEOS:
            await broker.put(queue, encode(uploaded(queue)))
        await eventually(lambda: depths(broker), [0, 0])
        both_came.set()
        await eventually(lambda: total(broker), 1)
        assert await length(handler.seen) == 1
        handler.release.set()
        await eventually(lambda: length(handler.seen), 2)
    assert {work.event.subject for work in handler.seen} == {*topology.VIDEOS}
    assert [work.redeliveries for work in handler.seen] == [0, 0], "handed back, and nobody has died"


async def total(broker) -> int:
    return sum(await depths(broker))


async def test_work_in_bulk_gets_its_turns_while_other_work_never_ends(broker, eventually):
    await upload(broker, *(f"first{n}" for n in range(8)))
    for n in range(3):
        await broker.put(topology.BULK, encode(uploaded(f"bulk{n}")))
    handler = Echo()
    async with Running(broker, handler):
        await eventually(lambda: length(handler.seen), 11)
    kinds = [work.event.subject[:-1] for work in handler.seen]
    assert kinds == [*["first"] * 4, "bulk", *["first"] * 4, "bulk", "bulk"]


async def test_work_in_bulk_is_found_again_behind_other_work_that_waits_and_is_done_once(broker, eventually):
    await topology.declare(broker.url)
    await broker.put(topology.BULK, encode(uploaded("bulk")))
    handler = Echo()
    handler.release.clear()
    async with Running(broker, handler) as running:
        await eventually(lambda: length(handler.seen), 1)
        await upload(broker, "first")
        lost = running.worker._channel
        lost.close()
        await eventually(lambda: takes_by_another(running.worker, lost), True)
        await eventually(lambda: depths(broker), [1, 0])
        handler.release.set()
        await eventually(lambda: length(handler.seen), 2)
    assert [(work.event.subject, work.redeliveries) for work in handler.seen] == [("bulk", 0), ("first", 0)]
    assert await depths(broker) == [0, 0]


async def takes_by_another(worker: Worker, channel: Channel) -> bool:
    return worker.trouble is None and worker._channel is not channel


async def depths(broker) -> list[int]:
    return [await broker.depth(queue) for queue in topology.VIDEOS]


async def any_after(items: Sequence[object], count: int) -> bool:
    return len(items) > count
