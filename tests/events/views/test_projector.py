"""The projector, its checkpoint and its lease, against a real broker and a MongoDB-wire server."""

import asyncio

import pytest
from making import started, uploaded

from events.envelope import Event, Recorded, encode
from events.errors import LeaseLost, Unavailable
from events.log import topology
from events.log.publisher import Publisher
from events.log.stream import RawRecord
from events.privacy.job_keys import JobKeys
from events.projections.job_view import State
from events.projections.jobs import fold
from events.views.leases import Lease
from events.views.projector import Projector, project
from events.views.store import Checkpoint, JobViews
from infra.local.ports import free_port
from service.mongodb import connect

pytestmark = pytest.mark.servers


def raw(offset: int, event: Event) -> RawRecord:
    return RawRecord(offset, 0.0, encode(event))


async def publish(broker, *events: Event) -> None:
    await topology.declare(broker.url)
    async with Publisher(broker.url, name="test") as publisher:
        for each in events:
            await publisher.publish(each)


async def test_the_stored_view_is_the_fold_of_the_log(broker, database, eventually):
    events = [uploaded("j1"), uploaded("j2"), started("j1")]
    await publish(broker, *events)
    stop = asyncio.Event()
    projecting = asyncio.create_task(Projector(database, broker.stream_url, holder="a").run(stop))
    views = JobViews(database)

    async def state() -> State | None:
        view = await views.get("j1")
        return view.state if view else None

    await eventually(state, State.CONVERTING)
    stop.set()
    await projecting
    stored = await views.get("j1")
    assert stored is not None
    offsets = [entry.offset for entry in stored.timeline]
    assert stored == fold([Recorded(offsets[0], events[0]), Recorded(offsets[1], events[2])])


async def test_jobs_are_counted_once_though_a_crash_makes_batches_come_again(database):
    store = JobViews(database).version(1)
    log = [uploaded("j1"), uploaded("j2"), started("j1"), uploaded("j3"), started("j2")]
    records = [raw(offset, event) for offset, event in enumerate(log)]
    first = await project(store, None, records[:2])
    assert first.jobs == {"uploaded": 2}
    # It writes views and dies before its checkpoint; the next one comes upon other batches.
    await store.save([fold([Recorded(0, log[0]), Recorded(2, log[2])])])
    await store.insert([fold([Recorded(3, log[3])])])
    second = await project(store, first, records[2:3])
    assert second.jobs == {"uploaded": 1, "converting": 1}
    third = await project(store, second, records[3:])
    assert third.jobs == {"uploaded": 1, "converting": 2}
    assert (await store.checkpoint()).jobs == third.jobs


async def test_a_batch_projected_twice_changes_nothing(database):
    store = JobViews(database).version(1)
    batch = [raw(0, uploaded("j1")), raw(1, started("j1"))]
    await project(store, None, batch)
    once = await store.get("j1")
    await project(store, Checkpoint(1, started("j1").id), batch)
    assert await store.get("j1") == once


async def test_what_cannot_be_opened_for_a_moment_is_not_folded_without_its_names(database):
    keys, store = JobKeys(database), JobViews(database).version(1)
    batch = [raw(0, await keys.seal(uploaded("j1", "Anna.mp4"))), raw(1, started("j1"))]
    async with connect(f"mongodb://127.0.0.1:{free_port()}/tonearm", reach=0.1) as nowhere:
        with pytest.raises(Unavailable):
            await project(store, None, batch, JobKeys(nowhere.get_default_database()))
    assert (await store.get("j1"), await store.checkpoint()) == (None, None)
    await project(store, None, batch, JobKeys(database))
    assert (await store.get("j1")).filename == "Anna.mp4"


async def test_an_older_view_never_overwrites_a_newer_one(database):
    store = JobViews(database).version(1)
    older = fold([Recorded(0, uploaded("j1"))])
    newer = fold([Recorded(0, uploaded("j1")), Recorded(5, started("j1"))])
    assert older is not None
    assert newer is not None
    await store.save([newer])
    await store.save([older])
    await store.add([older])
    assert await store.get("j1") == newer


async def test_a_checkpoint_moved_by_another_is_noticed(database):
    store = JobViews(database).version(1)
    await project(store, None, [raw(0, uploaded("j1"))])
    with pytest.raises(LeaseLost):
        await project(store, None, [raw(0, uploaded("j1"))])


async def test_an_event_that_is_none_is_passed_over_and_the_checkpoint_moves_on(database):
    store = JobViews(database).version(1)
    batch = [RawRecord(0, 0.0, b"garbage"), raw(1, uploaded("j1")), RawRecord(2, 0.0, b"")]
    checkpoint = await project(store, None, batch)
    assert checkpoint == Checkpoint(2, "invalid", checkpoint.jobs, usage=2)
    assert await store.checkpoint() == checkpoint
    assert await store.get("j1") is not None


async def test_a_checkpoint_of_another_log_stops_the_projection_until_the_views_are_rebuilt(
    broker, database, eventually
):
    event = uploaded("j1")
    await publish(broker, event)
    await JobViews(database).version(1).move_checkpoint(None, Checkpoint(0, "of another log"))
    projector = Projector(database, broker.stream_url, holder="a")
    stop = asyncio.Event()
    projecting = asyncio.create_task(projector.run(stop))

    async def told() -> bool:
        return "the log was replaced" in (projector.trouble or "")

    await eventually(told, True)
    views = JobViews(database)
    assert await views.get("j1") is None
    await views.version(2).move_checkpoint(None, Checkpoint(0, event.id))
    await views.switch(1, 2)
    await eventually(told, False)
    assert projector.trouble is None, "no event has to come for that"
    stop.set()
    await projecting


async def test_a_lease_has_one_holder_and_is_taken_over_when_it_falls_silent(database, eventually):
    first, second = (Lease(database, "test", name, ttl=600) for name in ("first", "second"))
    assert await first.take()
    assert not await second.take()
    assert await first.take()
    assert await Lease(database, "test", "first", ttl=0.1).take(), "for the last time"
    await eventually(second.take, True)
    assert not await first.take()


async def test_a_lease_whose_renewing_fails_for_whatever_reason_is_lost(database, monkeypatch):
    lease = Lease(database, "test", "first", ttl=0.3)
    async with lease.held() as lost:

        async def fails() -> bool:
            raise RuntimeError("nobody foresaw this")

        monkeypatch.setattr(lease, "take", fails)
        async with asyncio.timeout(20):
            await lost.wait()


async def test_a_second_projector_takes_over_from_one_that_was_killed(broker, database, eventually):
    await publish(broker, uploaded("j1"))
    first = Projector(database, broker.stream_url, holder="first", lease_ttl=0.6)
    second = Projector(database, broker.stream_url, holder="second", lease_ttl=0.6)
    running = asyncio.create_task(first.run(asyncio.Event()))

    async def first_there() -> bool:
        return first.position is not None

    await eventually(first_there, True)
    lease = first._lease
    lease.give_back = _nothing  # type: ignore[method-assign]  # a killed process gives nothing back
    running.cancel()
    await asyncio.wait({running})
    stop = asyncio.Event()
    taking_over = asyncio.create_task(second.run(stop))
    await publish(broker, uploaded("j2"))

    async def there() -> bool:
        return await JobViews(database).get("j2") is not None

    await eventually(there, True)
    assert second.position is not None
    assert (await database["leases"].find_one({"_id": "projector"}))["holder"] == "second"
    stop.set()
    await taking_over


async def _nothing() -> None:
    return None
