"""`replay reconcile`: a log that lost its end is told again what the views still know."""

import pytest
from making import event, started, uploaded
from pymongo import AsyncMongoClient

from events.log import amqp, topology
from events.types import FailureCode, JobFailed, JobNotified

pytestmark = pytest.mark.servers

LOST = (
    *(uploaded("waits"), started("waits")),
    *(uploaded("done"), started("done")),
    event(JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="m"), "done"),
    event(JobNotified(run=1, about="job.failed", message_id="<m@x>"), "done"),
    uploaded("gone"),
)
KEPT = uploaded("old")


@pytest.fixture
async def cut(replay):
    """A log that holds the first of eight events, and views of all of them; one of two videos is stored."""
    await replay.publish(KEPT, *LOST)
    await replay("rebuild", "--yes")
    await replay.lose_log()
    await replay.publish(KEPT)
    async with AsyncMongoClient(replay.mongodb_url) as client:
        database = client.get_default_database()
        await database["videos.files"].insert_many(
            [{"_id": "waits", "length": 3}, {"_id": "gone", "length": 2}]
        )
        await database["mails"].insert_one({"_id": LOST[4].id, "message_id": "<m@x>"})
    return replay


async def test_a_log_that_lost_its_end_is_told_what_the_views_prove(cut):
    looked = await cut("reconcile")
    assert looked.code == 1
    assert "lacks 7 events of 3 jobs: 4 can be told again, 1 of them as work" in looked.out
    assert "gone  job.uploaded" in looked.out.replace("\t", " ")
    assert "its video is not stored any more" in looked.out
    assert await cut.broker.depth(topology.VIDEO) == 1  # KEPT's: nothing was published

    assert (await cut("reconcile", "--yes")).code == 0
    told = [line["event"] for line in (await cut("show", "--format", "jsonl")).json]
    provable = [each for each in LOST if each.type != "job.started" and each.subject != "gone"]
    assert {each["id"] for each in told} == {each.id for each in (KEPT, *provable)}
    assert next(each for each in told if each["type"] == "job.notified")["data"]["message_id"] == "<m@x>"
    assert await cut.broker.depth(topology.VIDEO) == 2  # and the one that waits
    assert await cut.broker.depth(topology.MP3) == 0  # its mail was sent

    again = await cut("reconcile", "--yes")  # the started ones and the video that is gone stay lost
    assert "lacks 3 events of 3 jobs: 0 can be told again" in again.out
    assert (await cut("rebuild", "--yes")).code == 0
    assert "3 jobs" in (await cut("info")).out


async def test_work_that_no_queue_has_any_more_is_handed_out_again(replay):
    await replay.publish(KEPT, *LOST, uploaded("in bulk", bulk=True))
    await replay("rebuild", "--yes")
    async with amqp.connected(replay.broker.url, name="test") as connection:
        for queue in topology.VIDEOS:
            await (await connection.channel()).call("queue_purge", queue=queue)

    assert "work that waits: 4" in (await replay("reconcile", "--work")).out
    assert (await replay("reconcile", "--work", "--yes")).code == 0
    assert [await replay.broker.depth(queue) for queue in topology.VIDEOS] == [3, 1]
    assert "at most 9 events" in (await replay("info")).out  # nothing new is told


async def test_a_whole_log_lacks_nothing(replay):
    await replay.publish(KEPT, *LOST)
    await replay("rebuild", "--yes")

    for chosen in ([], ["--since", "1h ago"]):
        result = await replay("reconcile", *chosen)
        assert (result.code, result.lines) == (
            0,
            ["the log lacks 0 events of 0 jobs: 0 can be told again, 0 of them as work"],
        )
