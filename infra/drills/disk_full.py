"""A full disk: the broker's, the database's, the converter's.

Each lies on a small disk of its own, which is filled and freed. While it is full, an upload must be refused
with 503 and `Retry-After`, and work must wait; once there is room, all goes on and nothing is lost.
"""

import argparse
import asyncio
from contextlib import ExitStack

from infra.drills.rig import snapshot
from infra.drills.rig.checker import check
from infra.drills.rig.clips import Clips
from infra.drills.rig.conditions import wait_for
from infra.drills.rig.disk import Disk, small_disk
from infra.drills.rig.drill import Drill
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack
from infra.drills.upgrade import FOR_THE_SWEEPER, GOOD

FULL_SECONDS = 40.0
"""The seconds a disk is full: longer than a publish is tried again."""


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Fill each disk while somebody uploads, then free it."""
    home = drill.directory / "stack"
    clips = Clips(drill.directory)
    with ExitStack() as disks:
        broker = disks.enter_context(small_disk(home / "rabbitmq", 500))
        database = disks.enter_context(small_disk(home / "mongodb", 500))
        work = disks.enter_context(small_disk(drill.directory / "work", 200))
        stack = Stack(home, ACCESS_SECONDS="3600", WORK_DIR=str(work.path))
        person = Person(stack.url, "someone@example.org", read_timeout=60)
        try:
            await stack.start()
            await person.register()
            await person.convert(clips.tone(1))
            await full(drill, "the broker's", broker, person, clips, leave=50 << 20)
            # The local database keeps room for its journal: a small upload may go through all the same.
            await full(drill, "the database's", database, person, clips, stands=False)
            await stack.all_ready()
            await full(drill, "the converter's", work, person, clips, leave=10 << 20)
            retried = (await person.get(f"/jobs/{person.history[-1].job_id}")).json()["timeline"]
            drill.holds(
                "its work was tried again later", any(each["type"] == "job.retrying" for each in retried)
            )
            world = await snapshot.take(stack, person.history)
        finally:
            await person.close()
            await stack.stop()
    faults = [fault for fault in check(world) if not fault.endswith(FOR_THE_SWEEPER)]
    drill.none(f"nothing of {len(person.history)} jobs was lost or doubled", faults)


async def full(
    drill: Drill,
    whose: str,
    disk: Disk,
    person: Person,
    clips: Clips,
    *,
    leave: int = 0,
    stands: bool = True,
) -> None:
    """Fill one disk while somebody uploads and follows the job, free it, and see the job done.

    `stands`: nothing can be done meanwhile.
    """
    disk.fill(leave)
    done = len(person.history)
    person.answers.clear()
    converting = asyncio.create_task(person.convert(clips.noise()))
    await asyncio.wait({converting}, timeout=FULL_SECONDS)
    if stands:
        drill.holds(f"while {whose} disk is full, nothing is done", not converting.done())
    said = dict(person.answers)
    disk.free()
    begun = drill.seconds
    await wait_for(converting.done, 200, f"once {whose} disk has room, the job is done")
    await converting
    drill.holds(f"{whose} disk has room again and the job is done", len(person.history) == done + 1)
    drill.say(
        f"that took {drill.seconds - begun:.0f} s; while it was full the client saw {said or 'nothing yet'}"
    )
    bad = [each for each in said if not GOOD.fullmatch(each)]
    drill.none(f"with {whose} disk full, a client is asked to wait", bad)
