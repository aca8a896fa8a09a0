"""The stream reaches its retention: its oldest segments are cut.

With no policy nothing is cut; one set at work holds for what is there. Views, lists and audio must stay
as they are; `replay info` must show the beginning as gone, and `replay rebuild` must refuse to make views
of half a log unless it is asked to.
"""

import argparse
import asyncio
import json
import os
from datetime import UTC, datetime

from msgspec import Raw

from events.envelope import Event, encode
from events.ids import new_id
from events.log import amqp, topology
from events.log.bounds import Bounds, bounds
from infra.drills.rig import snapshot
from infra.drills.rig.clips import Clips
from infra.drills.rig.conditions import wait_for
from infra.drills.rig.drill import Drill
from infra.drills.rig.jobs import jobs
from infra.drills.rig.operator import tonearm
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack

PADDING = 60_000
SEGMENTS = 3
AT_ONCE = 100


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Fill the log, cut it, look."""
    stack = Stack(drill.directory / "stack", ACCESS_SECONDS="3600")
    person = Person(stack.url, "someone@example.org")
    try:
        await stack.start()
        await person.register()
        await person.convert(Clips(drill.directory).tone(2))
        before = await jobs(person)
        url, stream = stack.environment["RABBITMQ_URL"], stack.environment["STREAM_URL"]

        await pad(url, SEGMENTS * topology.SEGMENT_BYTES)
        drill.holds("without a policy nothing is cut", (await ends(stream)).first == 0, await ends(stream))
        await retain(stack, {"max-length-bytes": 100 * topology.SEGMENT_BYTES})
        await pad(url, topology.SEGMENT_BYTES)
        drill.holds("a limit that is far away cuts nothing", (await ends(stream)).first == 0)
        await retain(stack, {"max-length-bytes": 2 * topology.SEGMENT_BYTES})
        await pad(url, 2 * topology.SEGMENT_BYTES)

        async def cut() -> bool:
            return (await ends(stream)).first > 0

        await wait_for(cut, 60, "the oldest segments are cut")
        drill.holds("a lower limit cuts whole segments, at once", True, await ends(stream))
        drill.holds("what people see stays", await jobs(person) == before)
        heard = await person.audio(person.history[0].job_id or "")
        drill.holds("so does their audio", len(heard) > 0, f"{len(heard):,} bytes")
        info = await tonearm(stack, "replay", "info")
        drill.holds("`replay info` says it", "is gone (retention)" in info.text)
        refused = await tonearm(stack, "replay", "rebuild", "--yes", good=(65,))
        drill.holds("`replay rebuild` refuses, and says why", "would be lost" in refused.text, refused.last)
        await person.convert(Clips(drill.directory).tone(1))
        drill.holds("new jobs are done as ever", True)
    finally:
        await person.close()
        await stack.stop()


async def ends(stream_url: str) -> Bounds:
    """Return the log's ends."""
    found = await bounds(stream_url)
    assert found is not None, "the log is empty"
    return found


async def retain(stack: Stack, definition: dict[str, int]) -> None:
    """Set the policy as an operator does."""
    policy = ("set_policy", "retention", f"^{topology.STREAM}$", json.dumps(definition))
    await snapshot.broker_says(stack, *policy, "--apply-to", "queues")


async def pad(url: str, size: int) -> None:
    """Append so many bytes of events that mean nothing to anybody."""
    async with amqp.connected(url, name="drill") as connection:
        channel = await connection.channel(confirms=True)
        for _ in range(size // (PADDING * AT_ONCE) + 1):
            some = [padding() for _ in range(AT_ONCE)]
            await asyncio.gather(
                *(channel.publish("", topology.STREAM, encode(each), {}, each.id) for each in some)
            )


def padding() -> Event:
    """Return a large event of a type that nobody knows."""
    return Event(
        id=new_id(),
        type="drill.padding",
        source="/drill",
        subject=new_id(),
        time=datetime.now(UTC),
        dataschema="urn:tonearm:event:drill.padding:1",
        account="",
        data=Raw(json.dumps({"padding": os.urandom(PADDING // 2).hex()}).encode()),
    )
