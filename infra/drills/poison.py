"""A video that ends every converter that takes it, as one that makes the kernel's OOM killer strike.

Whoever starts on it is killed with SIGKILL. It must be given up after eleven deaths, parked, and reported
as failed; other people's jobs must be done all the while; and `replay requeue` must make it good once the
cause is gone.
"""

import argparse
import asyncio
import contextlib
import os
import signal

from events.envelope import decode
from events.log.reader import StreamReader
from events.log.stream import Next
from events.types import JobStarted
from events.work.worker import MAX_REDELIVERIES
from infra.drills.rig import snapshot
from infra.drills.rig.clips import Clips
from infra.drills.rig.conditions import wait_for
from infra.drills.rig.drill import Drill
from infra.drills.rig.operator import tonearm
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack

LONG_SECONDS = 1800
"""Of sound: nobody is done before he is killed."""
PATIENCE = 400.0
"""Seconds: the supervisor waits longer and longer before it starts a converter that dies again and again."""


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Upload it, kill who touches it, look, requeue."""
    stack = Stack(drill.directory / "stack", ACCESS_SECONDS="3600")
    clips = Clips(drill.directory)
    victim, other = Person(stack.url, "victim@example.org"), Person(stack.url, "other@example.org")
    try:
        await stack.start()
        await asyncio.gather(victim.register(), other.register())
        killer = Killer(stack.environment["STREAM_URL"])
        killing = asyncio.create_task(killer.run())
        await wait_for(lambda: killer.ready, 30, "the log is watched")
        killer.hunt(await victim.begin(clips.tone(LONG_SECONDS)))
        drill.say("uploaded; who starts on it is killed")

        async def state(wanted: str) -> bool:
            return bool((await victim.get(f"/jobs/{killer.job_id}")).json()["state"] == wanted)

        await other.convert(clips.tone(2))
        drill.holds("another job is done meanwhile", True, f"after {killer.deaths} deaths")
        await wait_for(lambda: state("failed"), PATIENCE, "the job is given up")
        killing.cancel()
        drill.holds(
            f"it is given up after {MAX_REDELIVERIES + 1} deaths",
            killer.deaths == MAX_REDELIVERIES + 1,
            killer.deaths,
        )
        left = {queue: depth for queue, depth in (await snapshot.queued(stack)).items() if depth}
        drill.holds("it is parked, and nothing else waits", left == {"video.parked": 1}, left)
        shown = await victim.get(f"/jobs/{killer.job_id}")
        drill.say(f"its owner reads: {shown.json()['error']['message']}")
        await stack.all_ready()
        await tonearm(stack, "replay", "requeue", "--code", "internal", "--yes")
        await wait_for(lambda: state("notified"), 120, "the second run is done")
        drill.holds("after `replay requeue` it is converted", True)
    finally:
        await asyncio.gather(victim.close(), other.close())
        await stack.stop()


class Killer:
    """Kills each process that reports having begun with one job."""

    def __init__(self, stream_url: str) -> None:
        self.job_id = ""
        self.deaths = 0
        self.ready = False
        self._url = stream_url
        self._begun: list[tuple[str, str]] = []

    def hunt(self, job_id: str) -> None:
        """From now on kill who begins with this job, and who has."""
        self.job_id = job_id
        for subject, worker in self._begun:
            if subject == job_id:
                self._kill(worker)

    async def run(self) -> None:
        """Watch the log, for ever."""
        reader = StreamReader(self._url, Next(), on_state=self._on_state)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                for record in batch:
                    event = decode(record.body)
                    payload = event.payload()
                    if isinstance(payload, JobStarted):
                        self._begun.append((event.subject, payload.worker))
                        if event.subject == self.job_id:
                            self._kill(payload.worker)

    def _on_state(self, state: str) -> None:
        self.ready = self.ready or state == "connected"

    def _kill(self, worker: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(worker.rpartition("/")[2]), signal.SIGKILL)
            self.deaths += 1
