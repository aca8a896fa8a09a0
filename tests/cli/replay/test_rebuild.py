"""`replay rebuild`, `verify` and `diff`: the views against the log."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime
from itertools import islice

import pytest
from making import uploaded
from msgspec.structs import replace
from waiting import wait_for

from bench.loggen import events, write
from cli.replay.views.scan import FEW
from cli.replay.views.versions import Version
from events.log import amqp, topology
from events.log.bounds import bounds
from events.projections.job_view import COLLECTION
from events.projections.usage import Usage
from events.views.documents import pack, unpack
from events.views.projector import Projector
from events.views.store import JobViews

pytestmark = pytest.mark.servers


async def documents(version: Version) -> dict[str, object]:
    return {each["_id"]: each async for batch in version.documents() for each in batch}


async def usages(version: Version) -> dict[str, Usage]:
    return {account: usage async for account, usage in version.usage.all()}


async def test_a_dry_run_does_nothing(replay, database):
    await replay.generate(200)

    result = await replay("rebuild")

    assert (result.code, "dry run" in result.out) == (0, True)
    assert await database.list_collection_names() == []


async def test_a_rebuilt_view_equals_the_projected_one_and_becomes_live(replay, database):
    await replay.generate(3000)
    stop, projector = asyncio.Event(), Projector(database, replay.broker.stream_url, holder="test")
    running = asyncio.create_task(projector.run(stop))
    await wait_for(lambda: projector.position == 2999)
    stop.set()
    await running

    result = await replay("rebuild", "--yes")

    assert result.code == 0, result.err
    assert "equal: jobs_v1 and jobs_v2" in result.out
    assert await JobViews(database).live_number() == 2
    assert await documents(Version(database, 1)) == await documents(Version(database, 2))
    assert await usages(Version(database, 1)) == await usages(Version(database, 2)) != {}
    assert (await replay("verify")).code == 0
    assert (await replay("diff", "1", "2")).code == 0
    assert (await replay.broker.depth("video"), await replay.broker.depth("mp3")) == (0, 0)


async def test_the_old_version_is_dropped_when_asked(replay, database):
    await replay.generate(300)
    await replay("rebuild", "--yes")

    result = await replay("rebuild", "--yes", "--drop-old")

    assert result.code == 0, result.err
    names = await database.list_collection_names()
    assert [name for name in names if name.startswith(COLLECTION)] == ["jobs_v3"]
    assert (await replay("verify")).code == 0


@pytest.mark.parametrize(
    "count", [pytest.param(6_000, marks=pytest.mark.long), pytest.param(12_000, marks=pytest.mark.nightly)]
)
async def test_a_rebuild_that_is_killed_goes_on_and_arrives_at_the_same(replay, database, count):
    """Killed after its first checkpoint, and again right after it has written more than that."""
    await replay.generate(count)
    new = Version(database, 2)
    places = []
    for moved_on in range(2):
        process = await replay.start("rebuild", "--yes", "--generation", str(count // 12))

        async def has_moved(before: int = moved_on) -> bool:
            checkpoint = await new.checkpoint()
            return checkpoint is not None and checkpoint.offset > (places[-1] if before else 0)

        await wait_for(has_moved, timeout=100)
        process.send_signal(signal.SIGKILL)
        await process.communicate()
        checkpoint = await new.checkpoint()
        places.append(checkpoint.offset)
    assert 0 < places[0] < places[1] < count - 1
    assert await JobViews(database).live_number() == 1

    result = await replay("rebuild", "--yes")

    assert result.code == 0, result.err
    assert f"going on after offset {places[1]}" in result.out
    verified = await replay("verify", "--partitions", "3")
    assert verified.code == 0, verified.out
    await replay("rebuild", "--yes")
    assert await documents(new) == await documents(Version(database, 3))
    assert await usages(new) == await usages(Version(database, 3)) != {}
    counted = Counter((await Version(database, 3).checkpoint()).jobs)
    assert counted == Counter(each["state"] for each in (await documents(new)).values())


async def test_verify_finds_what_was_changed_lost_or_added(replay, database):
    await replay.generate(2000)
    await replay("rebuild", "--yes")
    views = database["jobs_v2"]
    changed, lost, odd = await views.find({"state": "notified"}).sort("_id", 1).limit(3).to_list()
    view = unpack(changed)
    forged = replace(
        view,
        timeline=(replace(view.timeline[0], note="forged"), *view.timeline[1:]),
        video=replace(view.video, bytes=1),
    )
    await views.replace_one({"_id": changed["_id"]}, pack(forged))
    await views.delete_one({"_id": lost["_id"]})
    await views.insert_one(pack(replace(unpack(lost), job_id="nobody")))
    await views.replace_one({"_id": odd["_id"]}, {"nothing": "of ours"})

    result = await replay("verify")

    assert result.code == 1
    assert f"missing in jobs_v2: {lost['_id']}" in result.lines
    assert "extra in jobs_v2: nobody" in result.lines
    assert f"different: {changed['_id']}" in result.lines
    assert any(line.startswith("    video.bytes: log") for line in result.lines)
    assert any(line.startswith("    timeline[0].note: log") for line in result.lines)
    assert f"different: {odd['_id']}" in result.lines
    assert "1 missing, 1 extra, 2 different" in result.lines[-1]
    assert (await replay("verify", "--partitions", "4")).lines[-1] == result.lines[-1]

    diff = await replay("diff", "--job", changed["_id"])
    assert (diff.code, '"forged"' in diff.out) == (1, True)
    assert (await replay("diff", "--job", lost["_id"])).code == 1
    await replay("rebuild", "--yes")
    assert "1 extra, 2 different" in (await replay("diff", "live", "v2")).out


async def test_a_view_that_claims_to_have_seen_more_than_it_has_is_found(replay, database):
    await replay.generate(500)
    await replay("rebuild", "--yes")
    views = database["jobs_v2"]
    one, other = await views.find().limit(2).to_list()
    await views.replace_one({"_id": one["_id"]}, pack(replace(unpack(one), seen=10**12)))
    await views.update_one({"_id": other["_id"]}, {"$set": {"seen": 10**12}})

    result = await replay("verify")

    assert (result.code, "0 missing, 0 extra, 2 different" in result.out) == (1, True)
    assert "    beside.seen: log" in result.out


@pytest.mark.long
async def test_verify_agrees_with_a_projector_at_work(replay, database):
    """The projector is never still while the views are read; nothing of that is a difference."""
    await replay.generate(20_000)
    await replay("rebuild", "--yes")
    source = events(1)
    list(islice(source, 20_000))
    projector, stop = Projector(database, replay.broker.stream_url, holder="test"), asyncio.Event()
    running = asyncio.create_task(projector.run(stop))
    more = asyncio.create_task(write(replay.broker.stream_url, islice(source, 30_000)))
    await wait_for(lambda: (projector.position or 0) > 20_500, timeout=60)

    result = await replay("verify")
    position = projector.position

    stop.set()
    await asyncio.gather(running, more)
    assert result.code == 0, result.out
    assert position < 49_999, "the projector was done before the check was"


async def test_a_checkpoint_that_does_not_fit_the_log_is_damage_and_not_a_difference(replay, database):
    await replay.generate(500)
    await replay("rebuild", "--yes")
    projections = database["projections"]
    await projections.update_one({"_id": "jobs_v2"}, {"$set": {"event_id": "another"}})
    mismatch = await replay("verify")
    await projections.update_one({"_id": "jobs_v2"}, {"$set": {"offset": 10**9}})
    beyond = await replay("verify")

    assert (mismatch.code, "another event stands at offset 499" in mismatch.err) == (65, True)
    assert (beyond.code, "the log ends at 499" in beyond.err) == (65, True)


async def test_a_second_rebuild_at_once_is_refused(replay, database):
    await replay.publish(uploaded("j1"))
    await database["leases"].insert_one(
        {"_id": "rebuild", "holder": "someone", "expires": datetime(2099, 1, 1, tzinfo=UTC)}
    )

    result = await replay("rebuild", "--yes")

    assert result.code == 70
    assert "another rebuild" in result.err


async def test_a_lease_that_is_lost_ends_a_rebuild_before_it_switches(replay, database):
    """Its process slept, say, and another rebuild took over: it must look again right before the switch."""
    await replay.generate(2_000)
    process = await replay.start("rebuild", "--yes", "--generation", "500")
    leases = database["leases"]
    taken = {"_id": "rebuild", "holder": "another", "expires": datetime(2099, 1, 1, tzinfo=UTC)}

    async def is_held() -> bool:
        return (await leases.replace_one({"_id": "rebuild"}, taken)).matched_count == 1

    await wait_for(is_held, timeout=60)
    _, err = await process.communicate()

    assert (process.returncode, b"lease of rebuilds was lost" in err) == (70, True), err
    assert await JobViews(database).live_number() == 1


async def test_two_rebuilds_at_once_build_one_after_the_other(replay, database):
    """What is live is read once it cannot change: or the second would throw away what the first made live."""
    await replay.generate(1000)
    await replay("rebuild", "--yes")

    results = await asyncio.gather(*(replay("rebuild", "--yes", "--restart") for _ in range(2)))

    for result in results:
        assert result.code == 0 or "another rebuild is at work" in result.err, result.err
    done = sum(result.code == 0 for result in results)
    assert await JobViews(database).live_number() == 2 + done > 2
    assert (await replay("verify")).code == 0


async def test_views_that_are_not_there_are_not_equal_to_a_log(replay, database):
    await replay.generate(50)

    result = await replay("verify")

    assert (result.code, result.out) == (66, "")
    assert "jobs_v1 has taken in nothing" in result.err


async def test_verify_says_how_far_it_has_compared(replay, database):
    await replay.generate(50)
    await replay("rebuild", "--yes")
    await replay.publish(uploaded("later"))

    assert (await replay("verify")).lines[0] == "jobs_v2: up to offset 49 of 50"


async def test_a_rebuild_that_does_not_switch_tells_whether_it_differs(replay, database):
    await replay.generate(500)
    await replay("rebuild", "--yes")
    same = await replay("rebuild", "--yes", "--no-switch")
    await database["jobs_v2"].delete_one({})
    differs = await replay("rebuild", "--yes", "--no-switch")
    anew = await replay("rebuild", "--yes", "--restart")

    assert (same.code, differs.code, anew.code) == (0, 1, 0), differs.out
    assert "going on after offset 499" in differs.out
    assert "build: jobs_v3, from the beginning" in anew.out
    assert await JobViews(database).live_number() == 3
    assert (await replay("verify")).code == 0


async def test_another_log_of_the_same_length_is_noticed(replay, database):
    await replay.generate(300)
    await replay("rebuild", "--yes", "--no-switch")
    await replay.lose_log()
    await replay.generate(300, seed=2)

    result = await replay("rebuild", "--yes")

    assert (result.code, "another event stands at offset 299" in result.err) == (65, True), result.out
    assert await JobViews(database).live_number() == 1


async def test_the_views_are_read_without_running_what_lies_in_the_current_folder(replay, database, tmp_path):
    await replay.generate(5_000)
    await replay("rebuild", "--yes")
    assert await Version(database, 2).count() > FEW, "so another process reads them"
    (tmp_path / "bson.py").write_text("raise SystemExit('executed')")
    replay.directory = tmp_path

    process = await replay.start("verify")

    _, err = await process.communicate()
    assert process.returncode == 0, err.decode()


async def test_a_log_without_its_beginning_is_rebuilt_only_when_told(replay, database):
    small = {"x-stream-max-segment-size-bytes": 500_000, "x-max-length-bytes": 1_000_000}
    async with amqp.connected(replay.broker.url, name="test") as connection:
        channel = await connection.channel()
        arguments = {"x-queue-type": "stream", **small}
        await channel.call("queue_declare", queue=topology.STREAM, durable=True, arguments=arguments)
    await write(replay.broker.stream_url, islice(events(1), 6000))

    async def has_lost_its_beginning() -> bool:
        ends = await bounds(replay.broker.stream_url)
        return ends is not None and ends.first > 0

    await wait_for(has_lost_its_beginning)  # the broker cuts it when it has time
    refused = await replay("rebuild", "--yes")
    done = await replay("rebuild", "--yes", "--partial")

    assert (refused.code, "--partial goes on" in refused.err) == (65, True), refused.err
    assert done.code == 0, done.err
    assert 0 < await Version(database, 2).count() < 1200
    assert (await replay("verify")).code == 0
