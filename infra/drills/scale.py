"""Work piles up; converters are added to the running stack, and taken away in the middle of work."""

import argparse
import asyncio
import os
import sys
from time import monotonic

from infra.drills.rig import snapshot
from infra.drills.rig.checker import check
from infra.drills.rig.clips import Clips
from infra.drills.rig.drill import Drill
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack
from infra.local.process import Process
from infra.local.services import ROOT

JOBS, MINUTES = 16, 3
ADDED = 2


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Measure one converter, then three, then one again, with the queue never empty."""
    stack = Stack(drill.directory / "stack", ACCESS_SECONDS="3600", CONVERTERS="1")
    person = Person(stack.url, "someone@example.org")
    clips = Clips(drill.directory)
    added: list[Process] = []
    try:
        await stack.start()
        await person.register()
        clip = clips.tone(60 * MINUTES)
        converting = [asyncio.create_task(person.convert(clip)) for _ in range(JOBS)]
        await rate(drill, person, converting, 3, "with one converter")
        added = [beside(stack, number) for number in range(ADDED)]
        await asyncio.gather(*(process.start() for process in added))
        await rate(drill, person, converting, 9, f"with {1 + ADDED}")
        await asyncio.gather(*(process.stop(10) for process in added))
        codes = [await process.wait() for process in added]
        drill.holds("the added ones end by themselves when told to", codes == [0] * ADDED, codes)
        await rate(drill, person, converting, JOBS, "with one again")
        await asyncio.gather(*converting)
        drill.none(f"all {JOBS} jobs were done once", check(await snapshot.take(stack, person.history)))
    finally:
        await asyncio.gather(*(process.kill() for process in added))
        await person.close()
        await stack.stop()


def beside(stack: Stack, number: int) -> Process:
    """Return one more converter, started as an operator does from a shell."""
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return Process(
        f"converter-{number}",
        [sys.executable, "-m", "workers.converter"],
        log=stack.directory / "logs" / f"added-{number}.jsonl",
        environment={**inherited, **stack.environment, **stack.settings},
        directory=ROOT,
    )


async def rate(
    drill: Drill, person: Person, converting: list["asyncio.Task[None]"], until: int, how: str
) -> None:
    """Wait until so many jobs are done, and print how fast that went."""
    began, done = monotonic(), len(person.history)
    while len(person.history) < until:
        pending = {task for task in converting if not task.done()}
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    minutes = (len(person.history) - done) * MINUTES
    drill.say(f"{how}: {60 * minutes / (monotonic() - began):.0f} × real time")
