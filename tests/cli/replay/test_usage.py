"""`replay usage`: what accounts use, against the log."""

import asyncio
from itertools import islice

import msgspec
import pytest
from msgspec.structs import replace
from waiting import wait_for

from bench.loggen import events, write
from events.projections.usage import Usage
from events.views.projector import Projector

pytestmark = pytest.mark.servers


async def test_usage_that_was_changed_lost_or_added_is_found(replay, database):
    await replay.generate(1500)
    await replay("rebuild", "--yes")
    stored = database["usage_v2"]
    changed, lost = await stored.find().sort("_id", 1).limit(2).to_list()
    usage = msgspec.json.decode(changed["usage"], type=Usage)
    forged = msgspec.json.encode(replace(usage, bytes_stored=usage.bytes_stored + 1)).decode()

    equal = await replay("usage")
    await stored.update_one({"_id": changed["_id"]}, {"$set": {"usage": forged}})
    await stored.delete_one({"_id": lost["_id"]})
    await stored.insert_one(lost | {"_id": "nobody"})
    result = await replay("usage")

    assert (equal.code, equal.lines[-1].startswith("equal: log and usage_v2")) == (0, True), equal.out
    assert result.code == 1
    assert f"missing in usage_v2: {lost['_id']}" in result.lines
    assert "extra in usage_v2: nobody" in result.lines
    assert f"different: {changed['_id']}" in result.lines
    told = f"    bytes_stored: log {usage.bytes_stored}, usage_v2 {usage.bytes_stored + 1}"
    assert told in result.lines
    await replay("rebuild", "--yes")
    assert (await replay("usage")).code == 0, "a rebuild mends it"


async def test_usage_agrees_while_a_projector_is_at_work(replay, database):
    source = events(1)
    await replay.generate(2_000)
    list(islice(source, 2_000))
    projector, stop = Projector(database, replay.broker.stream_url, holder="test"), asyncio.Event()
    running = asyncio.create_task(projector.run(stop))
    await wait_for(lambda: (projector.position or 0) > 500, timeout=60)
    more = asyncio.create_task(write(replay.broker.stream_url, islice(source, 6_000)))

    result = await replay("usage")

    stop.set()
    await asyncio.gather(running, more)
    assert result.code == 0, result.out


async def test_views_from_before_usage_are_told_from_a_difference(replay, database):
    await replay.generate(50)
    await replay("rebuild", "--yes")
    await database["projections"].update_one({"_id": "jobs_v2"}, {"$unset": {"usage": ""}})

    result = await replay("usage")

    assert (result.code, "no usage has been counted" in result.err) == (66, True)
