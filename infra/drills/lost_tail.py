"""The broker's volume is replaced by an older copy of itself: the log has lost its end, the database has not.

It must be noticed. `replay reconcile` must publish again what the views prove, without a second mail and
without a second conversion; after `replay rebuild` everybody sees what was seen before.
"""

import argparse
import asyncio
import shutil
import signal

from infra.drills.rig.clips import Clips
from infra.drills.rig.conditions import wait_for
from infra.drills.rig.drill import Drill
from infra.drills.rig.jobs import jobs
from infra.drills.rig.operator import tonearm
from infra.drills.rig.people import Person
from infra.drills.rig.stack import Stack

CONVERTERS = ("converter-1", "converter-2")


async def run(drill: Drill, arguments: argparse.Namespace) -> None:
    """Copy the volume, go on, put the copy back, mend."""
    stack = Stack(drill.directory / "stack", ACCESS_SECONDS="3600")
    volume, copy = stack.directory / "rabbitmq" / "data", drill.directory / "older"
    clips = Clips(drill.directory)
    person = Person(stack.url, "someone@example.org")
    try:
        await stack.start()
        await person.register()
        await person.convert(clips.tone(1))
        await stack.stop()
        shutil.copytree(volume, copy)
        await stack.start()
        await asyncio.gather(*(person.convert(clips.tone(seconds)) for seconds in (2, 3)))
        await person.convert(clips.silent())
        for name in CONVERTERS:
            await stack.signal(name, signal.SIGSTOP)
        unfinished = await person.begin(clips.tone(4))
        before = await jobs(person)
        mails = len(list(stack.mailbox.glob("[0-9]*.eml")))
        await stack.stop()
        shutil.rmtree(volume)
        shutil.copytree(copy, volume)
        drill.say(f"{len(before)} jobs; the log knows of the first alone")

        await stack.start()
        info = await tonearm(stack, "replay", "info")
        drill.holds("`replay info` says so", "BEYOND the log's end" in info.text)
        log = stack.directory / "logs" / "gateway.jsonl"
        await wait_for(lambda: b"projection_stopped" in log.read_bytes(), 60, "the projection stops")
        drill.holds("the projection stops and says why", True)

        told = await tonearm(stack, "replay", "reconcile", good=(1,))
        drill.say(next(line for line in told.text.splitlines() if line.startswith("the log lacks")))
        await tonearm(stack, "replay", "reconcile", "--yes")
        await tonearm(stack, "replay", "rebuild", "--yes")

        async def done() -> bool:
            return bool((await jobs(person)).get(unfinished, {}).get("state") == "notified")

        await wait_for(done, 300, "the job that waited is done")
        drill.holds("the job that waited is done", True)
        after = await jobs(person)
        kept = ("state", "filename", "audio", "error", "created")
        drill.none(
            "every other job is as it was",
            (
                f"{job_id}: {name} was {view.get(name)}, is {after.get(job_id, {}).get(name)}"
                for job_id, view in before.items()
                for name in kept
                if job_id != unfinished and after.get(job_id, {}).get(name) != view.get(name)
            ),
        )
        more = len(list(stack.mailbox.glob("[0-9]*.eml"))) - mails
        drill.holds("one mail more was sent, about that job", more == 1, more)
        drill.holds("the views are those of the log", (await tonearm(stack, "replay", "verify")).code == 0)
    finally:
        await person.close()
        await stack.stop()
