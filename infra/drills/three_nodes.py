"""Moving the log from one broker to three nodes, and losing one of them under load.

The log is exported from the one broker and imported into the cluster's stream, which has three replicas. Then
events are published while the stream's leader is killed: every event that was confirmed must be in the log,
new ones must be taken with two nodes left, and the third must catch up when it is back.
"""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime

from msgspec import Raw

from events.envelope import Event
from events.errors import NotConfirmed
from events.ids import new_id
from events.log import topology
from events.log.publisher import Publisher
from infra.drills.rig.conditions import wait_for
from infra.drills.rig.drill import Drill
from infra.drills.rig.nodes import COUNT, Cluster, Node
from infra.drills.rig.snapshot import read_log
from infra.local.servers.rabbitmq import RabbitMQ
from infra.local.services import ROOT

MOVED, PUBLISHERS = 500, 8
SECONDS = 10.0
"""Of publishing before a node is killed, without it, and after it is back."""


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Move, kill, count."""
    one, cluster = RabbitMQ(drill.directory / "one"), Cluster(drill.directory)
    file = str(drill.directory / "log.jsonl.gz")
    try:
        await one.start()
        await topology.declare(one.amqp_url)
        async with Publisher(one.amqp_url, name="drill") as publisher:
            await asyncio.gather(*(publisher.publish(fact()) for _ in range(MOVED)))
        await replay(one, "export", file)
        await one.stop()
        await cluster.start()
        entry = cluster.nodes[0]
        await topology.declare(entry.amqp_url)
        await wait_for(lambda: complete(cluster), 60, "the stream has three replicas")
        await replay(entry, "import", file, "--yes")
        moved = await read_log(entry.stream_url)
        drill.holds("the log is on three nodes", len(moved) == MOVED, f"{len(moved)} events")

        leader = await cluster.leader(topology.STREAM)
        entry = next(node for node in cluster.nodes if node is not leader)
        told = Told(entry)
        publishing = [asyncio.create_task(told.publish()) for _ in range(PUBLISHERS)]
        await asyncio.sleep(SECONDS)
        before = len(told.confirmed)
        await leader.kill()
        drill.say(f"{before} events were confirmed; the stream's leader, {leader.node}, is killed")
        await asyncio.sleep(SECONDS)
        without = len(told.confirmed) - before
        drill.holds("two nodes take events", without > 0, f"{without} in {SECONDS:.0f} s")
        await leader.start()
        await asyncio.sleep(SECONDS)
        told.over.set()
        await asyncio.gather(*publishing)
        await wait_for(lambda: complete(cluster), 120, "the stream has three replicas again")
        drill.holds("the third node is in step again", True)
        known = {recorded.event.id for recorded in await read_log(entry.stream_url)}
        lost = told.confirmed - known
        drill.holds("no event that was confirmed is lost", not lost, f"{len(lost)} of {len(told.confirmed)}")
        drill.say(f"{told.unknown} publishes were not confirmed: a client is told 503 and tries again")
    finally:
        await one.kill()
        await cluster.stop()


class Told:
    """Publishes through one node, and remembers what was confirmed."""

    def __init__(self, entry: Node) -> None:
        self.over = asyncio.Event()
        self.confirmed: set[str] = set()
        self.unknown = 0
        self._url = entry.amqp_url

    async def publish(self) -> None:
        """Publish one event after the other."""
        async with Publisher(self._url, name="drill") as publisher:
            while not self.over.is_set():
                event = fact()
                try:
                    await publisher.publish(event)
                    self.confirmed.add(event.id)
                except NotConfirmed:
                    self.unknown += 1
                await asyncio.sleep(0.01)


def fact() -> Event:
    """Return an event of a type that nobody knows: it is kept, and no work."""
    return Event(
        id=new_id(),
        type="drill.fact",
        source="/drill",
        subject=new_id(),
        time=datetime.now(UTC),
        dataschema="urn:tonearm:event:drill.fact:1",
        account="",
        data=Raw(b"{}"),
    )


async def complete(cluster: Cluster) -> bool:
    """Return True if every node has the stream."""
    return await cluster.replicas(topology.STREAM) == COUNT


async def replay(broker: RabbitMQ, *arguments: str) -> None:
    """Run `tonearm replay` at a broker."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.replay", *arguments),
        env={**os.environ, "RABBITMQ_URL": broker.amqp_url, "STREAM_URL": broker.stream_url},
        cwd=ROOT,
    )
    code = await process.wait()
    assert code == 0, f"replay {' '.join(arguments)}: {code}"
