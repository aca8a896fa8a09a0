"""Heartbeats over a real broker: who is alive, on what, and who has gone."""

import asyncio
from contextlib import aclosing, suppress
from datetime import UTC, datetime

import pytest
from broker import Broker
from making import uploaded
from waiting import wait_for

from events.log import topology
from events.log.heartbeats import Heartbeat, heartbeat_feed
from events.log.progress import Progress, ProgressSender, progress_feed
from events.log.transient import TransientSender, feed
from events.observers import Unobserved
from events.tasks import cancelled
from service.presence import Presence, own_name


@pytest.fixture
async def heard(broker: Broker):
    """The heartbeats of a broker, as they come."""
    found: list[Heartbeat] = []

    async def listen() -> None:
        async with aclosing(heartbeat_feed(broker.url)) as beats:
            async for beat in beats:
                found.append(beat)

    listening = asyncio.create_task(listen())
    yield found
    await cancelled([listening])


async def test_a_worker_tells_that_it_is_there_what_it_works_on_and_that_it_goes(
    broker: Broker, heard: list[Heartbeat]
) -> None:
    async with TransientSender(broker.url, name="test") as sender:
        presence = Presence(sender, kind="converter", slots=2)
        observer = presence.observer(topology.VIDEO, Unobserved())
        async with presence.shown():
            await wait_for(lambda: bool(heard))
            assert heard[-1].working_on == ()
            with suppress(OSError), observer.handling(uploaded("job-1"), 3):
                await wait_for(lambda: bool(heard[-1].working_on))
                [work] = heard[-1].working_on
                assert (work.queue, work.subject, work.attempt) == (topology.VIDEO, "job-1", 3)
                raise OSError
            await wait_for(lambda: heard[-1].working_on == ())
        await wait_for(lambda: heard[-1].last)
    assert {(each.name, each.kind, each.slots) for each in heard} == {(own_name(), "converter", 2)}
    assert {each.since for each in heard} == {presence.heartbeat().since}


async def test_heartbeats_and_progress_do_not_mix(broker: Broker, heard: list[Heartbeat]) -> None:
    told: list[Progress] = []

    async def listen() -> None:
        async with aclosing(progress_feed(broker.url)) as feed:
            async for each in feed:
                told.append(each)

    listening = asyncio.create_task(listen())
    done = Progress(
        job_id="job",
        account="a",
        run=1,
        attempt=1,
        percent=1.0,
        seconds_done=1.0,
        seconds_total=None,
        speed=None,
        time=datetime.now(UTC),
    )
    async with (
        TransientSender(broker.url, name="test") as sender,
        Presence(sender, kind="notifier", slots=1).shown(),
    ):

        async def both() -> bool:
            await ProgressSender(sender).send(done)
            return bool(told and heard)

        await wait_for(both)
    await cancelled([listening])
    assert {each.job_id for each in told} == {"job"}
    assert {each.kind for each in heard} == {"notifier"}


async def test_who_listens_learns_that_something_may_have_been_missed(private_rabbitmq) -> None:
    """A converter that hears of cancelled jobs must look at the views then."""
    begun: list[bytes | None] = []

    async def listen() -> None:
        async with aclosing(feed(private_rabbitmq.amqp_url, ["a.*"], name="test")) as bodies:
            async for body in bodies:
                begun.append(body)

    listening = asyncio.create_task(listen())
    await wait_for(lambda: begun == [None])
    async with TransientSender(private_rabbitmq.amqp_url, name="test") as sender:

        async def heard() -> bool:
            await sender.send("a.b", b"1")  # again and again: one that takes long to send is lost
            return b"1" in begun

        await wait_for(heard)
    assert begun.count(None) == 1
    await private_rabbitmq.kill()
    await private_rabbitmq.start()
    await wait_for(lambda: begun.count(None) == 2, 60)
    assert begun[-1] is None
    await cancelled([listening])
